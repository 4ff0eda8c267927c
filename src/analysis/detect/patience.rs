//! Has it gone on for long enough? The price of waiting is the time to the limit, the price of haste is a warm-up called a
//! leak. Recorded caches fill in straight lines for two hours and a half: no test on the shape of an hour can tell those
//! from leaks, only time can.
//!
//! Spans are given for a base block of a minute and shrink with it.

use super::doubt::Doubt;
use super::straight::pace;
use super::window::Window;
use serde::{Deserialize, Serialize};

/// Growth for so many base blocks (5 h) is a leak however far the limit is.
const LONG_BLOCKS: f64 = 300.0;

/// Growth for so many base blocks (3 h 30 min) is a leak when the limit is near ([`NEAR`]).
const SOME_BLOCKS: f64 = 210.0;

/// A limit is near when it is hit within so many times the growth so far: at the latest when 45 % of the time from
/// onset to exhaustion is gone.
const NEAR: f64 = 1.25;

/// Growth for so many base blocks (half an hour) is a leak when the limit is [`URGENT`].
const SHORT_BLOCKS: f64 = 30.0;

/// A limit is urgent when it is hit within this part of the growth so far: the call comes with a third of the time left.
const URGENT: f64 = 0.5;

/// In an urgent call growth must be so many times a collector's saw.
const SAWS: f64 = 3.0;

/// In an urgent call the second half must not be so many times as fast as the first: what has just begun to climb, as a
/// start-up does, has no slope as yet.
const MOST_RATIO: f64 = 2.0;

/// Without load figures a day's rhythm, and two hours, must have been seen.
const RHYTHM_BLOCKS: f64 = 26.0 * 60.0;

/// And the limit must be hit within so many times the growth so far, which it is once 57 % of the time from onset to
/// exhaustion is gone: load that rises for days looks like a leak.
const NEAR_WITHOUT_LOAD: f64 = 0.75;

/// Or growth must have gone on for so many base blocks (3 d): longer than most such rises.
const DAYS_BLOCKS: f64 = 72.0 * 60.0;

/// After a life that was steady, growth for so many base blocks (two hours) is enough once it is [`ABOVE_HEALTHY`].
const AFTER_HEALTHY_BLOCKS: f64 = 120.0;

/// How far above the highest level of a life that was steady is no warm-up any more.
const ABOVE_HEALTHY: f64 = 1.5;

/// What stays below so many times the highest level of a life that was steady is within what is known as healthy.
const WITHIN_HEALTHY: f64 = 1.1;

/// The shortest scale whose window (4 h) may speak when there is no hurry.
const CALM_SCALE: usize = 4;

/// What is known beside the series itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Circumstances {
    /// Bytes left to the limit; `None` without one.
    pub room: Option<f64>,
    /// How long the application has been watched over its lives, in seconds.
    pub watched_seconds: f64,
    /// Highest floor of an earlier life that was steady; `None` when there was none.
    pub healthy_level: Option<f64>,
    /// Seconds of like growth in the lives before this one.
    pub earlier_seconds: f64,
    /// Seconds for which the present life went on before it was watched; 0 where that is not known.
    pub unseen_seconds: f64,
    /// Whether garbage cannot be told from what lives, for hours.
    pub hides_garbage: bool,
}

/// What speaks for waiting.
pub(super) struct Waited {
    /// Growth so far in seconds, earlier lives included.
    pub(super) seconds: f64,
    /// Length of a base block in seconds.
    pub(super) block_seconds: f64,
    /// Height of the collector's saw in bytes.
    pub(super) saw: f64,
}

/// Too early to tell.
pub(super) fn doubt(window: &Window, scale: usize, waited: &Waited, known: &Circumstances) -> Option<Doubt> {
    let blocks = waited.seconds / waited.block_seconds;
    let is_above_healthy = known.healthy_level.is_some_and(|healthy| window.level() > ABOVE_HEALTHY * healthy);
    if known.hides_garbage && !is_above_healthy && known.earlier_seconds <= 0.0 && blocks < RHYTHM_BLOCKS {
        return Some(Doubt::NotCollected);
    }
    let is_rhythm_seen = known.watched_seconds >= RHYTHM_BLOCKS * waited.block_seconds;
    // At this rate it would have come from less than nothing: it rises and falls, or has begun of late.
    if !is_rhythm_seen && window.slope.rate.0 * known.unseen_seconds > window.level() {
        return Some(Doubt::PastUnknown);
    }
    let left = known.room.map_or(f64::INFINITY, |room| room / window.slope.rate.0);
    let is_even = || pace(window.points()).unwrap_or(f64::INFINITY) <= MOST_RATIO;
    if blocks >= SHORT_BLOCKS && left <= URGENT * waited.seconds && is_even() {
        let share = waited.saw / window.growth();
        return (share * SAWS > 1.0).then_some(Doubt::Saw(share));
    }
    if known.healthy_level.is_some_and(|healthy| window.level() < WITHIN_HEALTHY * healthy) {
        return Some(Doubt::Healthy);
    }
    if is_above_healthy && blocks >= AFTER_HEALTHY_BLOCKS && scale + 1 >= CALM_SCALE {
        return None;
    }
    if !window.has_load() {
        if !is_rhythm_seen {
            return Some(Doubt::RhythmUnknown);
        }
        // A limit that is known to be far gives the time to wait.
        let is_far = known.room.is_some() && left > NEAR_WITHOUT_LOAD * waited.seconds;
        if is_far && blocks < DAYS_BLOCKS {
            return Some(Doubt::LoadUnknown(waited.seconds));
        }
    }
    let is_near = left <= NEAR * waited.seconds;
    let is_enough = blocks >= LONG_BLOCKS || (is_near && blocks >= SOME_BLOCKS);
    (scale < CALM_SCALE || !is_enough).then_some(Doubt::Young(waited.seconds))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::{window, window_with_load};
    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// Growth of 1 MiB a minute that has gone on for so many minutes, the load being known.
    fn after(minutes: f64, scale: usize, known: Circumstances) -> Option<Doubt> {
        let waited = Waited { seconds: minutes * 60.0, block_seconds: 60.0, saw: 0.0 };
        doubt(&window_with_load(15, |x| 1e8 + MIB * x, |_| 1.0), scale, &waited, &known)
    }

    #[test]
    fn far_from_a_limit_it_takes_long_and_near_one_less() {
        let near = Circumstances { room: Some(265.0 * MIB), ..Circumstances::default() };
        assert!(matches!(after(299.0, 4, Circumstances::default()), Some(Doubt::Young(_))));
        assert_eq!(after(300.0, 4, Circumstances::default()), None);
        assert_eq!(after(215.0, 4, near), None);
        assert!(matches!(after(200.0, 4, near), Some(Doubt::Young(_))));
        assert!(
            matches!(after(300.0, 3, Circumstances::default()), Some(Doubt::Young(_))),
            "an hour's shape is not enough"
        );
    }

    #[test]
    fn an_urgent_limit_does_not_wait_but_a_saw_does() {
        let urgent = Circumstances { room: Some(19.0 * MIB), ..Circumstances::default() };
        assert_eq!(after(40.0, 1, urgent), None);
        let at_the_limit = Circumstances { room: Some(MIB), ..Circumstances::default() };
        assert_eq!(after(30.0, 1, at_the_limit), None);
        assert!(matches!(after(29.0, 1, at_the_limit), Some(Doubt::Young(_))));
        let waited = Waited { seconds: 2400.0, block_seconds: 60.0, saw: 6.0 * MIB };
        let saw = doubt(&window_with_load(15, |x| 1e8 + MIB * x, |_| 1.0), 1, &waited, &urgent);
        assert!(matches!(saw, Some(Doubt::Saw(_))), "{saw:?}");
    }

    #[test]
    fn a_heap_that_hides_its_garbage_takes_a_day_or_a_life_to_compare_with() {
        let hidden = Circumstances { hides_garbage: true, room: Some(30.0 * MIB), ..Circumstances::default() };
        assert_eq!(after(600.0, 4, hidden), Some(Doubt::NotCollected));
        assert_eq!(after(27.0 * 60.0, 4, hidden), None);
        assert_eq!(after(600.0, 4, Circumstances { earlier_seconds: 3600.0, ..hidden }), None);
        assert_eq!(after(600.0, 4, Circumstances { healthy_level: Some(5e7), ..hidden }), None);
    }

    #[test]
    fn what_cannot_have_gone_on_since_the_start_takes_a_day_where_the_start_was_not_seen() {
        let unseen = |hours: f64| Circumstances { unseen_seconds: hours * 3600.0, ..Circumstances::default() };
        assert_eq!(after(300.0, 4, unseen(1.0)), None, "60 MiB of some 110");
        assert_eq!(after(300.0, 4, unseen(48.0)), Some(Doubt::PastUnknown));
        assert_eq!(after(300.0, 4, Circumstances { watched_seconds: 27.0 * 3600.0, ..unseen(48.0) }), None);
    }

    #[test]
    fn what_a_healthy_life_has_reached_too_is_no_leak() {
        let healthy = |level| Circumstances { healthy_level: Some(level), ..Circumstances::default() };
        assert_eq!(after(600.0, 4, healthy(1.1e8)), Some(Doubt::Healthy));
        assert_eq!(after(600.0, 4, healthy(9e7)), None);
    }

    #[test]
    fn without_load_figures_a_day_must_have_been_seen() {
        let waited = Waited { seconds: 20_000.0, block_seconds: 60.0, saw: 0.0 };
        let seen_for = |hours: f64| Circumstances { watched_seconds: hours * 3600.0, ..Circumstances::default() };
        let judged = |hours| doubt(&window(15, |x| 1e8 + MIB * x), 4, &waited, &seen_for(hours));
        assert_eq!(judged(25.0), Some(Doubt::RhythmUnknown));
        assert_eq!(judged(27.0), None);
    }

    #[test]
    fn without_load_figures_a_limit_that_is_far_gives_three_days() {
        let after = |hours: f64, room: f64| {
            let waited = Waited { seconds: hours * 3600.0, block_seconds: 60.0, saw: 0.0 };
            let known = Circumstances { watched_seconds: 1e6, room: Some(room), ..Circumstances::default() };
            doubt(&window(15, |x| 1e8 + MIB * x), 8, &waited, &known)
        };
        assert!(matches!(after(40.0, 32.0 * 60.0 * MIB), Some(Doubt::LoadUnknown(_))), "32 h are left");
        assert_eq!(after(40.0, 28.0 * 60.0 * MIB), None, "28 h are left");
        assert_eq!(after(73.0, 1e12), None);
    }

    #[test]
    fn after_a_steady_life_two_hours_above_its_level_are_enough() {
        let healthy = |level| Circumstances { healthy_level: Some(level), ..Circumstances::default() };
        assert_eq!(after(120.0, 3, healthy(5e7)), None);
        assert!(matches!(after(120.0, 3, healthy(9e7)), Some(Doubt::Young(_))));
    }
}
