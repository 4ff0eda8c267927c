//! The figures of a tally, as they are told.

use serde::Serialize;

/// Counts, shares and medians; `None` where there is nothing to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Series that leak.
    pub leaks: u64,
    /// Of these, called `leaking` once the leak had begun.
    pub leaks_called: u64,
    /// Of these, called `leaking` before the leak had begun: false calls.
    pub leaks_called_early: u64,
    /// Of these, called `growing` or `leaking` once the leak had begun.
    pub leaks_growing_or_leaking: u64,
    /// Series that do not leak.
    pub clean: u64,
    /// Of these, ever called `leaking`.
    pub clean_called: u64,
    /// Share of the calls that are right.
    pub precision: Option<f64>,
    /// Share of the leaks that are called.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Clean series called, a week of clean series.
    pub false_alarms_per_app_week: Option<f64>,
    /// Time that is left at the call until the limit is reached, as a share of the time from the onset; 0 when the call
    /// came too late. Median over the leaks called.
    pub share_left: Option<f64>,
    /// Hours from the onset to the call; median over the leaks called.
    pub hours_to_call: Option<f64>,
    /// Error of the growth at the end, relative to the true one; median over the leaks called.
    pub slope_error: Option<f64>,
    /// Error of the time to the limit at the end, relative to the true one; median over the leaks called.
    pub time_to_limit_error: Option<f64>,
}
