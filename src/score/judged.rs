//! What a detector said about one series.

use super::series::Series;
use crate::analysis::verdict::{Evidence, Verdict};
use crate::trace::Outcome;
use crate::units::BytesPerSecond;

/// A detector's words, on the series' own clock.
#[derive(Clone, Debug)]
pub struct Judged {
    /// When it first said `growing`.
    pub first_growing: Option<f64>,
    /// When it first said `leaking`.
    pub first_leaking: Option<f64>,
    /// Up to when it last said `growing` or `leaking`.
    pub last_suspected: Option<f64>,
    /// What it said at the end.
    pub verdict: Verdict,
    /// Growth that it saw at the end, if it spoke of one.
    pub rate: Option<BytesPerSecond>,
    /// Seconds to the limit that it expected at the end.
    pub time_to_limit: Option<f64>,
    /// What was judged.
    pub series: Series,
}

impl Judged {
    /// What memtrend said.
    pub fn of(outcome: &Outcome, series: Series) -> Self {
        let is_suspicion = |verdict| matches!(verdict, Verdict::Growing | Verdict::Leaking);
        let mut last_suspected = None;
        let mut was_suspected = false;
        for change in &outcome.transitions {
            if was_suspected {
                last_suspected = Some(change.at_seconds);
            }
            was_suspected = is_suspicion(change.verdict);
        }
        if was_suspected {
            last_suspected = Some(series.end_seconds());
        }
        Self {
            first_growing: outcome.first(Verdict::Growing),
            first_leaking: outcome.first(Verdict::Leaking),
            last_suspected,
            verdict: outcome.report.verdict,
            rate: rate(&outcome.report.evidence),
            time_to_limit: outcome.report.present.as_ref().and_then(|now| now.time_to_limit).map(|time| time.expected),
            series,
        }
    }
}

fn rate(evidence: &Evidence) -> Option<BytesPerSecond> {
    match evidence {
        Evidence::Growth(seen, _) | Evidence::Leak(seen) => Some(seen.slope.rate),
        Evidence::Carried { rate, now, .. } => Some(now.map_or(*rate, |now| now.slope.rate)),
        Evidence::TooLittle { .. } | Evidence::Flat { .. } => None,
    }
}
