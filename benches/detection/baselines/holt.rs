//! Double exponential smoothing (Holt): a level and a trend, each slowly corrected; called when the trend reaches the
//! limit within two days.

use super::points::{Points, STEP};
use super::{Baseline, Opinion};
use memtrend::trace::Row;

/// Share of a new point in the level: half of it is forgotten after an hour.
const LEVEL: f64 = 0.056;

/// Share of a new change of the level in the trend: half of it is forgotten after six hours.
const TREND: f64 = 0.0096;

const HORIZON: f64 = 48.0 * 3600.0;

/// Before that the trend is that of the start-up.
const LEAST_AGE: f64 = 3.0 * 3600.0;

pub(super) struct Holt {
    points: Points,
    start: Option<f64>,
    state: Option<State>,
}

#[derive(Clone, Copy)]
struct State {
    began: f64,
    at: f64,
    level: f64,
    trend: f64,
}

impl Holt {
    pub(super) fn new() -> Self {
        Self { points: Points::new(STEP, STEP), start: None, state: None }
    }
}

impl Baseline for Holt {
    fn push(&mut self, row: &Row) -> Option<Opinion> {
        if row.start_seconds != self.start {
            (self.start, self.state) = (row.start_seconds, None);
        }
        let is_complete = self.points.push(row);
        let (at, value) = self.points.last().filter(|_| is_complete)?;
        let Some(before) = self.state else {
            self.state = Some(State { began: at, at, level: value, trend: 0.0 });
            return Some(Opinion::default());
        };
        let passed = at - before.at;
        if passed <= 0.0 {
            return Some(Opinion::default());
        }
        let foreseen = before.level + before.trend * passed;
        let level = foreseen + LEVEL * (value - foreseen);
        let trend = before.trend + TREND * ((level - before.level) / passed - before.trend);
        self.state = Some(State { at, level, trend, ..before });
        let is_reached = row.limit.is_some_and(|limit| level + trend * HORIZON >= limit.as_f64());
        Some(Opinion { is_leak: is_reached && at - before.began >= LEAST_AGE, rate: Some(trend), level })
    }
}
