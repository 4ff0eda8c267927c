//! Mann-Kendall test for a trend with Hamed and Rao's variance for autocorrelated data, and Sen's slope.
//!
//! Source: K. H. Hamed, A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204
//! (1998) 182-196. Called at one-sided 1 % and a growth over the window of 2 % of the limit.

use super::points::{Points, STEP};
use super::{Baseline, Opinion, material};
use memtrend::trace::Row;

/// One-sided 1 % quantile of the normal distribution.
const SIGNIFICANT: f64 = 2.326;

/// Two-sided 95 % quantile: autocorrelation below it is taken for zero, as in the source.
const CORRELATED: f64 = 1.96;

pub(super) struct MannKendall {
    points: Points,
}

impl MannKendall {
    /// Window in seconds; means over five minutes in up to 3 h, else over a quarter of an hour.
    pub(super) fn new(window: f64) -> Self {
        let step = if window > 3.0 * 3600.0 { 3.0 * STEP } else { STEP };
        Self { points: Points::new(step, window) }
    }
}

impl Baseline for MannKendall {
    fn push(&mut self, row: &Row) -> Option<Opinion> {
        if !self.points.push(row) {
            return None;
        }
        let is_enough = self.points.is_half_full();
        let span = self.points.span();
        let points = self.points.all();
        if !is_enough || points.len() < 10 {
            return Some(Opinion::default());
        }
        let slope = sen(points);
        let level =
            median(&mut points.iter().map(|(x, y)| y + slope * (points[points.len() - 1].0 - x)).collect::<Vec<_>>());
        let is_leak = slope * span >= material(row, level) && score(points, slope) >= SIGNIFICANT;
        Some(Opinion { is_leak, rate: Some(slope), level })
    }
}

fn sen(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (place, (x1, y1)) in points.iter().enumerate() {
        slopes.extend(points[place + 1..].iter().map(|(x2, y2)| (y2 - y1) / (x2 - x1)));
    }
    median(&mut slopes)
}

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Kendall's S over its standard deviation, with the correction of the variance by the autocorrelation of the ranks of
/// what remains without the trend.
fn score(points: &[(f64, f64)], slope: f64) -> f64 {
    let n = points.len() as f64;
    let mut s = 0.0;
    for (place, (_, y1)) in points.iter().enumerate() {
        s += points[place + 1..].iter().map(|(_, y2)| f64::from(i8::from(y2 > y1) - i8::from(y2 < y1))).sum::<f64>();
    }
    let remains: Vec<f64> = points.iter().map(|(x, y)| y - slope * (x - points[0].0)).collect();
    let ranks = ranks(&remains);
    let mean = (n - 1.0) / 2.0;
    let variance: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
    let mut correction = 0.0;
    for lag in 1..points.len() - 2 {
        let with: f64 = ranks.iter().zip(&ranks[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
        let correlation = with / variance;
        if correlation.abs() > CORRELATED / n.sqrt() {
            let left = n - lag as f64;
            correction += left * (left - 1.0) * (left - 2.0) * correlation;
        }
    }
    let correction = 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * correction;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * correction.max(0.1)).sqrt();
    (s - s.signum()) / deviation
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    order.into_iter().enumerate().for_each(|(rank, place)| ranks[place] = rank as f64);
    ranks
}
