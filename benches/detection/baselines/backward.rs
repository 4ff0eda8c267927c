//! Backward regression, the base of Precog: lines over the last one hour, two hours and so on up to three days; called
//! when one of them is straight and reaches the limit in time.
//!
//! Source: A. Jindal, P. Staab, J. Cardoso, M. Gerndt, V. Podolskiy, "Online memory leak detection in the cloud-based
//! infrastructures" (2021).

use super::points::{Points, STEP, least_squares};
use super::{Baseline, Opinion};
use memtrend::trace::Row;

/// The shortest window; each further one is longer by half.
const SHORTEST: f64 = 3600.0;
const LONGER: f64 = 1.5;
const LONGEST: f64 = 72.0 * 3600.0;

/// A line that explains so much of the variance is straight.
const STRAIGHT: f64 = 0.9;

/// Only what reaches the limit within so many seconds is called.
const CRITICAL: f64 = 7.0 * 86_400.0;

pub(super) struct Backward {
    points: Points,
}

impl Backward {
    pub(super) fn new() -> Self {
        Self { points: Points::new(STEP, LONGEST) }
    }
}

impl Baseline for Backward {
    fn push(&mut self, row: &Row) -> Option<Opinion> {
        if !self.points.push(row) {
            return None;
        }
        let span = self.points.span();
        let points = self.points.all();
        let mut straightest: Option<(f64, Opinion)> = None;
        let mut window = SHORTEST;
        while window <= span.min(LONGEST) {
            let from = points.partition_point(|(x, _)| *x < points[points.len() - 1].0 - window);
            if let Some(line) = least_squares(&points[from..]) {
                let time = row.limit.map(|limit| (limit.as_f64() - line.level) / line.slope);
                let is_critical = line.slope > 0.0 && time.is_none_or(|time| time <= CRITICAL);
                let opinion = Opinion {
                    is_leak: is_critical && line.r_squared >= STRAIGHT,
                    rate: Some(line.slope),
                    level: line.level,
                };
                if straightest.is_none_or(|(best, _)| line.r_squared > best) {
                    straightest = Some((line.r_squared, opinion));
                }
            }
            window *= LONGER;
        }
        Some(straightest.map_or_else(Opinion::default, |(_, opinion)| opinion))
    }
}
