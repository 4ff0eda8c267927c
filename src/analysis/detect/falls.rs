//! How much a series gives back by itself: the largest fall of its floors, at each scale.

use super::doubt::Doubt;
use super::window::Window;
use crate::floors::{Ring, SCALES};
use serde::{Deserialize, Serialize};

/// Growth must be so many times the largest fall: what a day's load, a collector or an eviction gives back and takes again
/// is not growth.
const TIMES: f64 = 3.0;

/// Where the load is not known, so many times: it may be the load that rises, and it breathes with the day.
const TIMES_WITHOUT_LOAD: f64 = 4.5;

/// And so many times the largest fall at longer scales, which a day's or a week's rhythm makes.
const TIMES_LONGER: f64 = 3.0;

/// What is left of an old fall after each further block: half after 69.
const DECAY: f32 = 0.99;

/// Largest falls of the floors by scale, slowly forgotten.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Falls([f32; SCALES]);

impl Falls {
    /// Takes in the newest state of one scale's floors.
    pub fn observe(&mut self, scale: usize, ring: &Ring) {
        let peak = ring.floors().iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let last = ring.floors().last().copied().unwrap_or(f32::NAN);
        if let Some(largest) = self.0.get_mut(scale) {
            *largest = (*largest * DECAY).max(peak - last);
        }
    }

    /// Largest fall at any scale longer than one, in bytes.
    pub fn beyond(&self, scale: usize) -> f64 {
        self.0.iter().skip(scale + 1).copied().fold(0.0, f32::max).into()
    }

    /// Largest fall at one scale in bytes.
    pub fn at(&self, scale: usize) -> f64 {
        self.0.get(scale).copied().map_or(0.0, f64::from)
    }
}

/// The bytes that a window must have gained where so many fell.
pub(super) fn least_growth(fall: f64, is_load_known: bool) -> f64 {
    fall * if is_load_known { TIMES } else { TIMES_WITHOUT_LOAD }
}

/// Does not stand out over what the series gives back by itself.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let growth = window.growth();
    let is_enough = growth >= least_growth(window.fall, window.has_load());
    (!is_enough).then(|| Doubt::Falls(window.fall / growth))
}

/// Has not grown beyond what longer scales give back; `seconds` is how long it has grown.
pub(super) fn doubt_of_longer(window: &Window, seconds: f64, beyond: f64) -> Option<Doubt> {
    let share = beyond / (window.slope.rate.0 * seconds);
    (share * TIMES_LONGER > 1.0).then_some(Doubt::Falls(share))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{window, window_with_load};
    use super::*;

    #[test]
    fn growth_must_be_three_times_what_was_given_back() {
        let after_a_fall_of = |fall: f64| {
            let with = |mut window: Window| {
                window.fall = fall;
                doubt(&window).is_some()
            };
            (with(window_with_load(15, |x| 1e6 * x, |_| 1.0)), with(window(15, |x| 1e6 * x)))
        };
        assert_eq!(after_a_fall_of(3e6), (false, false), "grown by 14 MB");
        assert_eq!(after_a_fall_of(4e6), (false, true), "the load is not known: it must be more");
        assert_eq!(after_a_fall_of(5e6), (true, true));
    }

    #[test]
    fn growth_must_be_three_times_what_a_day_gives_back() {
        let window = window(15, |x| 60e6 * x);
        assert!(
            matches!(doubt_of_longer(&window, 10_000.0, 4e9), Some(Doubt::Falls(_))),
            "10 GB, 4 of them given back"
        );
        assert_eq!(doubt_of_longer(&window, 15_000.0, 4e9), None);
    }

    #[test]
    fn the_largest_fall_is_kept_and_slowly_forgotten() {
        let (mut falls, mut ring) = (Falls::default(), Ring::default());
        for (block, floor) in [10.0, 50.0, 20.0, 30.0].into_iter().enumerate() {
            ring.push(u64::try_from(block).unwrap_or_default(), floor);
            falls.observe(0, &ring);
        }
        assert!((29.0..=30.0).contains(&falls.at(0)), "{falls:?}");
        assert_eq!(falls.beyond(0), 0.0);
        assert_eq!(falls.at(1), 0.0);
        for block in 4..200 {
            ring.push(block, 60.0);
            falls.observe(0, &ring);
        }
        assert!((2.0..=6.0).contains(&falls.at(0)), "{falls:?}");
    }
}
