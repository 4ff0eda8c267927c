//! Has it gone on for long enough? The price of waiting is the time to the limit, the price of haste is a warm-up called a
//! leak. Recorded caches fill in straight lines for two hours and a half: no test on the shape of an hour can tell those
//! from leaks, only time can.
//!
//! Spans are given for a base block of a minute and shrink with it.

use super::doubt::Doubt;
use super::window::Window;

/// Growth for so many base blocks (5 h 20 min) is a leak however far the limit is.
const LONG_BLOCKS: f64 = 270.0;

/// Growth for so many base blocks (3 h 30 min) is a leak when the limit is near ([`NEAR`]).
const SOME_BLOCKS: f64 = 210.0;

/// A limit is near when it is hit within so many times the growth so far: at the latest when a third of the time from
/// onset to exhaustion is gone.
const NEAR: f64 = 2.25;

/// Growth for so many base blocks (half an hour) is a leak when the limit is [`URGENT`].
const SHORT_BLOCKS: f64 = 30.0;

/// A limit is urgent when it is hit within this part of the growth so far: the call comes with two fifths of the time left.
const URGENT: f64 = 0.8;

/// In an urgent call growth must be so many times a collector's saw.
const SAWS: f64 = 3.0;

/// In an urgent call the second half must not be so many times as fast as the first: what has just begun to climb, as a
/// start-up does, has no slope as yet.
const MOST_RATIO: f64 = 2.0;

/// Without load figures a day's rhythm, and two hours, must have been seen.
const RHYTHM_BLOCKS: f64 = 26.0 * 60.0;

/// After a life that was steady, growth for so many base blocks (two hours) is enough once it is [`ABOVE_HEALTHY`].
const AFTER_HEALTHY_BLOCKS: f64 = 120.0;

/// How far above the highest level of a life that was steady is no warm-up any more.
const ABOVE_HEALTHY: f64 = 1.5;

/// The shortest scale whose window (4 h) may speak when there is no hurry.
const CALM_SCALE: usize = 4;

/// What is known beside the series itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// Bytes left to the limit; `None` without one.
    pub room: Option<f64>,
    /// How long the application has been watched over its lives, in seconds.
    pub watched_seconds: f64,
    /// Highest floor of an earlier life that was steady; `None` when there was none.
    pub healthy_level: Option<f64>,
    /// Seconds of like growth in the lives before this one.
    pub earlier_seconds: f64,
}

/// What speaks for waiting.
pub(super) struct Waited {
    /// Growth so far in seconds, earlier lives included.
    pub(super) seconds: f64,
    /// Length of a base block in seconds.
    pub(super) block_seconds: f64,
    /// Height of the collector's saw in bytes.
    pub(super) saw: f64,
    /// Slope of the second half in terms of the first half's.
    pub(super) ratio: f64,
}

/// Too early to tell.
pub(super) fn doubt(window: &Window, scale: usize, waited: &Waited, known: &Circumstances) -> Option<Doubt> {
    let blocks = waited.seconds / waited.block_seconds;
    let left = known.room.map_or(f64::INFINITY, |room| room / window.slope.rate.0);
    if blocks >= SHORT_BLOCKS && left <= URGENT * waited.seconds && waited.ratio <= MOST_RATIO {
        let share = waited.saw / window.growth();
        return (share * SAWS > 1.0).then_some(Doubt::Saw(share));
    }
    let is_above_healthy = known.healthy_level.is_some_and(|healthy| window.level() > ABOVE_HEALTHY * healthy);
    if is_above_healthy && blocks >= AFTER_HEALTHY_BLOCKS && scale + 1 >= CALM_SCALE {
        return None;
    }
    if window.loads().iter().any(|load| load.is_nan()) && known.watched_seconds < RHYTHM_BLOCKS * waited.block_seconds {
        return Some(Doubt::RhythmUnknown);
    }
    let is_near = left <= NEAR * waited.seconds;
    let is_enough = blocks >= LONG_BLOCKS || (is_near && blocks >= SOME_BLOCKS);
    (scale < CALM_SCALE || !is_enough).then_some(Doubt::Young(waited.seconds))
}
