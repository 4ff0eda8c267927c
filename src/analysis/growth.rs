//! Slopes of one lifetime's floors at all scales, and the one among them that speaks for the present.

use super::floors::{Completed, Floors, SCALES, Work};
use super::trend::{Slope, theil_sen};
use crate::units::{Moment, count_as_f64};

/// Growth below this share of the level over the window is not told from none: page-sized noise on a flat series has a
/// lower bound above zero once in forty windows.
const MATERIAL_SHARE_OF_LEVEL: f64 = 0.01;

/// Floors with the slope of each scale, kept up to date as blocks complete.
#[derive(Clone, Debug)]
pub struct Growth {
    floors: Floors,
    slopes: [Option<Slope>; SCALES],
}

impl Growth {
    /// Begins at the instant of the first sample.
    pub fn new(block_seconds: f64, origin: Moment) -> Self {
        Self { floors: Floors::new(block_seconds, origin), slopes: [None; SCALES] }
    }

    /// Adds a value in bytes with the work since the last one; tells which blocks were completed by it.
    pub fn push(&mut self, at: Moment, value: f64, work: Work) -> Completed {
        let completed = self.floors.push(at, value, work);
        for (scale, slope) in self.slopes.iter_mut().enumerate() {
            if completed.contains(scale) {
                *slope = theil_sen(self.floors.points(scale).as_slice());
            }
        }
        completed
    }

    /// The floors below the slopes.
    pub fn floors(&self) -> &Floors {
        &self.floors
    }

    /// Slope of one scale, once it has enough blocks.
    pub fn slope(&self, scale: usize) -> Option<Slope> {
        self.slopes.get(scale).copied().flatten()
    }

    /// Slopes of all scales longer than one.
    pub fn longer_slopes(&self, scale: usize) -> impl Iterator<Item = Slope> + '_ {
        self.slopes.iter().skip(scale + 1).filter_map(|slope| *slope)
    }

    /// Whether any scale has enough data.
    pub fn has_slope(&self) -> bool {
        self.slopes.iter().any(Option::is_some)
    }

    /// The scale and slope of the present growth, if there is any: of the scales whose lower bound says growth, the
    /// longest that agrees with the shortest scale that has a slope at all (their bounds overlap). The longest is the most
    /// exact, but one that reaches back beyond the onset understates, and one that reaches back before the end of the
    /// growth still tells of it; the shortest is the most recent.
    pub fn present(&self) -> Option<(usize, Slope)> {
        let slopes = self.slopes.iter().enumerate().filter_map(|(scale, slope)| Some((scale, (*slope)?)));
        let (_, shortest) = slopes.clone().next()?;
        let agrees = |slope: &Slope| slope.upper >= shortest.lower && slope.lower <= shortest.upper;
        slopes.rev().find(|(scale, slope)| self.is_growth(*scale, *slope) && agrees(slope))
    }

    fn is_growth(&self, scale: usize, slope: Slope) -> bool {
        let blocks = self.floors.ring(scale).map_or(0, super::floors::Ring::count);
        let window = self.floors.seconds_per_block(scale) * count_as_f64(crate::units::length_as_count(blocks));
        let level = self.floors.last().unwrap_or(0.0);
        slope.lower.0 > 0.0 && slope.lower.0 * window >= MATERIAL_SHARE_OF_LEVEL * level
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
