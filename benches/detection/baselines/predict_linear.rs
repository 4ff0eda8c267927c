//! Prometheus' `predict_linear(heap[window], ahead) > limit`, `for: 30m`.

use super::points::{Points, STEP, least_squares};
use super::{Baseline, Opinion};
use memtrend::trace::Row;

pub(super) struct PredictLinear {
    points: Points,
    ahead: f64,
}

impl PredictLinear {
    /// Window and horizon in seconds.
    pub(super) fn new(window: f64, ahead: f64) -> Self {
        Self { points: Points::new(STEP, window), ahead }
    }
}

impl Baseline for PredictLinear {
    fn push(&mut self, row: &Row) -> Option<Opinion> {
        if !self.points.push(row) {
            return None;
        }
        let is_enough = self.points.is_half_full();
        let line = least_squares(self.points.all()).filter(|_| is_enough);
        Some(line.map_or_else(Opinion::default, |line| Opinion {
            is_leak: row.limit.is_some_and(|limit| line.level + line.slope * self.ahead >= limit.as_f64()),
            rate: Some(line.slope),
            level: line.level,
        }))
    }
}
