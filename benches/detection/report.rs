//! The tables, in Markdown.

use crate::baselines::Named;
use crate::judging::{Judgement, detectors};
use memtrend::score::{Figures, Groups};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEADER: &str = "| precision | recall | F1 | false alarms per app-week | growing or leaking | left at the call \
                      | hours to the call | slope error | time-to-limit error |\n";

fn groups(judgements: &[Judgement], detector: usize) -> Groups {
    let mut groups = Groups::default();
    for one in judgements {
        groups.add(&one.source, &one.truth, &one.judged[detector]);
    }
    groups
}

fn cells(of: &Figures) -> String {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let fine = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let suspected =
        if of.leaks == 0 { "–".to_owned() } else { format!("{}/{}", of.leaks_growing_or_leaking, of.leaks) };
    let hours = of.hours_to_call.map_or_else(|| "–".to_owned(), |hours| format!("{hours:.1}"));
    [
        share(of.precision),
        share(of.recall),
        share(of.f1),
        fine(of.false_alarms_per_app_week),
        suspected,
        share(of.share_left),
        hours,
        fine(of.slope_error),
        fine(of.time_to_limit_error),
    ]
    .join(" | ")
}

/// All detectors over the same series.
pub(crate) fn detector_table(title: &str, judgements: &[Judgement], baselines: &[Named]) -> String {
    let names = detectors(baselines);
    let all: Vec<_> = (0..names.len()).map(|place| groups(judgements, place).figures().everything).collect();
    let Some(first) = all.first() else { return String::new() };
    let mut text = format!("\n{title}: {} leaks, {} clean.\n\n| detector {HEADER}", first.leaks, first.clean);
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (name, figures) in names.iter().zip(&all) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {name} | {} |", cells(figures));
    }
    text
}

/// memtrend alone, by a grouping; `detector` is its place.
pub(crate) fn group_table(title: &str, judgements: &[Judgement], detector: usize, by: By) -> String {
    let figures = groups(judgements, detector).figures();
    let mut groups: BTreeMap<String, Figures> = match by {
        By::Kind => figures.kinds,
        By::Source => figures.sources,
    };
    if figures.ambiguous.leaks + figures.ambiguous.clean > 0 {
        groups.insert("(ambiguous)".to_owned(), figures.ambiguous);
    }
    let mut text = format!("\n{title}.\n\n| group | leaks called | clean called {HEADER}");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (name, of) in &groups {
        let early =
            if of.leaks_called_early > 0 { format!(" + {} early", of.leaks_called_early) } else { String::new() };
        let leaks = if of.leaks > 0 { format!("{}/{}{early}", of.leaks_called, of.leaks) } else { "–".to_owned() };
        let clean = if of.clean > 0 { format!("{}/{}", of.clean_called, of.clean) } else { "–".to_owned() };
        let _ = writeln!(text, "| {name} | {leaks} | {clean} | {} |", cells(of));
    }
    text
}

/// How a table is grouped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Kind,
    Source,
}
