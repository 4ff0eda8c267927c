//! Does it keep its pace? A warm-up slows down, a leak does not.
//!
//! Two looks, since either alone errs. The robust slopes of both halves are compared: a single step in one half does not
//! move them, and a square root (0.41) or a logarithm falls below any threshold that noise allows. An exponential that
//! has run for less than its time constant stays above it, but without noise its curve is plain: a parabola's curvature
//! then is many times its standard error.

use super::doubt::Doubt;
use super::regression::least_squares;
use super::window::Window;
use crate::trend::{MAXIMUM_POINTS, median_slope};

/// The least ratio of the second half's slope to the first half's: an exponential over one time constant has 0.61.
const LEAST_RATIO: f64 = 0.6;

/// Curvature of so many standard errors is no noise, even in floors whose errors are correlated.
const PLAIN_CURVATURE: f64 = -6.0;

/// With plain curvature, the slope at the end must be this share of the mean slope.
const LEAST_END: f64 = 0.75;

/// Slows down.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let pace = pace(window.points())?;
    if pace.is_nan() || pace < LEAST_RATIO {
        return Some(Doubt::SlowsDown(pace));
    }
    let (curvature, end) = curvature(window.points())?;
    (curvature < PLAIN_CURVATURE && end < LEAST_END).then_some(Doubt::SlowsDown(end))
}

/// Slope of the second half in terms of the first half's; infinite when only the second half grows.
pub(crate) fn pace(points: &[(f64, f64)]) -> Option<f64> {
    let half = points.len() / 2;
    let first = median_slope(points.get(..points.len() - half)?)?;
    let second = median_slope(points.get(half..)?)?;
    Some(match (first > 0.0, second > 0.0) {
        (true, _) => second / first,
        (false, true) => f64::INFINITY,
        (false, false) => f64::NAN,
    })
}

/// Curvature of the least-squares parabola in standard errors, and the slope at its end in terms of the mean slope.
pub(super) fn curvature(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    parabola(points, |_, x| [1.0, x, x * x])
}

/// The same for a fit with further terms: `terms` are those of a point by its place and its time, -1 to 1; the first three
/// are 1, x and x².
pub(super) fn parabola<const N: usize>(
    points: &[(f64, f64)],
    terms: impl Fn(usize, f64) -> [f64; N],
) -> Option<(f64, f64)> {
    let ((first, base), (last, _)) = (*points.first()?, *points.last()?);
    let mut rows = [[0.0; N]; MAXIMUM_POINTS];
    let mut values = [0.0; MAXIMUM_POINTS];
    for (place, ((at, floor), (row, value))) in points.iter().zip(rows.iter_mut().zip(&mut values)).enumerate() {
        *row = terms(place, (at - first) / (last - first) * 2.0 - 1.0);
        *value = floor - base;
    }
    let fit = least_squares(rows.get(..points.len())?, values.get(..points.len())?)?;
    let (slope, bend, error) = (*fit.coefficients.get(1)?, *fit.coefficients.get(2)?, *fit.errors.get(2)?);
    Some((bend / error.max(f64::MIN_POSITIVE), (slope + 2.0 * bend) / slope))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
    use super::*;

    fn slows(value: impl Fn(f64) -> f64) -> bool {
        matches!(doubt(&window(15, value)), Some(Doubt::SlowsDown(_)))
    }

    #[test]
    fn warm_ups_slow_down() {
        assert!(slows(|x| 1e8 * (x + 0.1).sqrt()));
        assert!(slows(|x| 1e8 * (x + 0.1).ln()));
        assert!(slows(|x| 1e8 * (1.0 - (-x / 15.0_f64).exp())));
        assert!(slows(|x| 1e8 * x.min(8.0)), "fills, then is full");
    }

    #[test]
    fn leaks_do_not_even_with_a_step_or_noise() {
        assert!(!slows(|x| 1e8 * x));
        assert!(!slows(|x| 1e6 * x + if x < 4.0 { 0.0 } else { 4e6 }));
        assert!(!slows(|x| 1e6 * x + 2e6 * (x * 2.4).sin()));
    }
}
