//! What scoring needs of a series' rows: its span, and its level at the onset and at the end.

use super::tally::median;
use crate::trace::Row;

/// The level at the onset is the median heap of so many seconds after it: a single row may be a peak, and the first row
/// of a process is before it has loaded anything.
const ONSET_SECONDS: f64 = 600.0;

/// A series as seen so far.
#[derive(Clone, Debug, Default)]
pub struct Series {
    onset: Option<f64>,
    after_onset: Vec<f64>,
    first: Option<f64>,
    last: f64,
    last_heap: f64,
}

impl Series {
    /// Nothing seen; `onset` is where the truth says that the leak begins.
    pub fn new(onset: Option<f64>) -> Self {
        Self { onset, ..Self::default() }
    }

    /// Takes in the next row.
    pub fn push(&mut self, row: &Row) {
        self.first.get_or_insert(row.timestamp_seconds);
        self.last = row.timestamp_seconds;
        self.last_heap = row.heap.as_f64();
        let is_at_onset = |onset| (onset..=onset + ONSET_SECONDS).contains(&row.timestamp_seconds);
        if self.onset.is_some_and(is_at_onset) {
            self.after_onset.push(self.last_heap);
        }
    }

    /// From the first row to the last.
    pub fn span_seconds(&self) -> f64 {
        self.first.map_or(0.0, |first| self.last - first)
    }

    /// Time of the last row.
    pub fn end_seconds(&self) -> f64 {
        self.last
    }

    /// Heap in bytes at the onset, if there are rows there.
    pub fn level_at_onset(&self) -> Option<f64> {
        median(&self.after_onset)
    }

    /// Heap in bytes at the end.
    pub fn level_at_end(&self) -> f64 {
        self.last_heap
    }
}
