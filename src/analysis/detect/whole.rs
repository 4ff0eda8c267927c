//! Does it keep its pace in the longer run too? A fill that slows down for days is straight for hours: what a window cannot
//! show, the longer ones do.

use super::doubt::Doubt;
use super::straight::{curvature, pace, parabola};
use super::window::Window;
use crate::units::{count_as_f64, length_as_count};

/// Base blocks after the start of a life (an hour) that longer windows leave out: start-up and warm-up are no part of a
/// leak that follows them.
const START_UP_BLOCKS: f64 = 60.0;

/// The fewest of them after the start.
const LEAST_POINTS: usize = 6;

/// The fewest that bear a fit of four terms.
const LEAST_POINTS_BESIDE_LOAD: usize = 8;

/// The least ratio of the second half's slope to the first half's.
const LEAST_RATIO: f64 = 0.7;

/// Curvature of so many standard errors is no noise.
const PLAIN_CURVATURE: f64 = -3.0;

/// With plain curvature, the slope at the end must be this share of the mean slope; a root has 0.75 over its last three
/// quarters.
const LEAST_END: f64 = 0.9;

/// A longer window slows down; `block_seconds` is the length of a base block.
pub(super) fn doubt(mut longer: impl Iterator<Item = Window>, block_seconds: f64) -> Option<Doubt> {
    longer.find_map(|window| slows_down(&window, block_seconds))
}

fn slows_down(window: &Window, block_seconds: f64) -> Option<Doubt> {
    let points = window.points();
    let began = points.iter().position(|(at, _)| *at >= START_UP_BLOCKS * block_seconds)?;
    let points = points.get(began..).filter(|points| points.len() >= LEAST_POINTS)?;
    let pace = pace(points)?;
    if pace < LEAST_RATIO {
        return Some(Doubt::SlowsDown(pace));
    }
    let beside_load = window.loads().get(began..).and_then(|loads| curvature_beside_load(points, loads));
    let mut bends = [curvature(points), beside_load].into_iter().flatten();
    let plain = bends.find(|(curvature, end)| *curvature < PLAIN_CURVATURE && *end < LEAST_END);
    plain.map(|(_, end)| Doubt::SlowsDown(end))
}

/// As [`curvature`], with the load as a further term: what a day's load adds to the floors hides how they bend. `None` where
/// the load is not known for every block, or does not vary.
fn curvature_beside_load(points: &[(f64, f64)], loads: &[f64]) -> Option<(f64, f64)> {
    let mean = loads.iter().sum::<f64>() / count_as_f64(length_as_count(loads.len()));
    if mean.is_nan() || mean <= 0.0 || points.len() < LEAST_POINTS_BESIDE_LOAD {
        return None;
    }
    parabola(points, |place, x| [1.0, x, x * x, loads.get(place).map_or(f64::NAN, |load| load / mean - 1.0)])
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{window, window_with_load};
    use super::*;

    fn slows(value: impl Fn(f64) -> f64) -> bool {
        doubt(std::iter::once(window(15, value)), 1.0).is_some()
    }

    #[test]
    fn a_root_slows_down_in_the_long_run_and_a_leak_after_a_warm_up_does_not() {
        assert!(slows(|x| 1e6 * x.sqrt()));
        assert!(slows(|x| 1e6 * (1.0 + x).ln()));
        assert!(!slows(|x| 1e6 * x));
        assert!(!slows(|x| if x < 1.0 { 0.0 } else { 1e7 + 1e6 * x }), "a warm-up within the start is left out");
        assert!(!slows(|x| 1e6 * (x - 9.0).max(0.0)), "calm, then a leak");
    }

    #[test]
    fn a_bend_that_the_load_hides_is_seen_beside_it() {
        let load = |x: f64| 100.0 + 3.0 * x + 20.0 * (1.9 * x).sin();
        // Bends by a fifth of its pace; requests in flight rise and fall with the load.
        let floor = |x: f64| 1e8 + 1e6 * (x - 0.02 * x * x) + 1e5 * load(x);
        let seen = |with_load: bool| {
            let known = move |x: f64| if with_load { load(x) } else { f64::NAN };
            doubt(std::iter::once(window_with_load(15, floor, known)), 0.001)
        };
        assert_eq!(seen(false), None);
        assert!(matches!(seen(true), Some(Doubt::SlowsDown(_))));
        let straight = |x: f64| 1e8 + 1e6 * x + 1e5 * load(x);
        assert_eq!(doubt(std::iter::once(window_with_load(15, straight, load)), 0.001), None);
    }

    #[test]
    fn few_blocks_tell_nothing() {
        let few = window(15, |x| 1e6 * x.sqrt());
        assert!(doubt(std::iter::once(few), 10.0).is_none(), "the first ten blocks are start-up: five are too few");
        assert!(doubt(std::iter::empty(), 1.0).is_none());
    }
}
