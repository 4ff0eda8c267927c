//! When did the growth begin: the change point of a series that is flat and then grows.
//!
//! A hinge y = a + b·max(0, t − c) is fitted by least squares for each c at which a block begins; the best one is the
//! change point (D. V. Hinkley, "Inference about the intersection in two-phase regression", Biometrika 56 (1969)
//! 495-504). The lowest floor would do without noise; with it, the lowest of a flat stretch is anywhere in it.

use crate::units::{count_as_f64, length_as_count};

/// Time of the change point in points of (seconds, bytes) with rising seconds; the first point's where all of them
/// grow, `None` below three points.
pub fn change_point(points: &[(f64, f64)]) -> Option<f64> {
    let inner = points.get(..points.len().checked_sub(2)?)?;
    let fitted = inner.iter().map(|(hinge, _)| (*hinge, squares_around(points, *hinge)));
    fitted.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(hinge, _)| hinge)
}

/// Sum of squared distances from the best hinge at one place.
fn squares_around(points: &[(f64, f64)], hinge: f64) -> f64 {
    let count = count_as_f64(length_as_count(points.len()));
    let since = |at: f64| (at - hinge).max(0.0);
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + since(point.0), y + point.1));
    let (mean_x, mean_y) = (mean_x / count, mean_y / count);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (at, value) in points {
        let (x, y) = (since(*at) - mean_x, value - mean_y);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    // A hinge that falls is no onset of growth: then the flat line is all there is.
    if xy > 0.0 { yy - xy * xy / xx } else { yy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: impl Fn(f64) -> f64) -> Option<f64> {
        let points: Vec<_> = (0..15).map(|i| (f64::from(i) * 60.0, value(f64::from(i)))).collect();
        change_point(&points)
    }

    #[test]
    fn growth_begins_where_the_flat_stretch_ends_though_it_is_noisy() {
        let noise = |x: f64| (x * x * 7.0 % 9.0) - 4.0;
        assert_eq!(found(|x| 100.0 + 10.0 * (x - 7.0).max(0.0)), Some(420.0));
        let noisy = found(|x| 100.0 + 10.0 * (x - 7.0).max(0.0) + noise(x)).unwrap_or_default();
        assert!((noisy - 420.0).abs() <= 60.0, "{noisy}");
    }

    #[test]
    fn what_grows_all_along_began_before_and_too_few_points_tell_nothing() {
        assert_eq!(found(|x| 100.0 + x), Some(0.0));
        assert_eq!(change_point(&[(0.0, 1.0), (60.0, 2.0)]), None);
    }
}
