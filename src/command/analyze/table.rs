//! A score for people: one line a group, then what came out wrong and why.

use super::labels::{Told, Wrong};
use crate::command::plain;
use crate::score::Figures;
use std::collections::BTreeMap;

/// Names of the columns.
const COLUMNS: [&str; 14] = [
    "leaks", "called", "early", "growing", "clean", "called", "precis.", "recall", "F1", "a/week", "left", "hours",
    "slope", "limit",
];

const LEGEND: &str = "\
called: verdict leaking; early: before the leak began, a false call; growing: at least growing; a/week: clean series
called, a week of clean series; left: share of the time from onset to limit that is left at the call; hours: from onset
to the call; slope, limit: error of the growth and of the time to the limit at the end. The last four are medians.
";

/// The whole text.
pub(super) fn of(told: &Told) -> String {
    let figures = &told.figures;
    let mut lines = vec![("everything".to_owned(), Some(figures.everything))];
    let mut group = |title: &str, groups: &BTreeMap<String, Figures>| {
        lines.push((format!("by {title}"), None));
        lines.extend(groups.iter().map(|(name, figures)| (format!("  {}", plain(name)), Some(*figures))));
    };
    group("source", &figures.sources);
    group("kind", &figures.kinds);
    group("runtime", &figures.runtimes);
    if figures.ambiguous.leaks + figures.ambiguous.clean > 0 {
        lines.push(("ambiguous, apart".to_owned(), Some(figures.ambiguous)));
    }
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = row("", width, COLUMNS.map(str::to_owned));
    for (name, figures) in &lines {
        match figures {
            None => text.extend([name.as_str(), "\n"]),
            Some(figures) => text.push_str(&line(name, width, figures)),
        }
    }
    text.push_str(LEGEND);
    list(&mut text, "missed", &told.misses);
    list(&mut text, "called falsely", &told.false_calls);
    text
}

fn line(name: &str, width: usize, of: &Figures) -> String {
    let count = |count: u64| count.to_string();
    let share = |share: Option<f64>| written(share, 2);
    let cells = [
        count(of.leaks),
        count(of.leaks_called),
        count(of.leaks_called_early),
        count(of.leaks_growing_or_leaking),
        count(of.clean),
        count(of.clean_called),
        share(of.precision),
        share(of.recall),
        share(of.f1),
        written(of.false_alarms_per_app_week, 3),
        share(of.share_left),
        written(of.hours_to_call, 1),
        share(of.slope_error),
        share(of.time_to_limit_error),
    ];
    row(name, width, cells)
}

fn row(name: &str, width: usize, cells: [String; COLUMNS.len()]) -> String {
    let cells: String = cells.into_iter().map(|cell| format!(" {cell:>7}")).collect();
    format!("{name:width$}{cells}\n")
}

fn written(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

fn list(text: &mut String, what: &str, wrong: &[Wrong]) {
    for one in wrong {
        let apart = if one.is_ambiguous { ", ambiguous" } else { "" };
        let kind = if one.kind.is_empty() { "unknown" } else { &one.kind };
        let line = format!("{what}: {} ({kind}{apart}): {}: {}", one.file, one.verdict, one.evidence);
        text.extend([&plain(&line), "\n"]);
    }
}
