//! The incident with the shipped alerts: `analyze --emit` makes what would have been exported, a real Prometheus holds it, and
//! the rules are evaluated over it; beside them the two rules that most people have. `docs/incident-replay.md` holds the table.

use super::series::{FIRST_DAY, HOUR, at, clock, csv, lives};
use crate::support::binary;
use crate::support::firing::{Firing, shipped};
use crate::support::generated::hold_part;
use crate::support::prometheus::Prometheus;
use crate::support::rules::Rule;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The pages of these traces, one application each.
pub(crate) fn emitted(traces: &Path, more: &[&str]) -> String {
    let made = Command::new(binary())
        .args(["analyze", "--emit", "openmetrics", "--emit-label", "job=memtrend"])
        .args(["--emit-label", "instance=shop-1:10240"])
        .args(more)
        .arg(traces)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

/// What fires in the days of the incident, in seconds since the first day.
fn fired(past: &Prometheus, rule: &Rule) -> Vec<Firing> {
    let mut firings = rule.firings(past, FIRST_DAY, FIRST_DAY + at(38.0, 0.0));
    for firing in &mut firings {
        (firing.from, firing.to) = (firing.from - FIRST_DAY, firing.to - FIRST_DAY);
    }
    firings.sort_by(|a, b| a.from.total_cmp(&b.from));
    firings
}

fn incident() -> Prometheus {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("checkout.csv");
    fs::write(&trace, csv()).unwrap();
    Prometheus::of_scrapes(&emitted(&trace, &[]))
}

/// Rules as most people have them.
pub(super) fn others() -> [Rule; 2] {
    [
        Rule::other(
            "memory above 90 % of the limit",
            "memtrend_unreclaimable_bytes / ignoring (source) memtrend_memory_limit_bytes > 0.9",
            "5m",
        ),
        Rule::other(
            "predict_linear over 1 h: at the limit in 4 h",
            "predict_linear(memtrend_unreclaimable_bytes[1h], 4 * 3600) > ignoring (source) memtrend_memory_limit_bytes",
            "10m",
        ),
    ]
}

#[test]
fn the_team_is_warned_in_the_afternoon_and_somebody_is_woken_before_midnight() {
    let past = incident();
    let rules = shipped();
    let firings: BTreeMap<&str, Vec<Firing>> =
        rules.iter().map(|rule| (rule.alert.as_str(), fired(&past, rule))).collect();
    let first = |alert: &str| firings[alert].first().map_or(f64::INFINITY, |firing| firing.from);
    let all = || firings.iter().filter(|(alert, _)| **alert != "MemtrendDown").flat_map(|(_, firings)| firings);

    let (deploy, fix) = (at(14.0, 5.0), at(30.0, 30.0));
    assert!(all().all(|firing| firing.from > deploy), "quiet for three days and a half: {firings:?}");
    assert!(first("MemtrendLeakDetected") < at(18.0, 0.0), "{}", clock(first("MemtrendLeakDetected")));
    assert!(first("MemtrendMemoryLimitImminent") < at(24.0, 0.0), "{}", clock(first("MemtrendMemoryLimitImminent")));
    let restarted = at(26.0, 30.0);
    let goes_on = first("MemtrendLeakAfterRestart");
    assert!((restarted..=restarted + 600.0).contains(&goes_on), "{}", clock(goes_on));
    assert!(
        all().all(|firing| firing.to <= fix + 3.0 * HOUR),
        "all is resolved three hours after the fix: {firings:?}"
    );
    // Each kill raises it: they are more than half an hour apart.
    let killed = lives().iter().filter(|life| life.is_killed).count();
    assert_eq!(firings["MemtrendOOMKill"].len(), killed);
    let counted = past.range("sum(memtrend_oom_kills_total)", FIRST_DAY, FIRST_DAY + at(37.0, 0.0), 600.0);
    assert_eq!(counted[0].1.last().map(|point| point.1), Some(killed as f64));

    write_table(&past, &rules);
}

/// The table of the docs.
fn write_table(past: &Prometheus, rules: &[Rule]) {
    let mut table = String::from("| alert | severity | fires |\n|---|---|---|\n");
    let day = |time: f64| if time >= at(24.0, 0.0) { "" } else { "the day before " };
    for rule in rules.iter().chain(&others()) {
        let severity = rule.labels.get("severity").map_or("(not ours)", String::as_str);
        let spans = fired(past, rule)
            .iter()
            .filter(|firing| firing.from < at(37.0, 0.0))
            .map(|firing| format!("{}{} to {}", day(firing.from), clock(firing.from), clock(firing.to)))
            .collect::<Vec<_>>();
        let spans = if spans.is_empty() { "never".to_owned() } else { spans.join(", ") };
        writeln!(table, "| {} | {severity} | {spans} |", rule.alert).unwrap();
    }
    hold_part("docs/incident-replay.md", "alerts", &table);
}
