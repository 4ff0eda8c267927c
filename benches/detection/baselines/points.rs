//! What all baselines see: means over a step of five minutes or its multiples, over a window of one life.
//!
//! A mean is kinder to them than single samples are, and so is it that no window spans a restart.

use memtrend::trace::Row;
use std::collections::VecDeque;

/// Seconds between evaluations.
pub(crate) const STEP: f64 = 300.0;

/// A window of (seconds, bytes).
#[derive(Debug)]
pub(crate) struct Points {
    step: f64,
    window: f64,
    points: VecDeque<(f64, f64)>,
    start: Option<f64>,
    step_began: Option<f64>,
    sum: (f64, f64, f64),
}

impl Points {
    pub(crate) fn new(step: f64, window: f64) -> Self {
        Self { step, window, points: VecDeque::new(), start: None, step_began: None, sum: (0.0, 0.0, 0.0) }
    }

    /// Takes in a row; true when a step is complete. A restart empties the window.
    pub(crate) fn push(&mut self, row: &Row) -> bool {
        if row.start_seconds != self.start {
            *self = Self { start: row.start_seconds, ..Self::new(self.step, self.window) };
        }
        let at = row.timestamp_seconds;
        let began = *self.step_began.get_or_insert(at);
        let is_complete = at >= began + self.step && self.sum.0 > 0.0;
        if is_complete {
            let (count, times, bytes) = self.sum;
            self.points.push_back((times / count, bytes / count));
            self.sum = (0.0, 0.0, 0.0);
            self.step_began = Some(at);
            while self.points.front().is_some_and(|oldest| oldest.0 < at - self.window) {
                self.points.pop_front();
            }
        }
        self.sum = (self.sum.0 + 1.0, self.sum.1 + at, self.sum.2 + row.heap.as_f64());
        is_complete
    }

    pub(crate) fn all(&mut self) -> &[(f64, f64)] {
        self.points.make_contiguous()
    }

    pub(crate) fn last(&self) -> Option<(f64, f64)> {
        self.points.back().copied()
    }

    /// From the first point to the last, in seconds.
    pub(crate) fn span(&self) -> f64 {
        self.points.back().zip(self.points.front()).map_or(0.0, |(last, first)| last.0 - first.0)
    }

    /// Half a window must be there: an alert on less would fire at every start.
    pub(crate) fn is_half_full(&self) -> bool {
        self.span() >= 0.5 * self.window - self.step
    }
}

/// Least squares over points: slope, level at the last point, R².
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) slope: f64,
    pub(crate) level: f64,
    pub(crate) r_squared: f64,
}

/// `None` below three points.
pub(crate) fn least_squares(points: &[(f64, f64)]) -> Option<Line> {
    let last = points.last().filter(|_| points.len() >= 3)?.0;
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x - last).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - last - mean_x, y - mean_y);
        (xx, xy, yy) = (xx + dx * dx, xy + dx * dy, yy + dy * dy);
    }
    let slope = xy / xx;
    Some(Line { slope, level: mean_y - slope * mean_x, r_squared: if yy > 0.0 { xy * xy / (xx * yy) } else { 0.0 } })
}
