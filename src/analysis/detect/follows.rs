//! Has the load risen by as much? While it rises steadily, time and load cannot be told apart by regression, least of all
//! where memory follows it with a lag. But memory that serves the load grows at most in proportion to it.

use super::doubt::Doubt;
use super::load::Explained;
use super::window::Window;

/// The rise of the load, as a share, below which it does not matter.
const LEAST_RISE: f64 = 0.1;

/// Correlation of the load with time from which on it rises steadily.
const STEADILY: f64 = 0.6;

/// Grows by no more than the load. Nothing is said where that is not known for every block.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let (points, loads) = (window.points(), window.loads());
    let third = points.len() / 3;
    let load = rise(loads.iter().copied(), loads.len(), third)?;
    let memory = rise(points.iter().map(|point| point.1), points.len(), third)?;
    let rises = load > LEAST_RISE && correlation_with_time(loads) > STEADILY;
    (rises && memory < load).then_some(Doubt::Load(Explained { share_of_time: 0.0, errors: 0.0, load_change: load }))
}

/// From the mean of the first third to that of the last, as a share of the first.
fn rise(values: impl Iterator<Item = f64> + Clone, count: usize, third: usize) -> Option<f64> {
    let first: f64 = values.clone().take(third).sum();
    let last: f64 = values.skip(count - third).sum();
    (first > 0.0).then_some(last / first - 1.0)
}

/// Pearson's, with the places of the values; NaN when they do not vary.
fn correlation_with_time(values: &[f64]) -> f64 {
    let (mut count, mut mean, mut middle) = (0.0, 0.0, 0.0);
    for value in values {
        (mean, middle, count) = (mean + value, middle + count, count + 1.0);
    }
    (mean, middle) = (mean / count, middle / count);
    let (mut both, mut of_value, mut of_place, mut place) = (0.0, 0.0, 0.0, 0.0);
    for value in values {
        let (one, other) = (value - mean, place - middle);
        (both, of_value, of_place) = (both + one * other, of_value + one * one, of_place + other * other);
        place += 1.0;
    }
    both / (of_value * of_place).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{window, window_with_load};
    use super::*;

    #[test]
    fn memory_that_rises_by_half_while_the_load_doubles_may_serve_it() {
        let load = |x: f64| 100.0 + 7.0 * x;
        assert!(matches!(doubt(&window_with_load(15, |x| 1e8 + 3e6 * x, load)), Some(Doubt::Load(_))));
        assert_eq!(doubt(&window_with_load(15, |x| 1e8 + 1e7 * x, load)), None, "it more than doubles");
        assert_eq!(doubt(&window_with_load(15, |x| 1e8 + 3e6 * x, |x| 100.0 + 0.2 * x)), None, "the load is flat");
        assert_eq!(doubt(&window_with_load(15, |x| 1e8 + 3e6 * x, |x| 100.0 + 50.0 * (x * 2.4).sin())), None);
        assert_eq!(doubt(&window(15, |x| 1e8 + 3e6 * x)), None, "the load is not known");
    }

    #[test]
    fn correlation_is_that_of_the_textbook() {
        assert!((correlation_with_time(&[1.0, 2.0, 3.0]) - 1.0).abs() < 1e-12);
        assert!((correlation_with_time(&[1.0, 3.0, 2.0, 4.0]) - 0.8).abs() < 1e-12);
        assert!(correlation_with_time(&[2.0, 2.0]).is_nan());
    }
}
