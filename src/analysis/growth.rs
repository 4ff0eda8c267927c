//! Slopes of one lifetime's floors at all scales, and the one among them that speaks for the present.

use super::floors::{Completed, Floors, SCALES, Work};
use super::trend::{MINIMUM_POINTS, Slope, overlaps, reaches, theil_sen};
use crate::units::{BytesPerSecond, Moment, count_as_f64, length_as_count, narrowed};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;

/// Growth below this share of the level over the window is not told from none: page-sized noise on a flat series has a
/// lower bound above zero once in forty windows.
const MATERIAL_SHARE_OF_LEVEL: f64 = 0.01;

/// A slope in half the space, with the seven figures that its floors have.
#[derive(Clone, Copy, Debug)]
struct Narrow([f32; 3]);

impl Narrow {
    fn of(slope: Slope) -> Self {
        Self([slope.rate, slope.lower, slope.upper].map(|rate| narrowed(rate.0)))
    }

    fn slope(self) -> Slope {
        let [rate, lower, upper] = self.0.map(|rate| BytesPerSecond(rate.into()));
        Slope { rate, lower, upper }
    }
}

/// Floors with the slope of each scale.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Growth {
    floors: Floors,
    /// Scales whose slope has its lower bound above zero, as bits: most have not, and that is told without the slope.
    rising: u16,
    /// Slopes that were asked for since a block of their scale was completed.
    #[serde(skip)]
    slopes: [OnceCell<Option<Narrow>>; SCALES],
}

impl Growth {
    /// Begins at the instant of the first sample.
    pub fn new(block_seconds: f64, origin: Moment) -> Self {
        Self { floors: Floors::new(block_seconds, origin), rising: 0, slopes: [const { OnceCell::new() }; SCALES] }
    }

    /// Adds a value in bytes with the work since the last one; tells which blocks were completed by it.
    pub fn push(&mut self, at: Moment, value: f64, work: Work) -> Completed {
        let completed = self.floors.push(at, value, work);
        if completed.any() {
            self.note(completed);
        }
        completed
    }

    /// Counts time from `seconds` later on.
    pub fn shift(&mut self, seconds: f64) {
        self.floors.shift(seconds);
    }

    fn note(&mut self, completed: Completed) {
        for (scale, slope) in self.slopes.iter_mut().enumerate() {
            if completed.contains(scale) {
                slope.take();
                let is_rising = self.floors.is_rising(scale);
                self.rising = self.rising & !(1 << scale) | (u16::from(is_rising) << scale);
            }
        }
    }

    /// Forgets the load so far.
    pub fn forget_loads(&mut self) {
        self.floors.forget_loads();
    }

    /// The floors below the slopes.
    pub fn floors(&self) -> &Floors {
        &self.floors
    }

    /// Slope of one scale, once it has enough blocks.
    pub fn slope(&self, scale: usize) -> Option<Slope> {
        let narrow = || theil_sen(self.floors.points(scale).as_slice()).map(Narrow::of);
        self.slopes.get(scale)?.get_or_init(narrow).map(Narrow::slope)
    }

    /// Slopes of all scales longer than one.
    pub fn longer_slopes(&self, scale: usize) -> impl Iterator<Item = Slope> + '_ {
        (scale + 1..SCALES).filter_map(|scale| self.slope(scale))
    }

    /// Whether a scale has enough data for a slope.
    pub fn has_slope_at(&self, scale: usize) -> bool {
        self.floors.ring(scale).is_some_and(|ring| ring.count() >= MINIMUM_POINTS)
    }

    /// Whether any scale has.
    pub fn has_slope(&self) -> bool {
        (0..SCALES).any(|scale| self.has_slope_at(scale))
    }

    /// Whether the lower bound of a scale's slope is above zero.
    pub fn is_rising(&self, scale: usize) -> bool {
        self.rising & (1 << scale) != 0
    }

    /// The scale and slope of the present growth, if there is any: of the scales whose lower bound says growth, the
    /// longest that agrees with the shortest scale that has a slope at all (their bounds overlap). The longest is the most
    /// exact, but one that reaches back beyond the onset understates, and one that reaches back before the end of the
    /// growth still tells of it; the shortest is the most recent.
    pub fn present(&self) -> Option<(usize, Slope)> {
        let scale = self.present_scale()?;
        Some((scale, self.slope(scale)?))
    }

    /// The scale of [`Self::present`].
    pub fn present_scale(&self) -> Option<usize> {
        let shortest = (0..SCALES).find(|scale| self.has_slope_at(*scale))?;
        let rising = (0..SCALES).rev().filter(|scale| self.is_rising(*scale));
        let mut growing = rising.filter(|scale| self.is_material(*scale)).peekable();
        growing.peek()?;
        let points = self.floors.points(shortest);
        let agrees = |scale| self.slope(scale).is_some_and(|slope| overlaps(points.as_slice(), slope));
        growing.find(|scale| *scale == shortest || agrees(*scale))
    }

    fn is_material(&self, scale: usize) -> bool {
        let blocks = self.floors.ring(scale).map_or(0, super::floors::Ring::count);
        let window = self.floors.seconds_per_block(scale) * count_as_f64(length_as_count(blocks));
        let least = MATERIAL_SHARE_OF_LEVEL * self.floors.last().unwrap_or(0.0) / window;
        // Of the shortest, which is another with each block, the slope itself is seldom asked for.
        if scale == 0 {
            return reaches(self.floors.points(scale).as_slice(), least);
        }
        self.slope(scale).is_some_and(|slope| slope.lower.0 >= least)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn grown(minutes: u32, value: impl Fn(f64) -> f64) -> Growth {
        let mut growth = Growth::new(60.0, Moment(0.0));
        for step in 0..minutes * 12 {
            let at = f64::from(step) * 5.0;
            growth.push(Moment(at), value(at), Work::default());
        }
        growth
    }

    #[test]
    fn a_leak_under_a_sawtooth_has_the_slope_of_its_floor() {
        let growth = grown(600, |at| 1e8 + 1000.0 * at + 3e7 * (at % 47.0) / 47.0);
        let (scale, slope) = growth.present().unwrap();
        assert!(scale >= 4, "the longest agreeing scale speaks, got {scale}");
        assert!((slope.rate.0 - 1000.0).abs() < 20.0, "{slope:?}");
    }

    #[test]
    fn after_an_onset_the_recent_windows_speak() {
        let growth = grown(24 * 60, |at| 1e8 + 5000.0 * (at - 23.0 * 3600.0).max(0.0));
        let (_, slope) = growth.present().unwrap();
        assert!((slope.rate.0 - 5000.0).abs() < 100.0, "{slope:?}");
    }

    #[test]
    fn growth_that_has_stopped_is_no_present_growth() {
        let growth = grown(8 * 60, |at| 1e8 + 5000.0 * at.min(4.0 * 3600.0));
        assert!(growth.slope(5).unwrap().lower.0 > 0.0, "the eight hours as a whole grew");
        assert_eq!(growth.present(), None);
    }

    #[test]
    fn flat_memory_and_noise_of_a_page_are_no_growth() {
        assert_eq!(grown(120, |_| 1e8).present(), None);
        assert_eq!(grown(120, |at| 1e8 + 4096.0 * (at / 60.0 / 15.0).floor()).present(), None);
        assert_eq!(grown(120, |at| 1e8 - 1000.0 * at).present(), None);
    }
}
