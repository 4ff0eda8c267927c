//! What is kept of a trace for its picture, while it passes by.

use super::columns::Columns;
use crate::units::{BytesPerSecond, count_as_f64};

/// Base block of the detector's floors in seconds.
const BLOCK_SECONDS: f64 = 60.0;

/// Narrowest column in seconds: a 64th of a block, so that columns that have doubled hold whole blocks.
const NARROWEST: f64 = BLOCK_SECONDS / 64.0;

/// Steps between rows that must be missing for a gap, at the mean step.
const GAP_STEPS: f64 = 5.0;

/// A trace in columns.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub(super) begin: f64,
    pub(super) end: f64,
    rows: u64,
    pub(super) heap: Columns,
    /// Lowest value of each base block, or of several.
    pub(super) floor: Columns,
    pub(super) limit: Columns,
    pub(super) restarts: Columns,
    start: Option<f64>,
    /// Limit of the last row that had one.
    pub(super) last_limit: Option<f64>,
}

/// Growth over a time that a verdict was given for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Whether it is that of the first call of a leak; else that of the end.
    pub is_of_call: bool,
    /// Its end in seconds, on the trace's clock.
    pub end: f64,
    /// How long growth had been seen.
    pub seconds: f64,
    /// Slope of the floor.
    pub rate: BytesPerSecond,
}

impl Sketch {
    /// Begins at the time of the first row.
    pub fn new(begin: f64) -> Self {
        Self {
            begin,
            end: begin,
            rows: 0,
            heap: Columns::new(begin, NARROWEST),
            floor: Columns::new(begin, BLOCK_SECONDS),
            limit: Columns::new(begin, NARROWEST),
            restarts: Columns::new(begin, NARROWEST),
            start: None,
            last_limit: None,
        }
    }

    /// Takes in a row: its time, heap and limit in bytes, and the start of its process.
    pub fn push(&mut self, at: f64, heap: f64, limit: Option<f64>, start: Option<f64>) {
        self.end = at;
        self.rows += 1;
        self.heap.push(at, heap);
        self.floor.push(at, heap);
        if let Some(limit) = limit.filter(|limit| *limit > 0.0) {
            self.limit.push(at, limit);
            self.last_limit = Some(limit);
        }
        if start.is_some() && start != self.start {
            if self.start.is_some() {
                self.restarts.push(at, 1.0);
            }
            self.start = start;
        }
    }

    /// Times of the first row and the last.
    pub fn period(&self) -> (f64, f64) {
        (self.begin, self.end)
    }

    /// Seconds without a row that are a gap.
    pub(super) fn gap(&self) -> f64 {
        let mean = (self.end - self.begin) / count_as_f64(self.rows.saturating_sub(1).max(1));
        (GAP_STEPS * mean).max(BLOCK_SECONDS)
    }

    /// The line of a slope through the floors of its window, as ((begin, bytes), (end, bytes)): it passes through the median
    /// of what is left of them without their slope, as Theil-Sen's line does. `None` without floors there.
    pub(super) fn line(&self, window: &Window) -> Option<((f64, f64), (f64, f64))> {
        let from = (window.end - window.seconds).max(self.begin);
        let half = self.floor.width() / 2.0;
        let inside = |(at, _): &(f64, _)| *at + half >= from && *at <= window.end;
        let rate = window.rate.0;
        let rests = self.floor.iter().filter(inside).map(|(at, extent)| extent.lowest - rate * (at + half - from));
        let mut rests: Vec<f64> = rests.collect();
        rests.sort_unstable_by(f64::total_cmp);
        let level = *rests.get(rests.len() / 2)?;
        Some(((from, level), (window.end, level + rate * (window.end - from))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_lies_on_its_floors() {
        let mut sketch = Sketch::new(0.0);
        for row in 0..240 {
            let at = f64::from(row) * 30.0;
            sketch.push(at, 1000.0 + at + if row % 2 == 0 { 0.0 } else { 500.0 }, None, None);
        }
        let window = Window { is_of_call: false, end: 7170.0, seconds: 3600.0, rate: BytesPerSecond(1.0) };
        let line = sketch.line(&window);
        assert!(
            line.is_some_and(|((from, low), (to, high))| from == 3570.0
                && to == 7170.0
                && (low - 4570.0).abs() < 300.0
                && (high - 8170.0).abs() < 300.0),
            "{line:?}"
        );
    }
}
