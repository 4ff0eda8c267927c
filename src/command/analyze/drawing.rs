//! `memtrend analyze --svg`: the picture of one trace, written whole or not at all.

use crate::analysis::verdict::{Evidence, Verdict};
use crate::command::files::put;
use crate::config::as_rfc3339;
use crate::output::chart::{Chart, Sketch, Window, svg};
use crate::trace::{Outcome, Row};
use crate::units::whole;
use anyhow::{Context, Result};
use std::path::Path;

/// Times from here on (the year 2001) are taken for Unix seconds, others for a clock of the trace's own.
const UNIX_SECONDS: f64 = 1e9;

/// Collects the rows of one trace.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    sketch: Option<Sketch>,
}

impl Drawing {
    /// Takes in a row.
    pub(super) fn see(&mut self, row: &Row) {
        let at = row.timestamp_seconds;
        let limit = row.limit.map(|limit| limit.as_f64());
        self.sketch.get_or_insert_with(|| Sketch::new(at)).push(at, row.heap.as_f64(), limit, row.start_seconds);
    }

    /// Writes the picture.
    ///
    /// # Errors
    /// When the file cannot be written; what was there before is then left as it was.
    pub(super) fn write(&self, path: &Path, title: &str, outcome: &Outcome) -> Result<()> {
        let Some(sketch) = &self.sketch else { return Ok(()) };
        let (first, last) = sketch.period();
        let text = |seconds: f64| as_rfc3339(whole(seconds * 1000.0));
        let chart = Chart {
            title: title.to_owned(),
            conclusion: format!("{}: {}", outcome.report.verdict.name(), outcome.report.evidence),
            period: (first >= UNIX_SECONDS).then(|| format!("{} to {}", text(first), text(last))),
            windows: windows(outcome, last),
            changes: outcome.transitions.iter().map(|change| (change.at_seconds, change.verdict)).collect(),
        };
        put(path, svg(&chart, sketch).as_bytes()).with_context(|| format!("--svg {}", path.display()))
    }
}

/// Growth that the first call was given for, and that of the end.
fn windows(outcome: &Outcome, end: f64) -> Vec<Window> {
    let of_call = outcome.leak_evidence.as_ref().and_then(Evidence::growth).zip(outcome.first(Verdict::Leaking));
    let of_call = of_call.map(|(seen, at)| (true, at, seen));
    let of_end = outcome.report.evidence.growth().map(|seen| (false, end, seen));
    // A window that reaches back beyond the onset is drawn from there.
    let onset = outcome.report.onset.map_or(f64::NEG_INFINITY, |onset| onset.0);
    let windows = of_call.into_iter().chain(of_end).map(|(is_of_call, end, seen)| {
        let seconds = if onset < end { seen.seconds.min(end - onset) } else { seen.seconds };
        Window { is_of_call, end, seconds, rate: seen.slope.rate }
    });
    windows.collect()
}
