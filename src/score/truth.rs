//! What is known of a labelled series.

use crate::units::{Bytes, BytesPerSecond};

/// Whether a series leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// It does.
    Leak,
    /// It does not.
    Clean,
}

/// The truth of one series; what is absent is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Whether it leaks.
    pub label: Label,
    /// What it does, in a word.
    pub kind: String,
    /// What it runs on.
    pub runtime: String,
    /// When the leak begins, on the series' own clock.
    pub onset_seconds: Option<f64>,
    /// True rate of the leak.
    pub growth: Option<BytesPerSecond>,
    /// The limit.
    pub limit: Option<Bytes>,
    /// When the limit is reached for the first time, where that is known better than by a straight line.
    pub exhaustion_seconds: Option<f64>,
    /// Why the label can be argued, if it can.
    pub ambiguous: Option<String>,
}

impl Truth {
    /// When the limit is reached: as known, else by the true rate from the level at the onset, in bytes.
    pub fn exhaustion(&self, level_at_onset: Option<f64>) -> Option<f64> {
        let by_line = || Some(self.onset_seconds? + self.time_to_limit(level_at_onset?)?);
        self.exhaustion_seconds.or_else(by_line)
    }

    /// Seconds until the true line reaches the limit from a level in bytes; at least 0, `None` without growth.
    pub fn time_to_limit(&self, level: f64) -> Option<f64> {
        let rate = self.growth?.0;
        (rate > 0.0).then_some((self.limit?.as_f64() - level).max(0.0) / rate)
    }
}
