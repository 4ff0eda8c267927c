//! Every alert has a runbook that can be followed: its sections are there, its links lead somewhere, its commands run.

mod commands;
mod markdown;

use crate::support::project;
use clap::CommandFactory;
use markdown::Markdown;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sections of a runbook, in order.
const SECTIONS: [&str; 10] = [
    "Meaning",
    "Impact",
    "First five minutes",
    "Is it a false alarm?",
    "Leak, fragmentation, cache, undersized, or the node?",
    "What to capture before it dies",
    "Does a restart help, and for how long?",
    "Who to call",
    "How to confirm the fix",
    "How to silence",
];

/// Sections that do not apply.
const LEFT_OUT: [(&str, &str); 1] = [("MemtrendDown", "Leak, fragmentation, cache, undersized, or the node?")];

/// What can be read in two minutes.
const LINES: std::ops::RangeInclusive<usize> = 60..=110;

struct Alert {
    name: String,
    severity: String,
    runbook_url: String,
}

fn folder() -> PathBuf {
    project().join("docs/runbooks")
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    found.sort();
    found
}

fn alerts() -> Vec<Alert> {
    let mut found = Vec::new();
    for path in files(&project().join("alerts"), ".rules.yaml") {
        let rules: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for rule in rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()) {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let Some(name) = text(&rule["alert"]) else { continue };
            let severity = text(&rule["labels"]["severity"]).unwrap_or_else(|| panic!("{name} has no severity"));
            let url = text(&rule["annotations"]["runbook_url"]).unwrap_or_else(|| panic!("{name} has no runbook_url"));
            found.push(Alert { name, severity, runbook_url: url });
        }
    }
    assert!(found.len() > 10, "the rules are read");
    found
}

/// The runbooks, what they share, and what is done in larger incidents.
fn pages() -> Vec<Markdown> {
    let mut paths = files(&folder(), ".md");
    paths.push(project().join("docs/incident-response.md"));
    paths.iter().map(|path| Markdown::read(path)).collect()
}

#[test]
fn every_alert_has_a_runbook_with_all_sections() {
    for Alert { name, .. } in alerts() {
        let page = Markdown::read(&folder().join(format!("{name}.md")));
        assert_eq!(page.headings(1), [&*name], "the title of {name}.md");
        let wanted: Vec<&str> =
            SECTIONS.into_iter().filter(|section| !LEFT_OUT.contains(&(&*name, *section))).collect();
        assert_eq!(page.headings(2), wanted, "the sections of {name}.md");
        let first = page.text.lines().nth(2).unwrap_or_default();
        assert!(first.ends_with('.') && !first.contains(". "), "{name}.md begins with one sentence: what to do");
        let count = page.text.lines().count();
        assert!(LINES.contains(&count), "{name}.md has {count} lines");
        for (before, after) in page.text.lines().zip(page.text.lines().skip(1)) {
            assert!(!before.starts_with("## ") || after.is_empty(), "{name}.md: no blank line after {before}");
        }
    }
}

#[test]
fn runbooks_are_those_that_the_alerts_name() {
    let named: BTreeSet<String> = alerts()
        .iter()
        .map(|alert| {
            let file = alert.runbook_url.rsplit('/').next().unwrap().to_owned();
            assert_eq!(file, format!("{}.md", alert.name), "runbook_url of {}", alert.name);
            file
        })
        .collect();
    let mut there: BTreeSet<String> =
        files(&folder(), ".md").iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(there.remove("README.md"));
    assert_eq!(there, named, "runbooks, and what the alerts name");
}

#[test]
fn the_index_tells_each_alert_with_its_severity() {
    let index = Markdown::read(&folder().join("README.md"));
    for Alert { name, severity, .. } in alerts() {
        let row = format!("| [{name}]({name}.md) | {severity} | ");
        assert_eq!(index.text.matches(&row).count(), 1, "docs/runbooks/README.md has no row `{row}…`");
    }
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages() {
        for link in page.links().into_iter().filter(|link| !link.contains("://")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { page.path.clone() } else { page.path.with_file_name(file) };
            let is_there = target.exists()
                && (anchor.is_empty() || Markdown::read(&target).anchors().iter().any(|known| known == anchor));
            if !is_there {
                broken.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "lead nowhere:\n{}", broken.join("\n"));
    assert!(count > 50, "{count} links are found");
}

#[test]
fn subcommands_and_flags_of_memtrend_are_those_that_it_has() {
    let cli = memtrend::cli::Cli::command();
    let mut count = 0;
    for page in pages() {
        let consoles = page.blocks().into_iter().filter(|block| block.info == "console");
        let typed: String = consoles.map(|block| block.text.replace("\\\n", " ")).collect();
        let typed = typed.lines().filter_map(|line| line.strip_prefix("$ "));
        for line in typed.chain(page.code()).filter_map(|line| line.strip_prefix("memtrend ")) {
            count += 1;
            let name = line.split(' ').next().filter(|word| !word.starts_with('-')).unwrap_or("serve");
            let command = cli.find_subcommand(name).filter(|command| !command.is_hide_set());
            let command = command.unwrap_or_else(|| panic!("{}: memtrend has no `{name}`", page.path.display()));
            for flag in line.split(' ').filter_map(|word| word.strip_prefix("--")) {
                let flag = flag.split('=').next();
                assert!(
                    command.get_arguments().any(|known| known.get_long() == flag),
                    "{}: memtrend {name} has no {flag:?}",
                    page.path.display()
                );
            }
        }
    }
    assert!(count >= 2, "{count} command lines are found");
}
