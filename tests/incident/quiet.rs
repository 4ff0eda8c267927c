//! The shipped alerts over recordings of healthy applications: nobody is woken.

use super::alerts::{emitted, others};
use crate::score::recorded::corpus;
use crate::support::firing::shipped;
use crate::support::generated::hold_part;
use crate::support::project;
use crate::support::prometheus::Prometheus;
use crate::support::rules::Rule;
use flate2::bufread::MultiGzDecoder;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;

/// The time at which each recording begins.
const BEGIN: f64 = 1_767_225_600.0;

/// None goes on for longer.
const LONGEST: f64 = 3.0 * 86_400.0;

fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        false => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

/// Copies the healthy recordings into one folder, each named after its own and with its runtime, which a live memtrend sees by
/// the executable; returns how many there are.
fn healthy(corpus: &Path, into: &Path) -> usize {
    let labels = fs::read_to_string(corpus.join("labels.csv")).unwrap();
    let mut count = 0;
    for line in labels.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [file, label, _, runtime, _, _, _, ambiguous, ..] = fields[..] else { panic!("{line}") };
        if label != "clean" || !ambiguous.is_empty() {
            continue;
        }
        let text = text(&corpus.join(file));
        let (head, rows) = text.split_once('\n').unwrap();
        let mut copy = format!("{head},runtime\n");
        rows.lines().for_each(|row| writeln!(copy, "{row},{runtime}").unwrap());
        fs::write(into.join(file.trim_end_matches(".gz").replace('/', " ")), copy).unwrap();
        count += 1;
    }
    count
}

/// The lines of the page that the rules ask for: a fourth of it.
fn asked_for(page: &str, rules: &[Rule]) -> String {
    let is_asked = |name: &str| rules.iter().any(|rule| rule.expr.contains(name));
    let name = |line: &str| line.split(['{', ' ']).next().unwrap_or_default().to_owned();
    let lines = page.lines().filter(|line| *line == "# EOF" || !line.starts_with('#') && is_asked(&name(line)));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn over_healthy_applications_nobody_is_woken_and_few_are_warned() {
    // A part of it is in the repository.
    let corpus_or_part = corpus().unwrap_or_else(|| project().join("traces/sample"));
    let folder = tempfile::tempdir().unwrap();
    let count = healthy(&corpus_or_part, folder.path());
    let mut rules = shipped();
    // No exporter is in these recordings.
    rules.retain(|rule| rule.alert != "MemtrendDown");
    rules.extend(others());
    let page = emitted(folder.path(), &[&format!("--emit-from={BEGIN}")]);
    let page = asked_for(&page, &rules);
    let last = page.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).fold(0.0, f64::max);
    assert!(last < BEGIN + LONGEST, "{last}");
    let past = Prometheus::of_scrapes(&page);
    drop(page);
    let mut table = String::from("| alert | severity | applications |\n|---|---|---|\n");
    let mut warned = Vec::new();
    for rule in &rules {
        let firings = rule.firings(&past, BEGIN, BEGIN + LONGEST);
        let names: BTreeSet<&str> = firings.iter().map(|firing| firing.labels["application"].as_str()).collect();
        let severity = rule.labels.get("severity").map_or("(not ours)", String::as_str);
        writeln!(table, "| {} | {severity} | {} |", rule.alert, names.len()).unwrap();
        assert!(!rule.is_critical() || names.is_empty(), "{}: {names:?}", rule.alert);
        if severity == "warning" {
            warned.extend(names.into_iter().map(|name| format!("{} for {name}", rule.alert)));
        }
    }
    assert!(warned.len() <= 3, "{warned:?}");
    println!("{count} recordings: {warned:?}\n{table}");
    if corpus().is_some() {
        assert!(count >= 140, "{count}");
        hold_part("docs/incident-replay.md", "quiet", &table);
    }
}
