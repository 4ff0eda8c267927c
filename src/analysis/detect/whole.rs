//! Does it keep its pace in the longer run too? A fill that slows down for days is straight for hours: what a window cannot
//! show, the longer ones do.

use super::doubt::Doubt;
use super::straight::{curvature, pace};
use super::window::Window;

/// Base blocks after the start of a life (an hour) that longer windows leave out: start-up and warm-up are no part of a
/// leak that follows them.
const START_UP_BLOCKS: f64 = 60.0;

/// The fewest of them after the start.
const LEAST_POINTS: usize = 6;

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
    let (curvature, end) = curvature(points)?;
    (curvature < PLAIN_CURVATURE && end < LEAST_END).then_some(Doubt::SlowsDown(end))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
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
    fn few_blocks_tell_nothing() {
        let few = window(15, |x| 1e6 * x.sqrt());
        assert!(doubt(std::iter::once(few), 10.0).is_none(), "the first ten blocks are start-up: five are too few");
        assert!(doubt(std::iter::empty(), 1.0).is_none());
    }
}
