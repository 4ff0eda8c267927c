//! What one scale remembers, prepared for the tests.

use super::load::Explained;
use crate::floors::{Floors, Points};
use crate::trend::{MAXIMUM_POINTS, Slope};
use crate::units::{Span, count_as_f64, length_as_count};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The completed blocks of one scale with their slope.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    points: Points,
    loads: [f64; MAXIMUM_POINTS],
    /// Robust slope over the floors.
    pub slope: Slope,
    /// Length of a block in seconds.
    pub block_seconds: f64,
    /// Largest fall of the floors seen at this scale.
    pub fall: f64,
}

impl Window {
    /// The window of `scale`.
    pub fn new(floors: &Floors, scale: usize, slope: Slope, fall: f64) -> Self {
        let mut loads = [f64::NAN; MAXIMUM_POINTS];
        loads.iter_mut().zip(floors.loads(scale)).for_each(|(slot, load)| *slot = f64::from(*load));
        Self { points: floors.points(scale), loads, slope, block_seconds: floors.seconds_per_block(scale), fall }
    }

    /// (seconds, floor), oldest first.
    pub fn points(&self) -> &[(f64, f64)] {
        self.points.as_slice()
    }

    /// Mean load of each block; NaN where not known.
    pub fn loads(&self) -> &[f64] {
        self.loads.get(..self.points().len()).unwrap_or_default()
    }

    /// Whether the load is known for every block.
    pub fn has_load(&self) -> bool {
        !self.loads().iter().any(|load| load.is_nan())
    }

    /// From the start of the first block to the end of the last, in seconds.
    pub fn span_seconds(&self) -> f64 {
        match (self.points().first(), self.points().last()) {
            (Some(first), Some(last)) => last.0 - first.0 + self.block_seconds,
            _ => 0.0,
        }
    }

    /// Bytes gained over the window, by the slope.
    pub fn growth(&self) -> f64 {
        let blocks = (self.span_seconds() / self.block_seconds - 1.0).max(0.0);
        self.slope.rate.0 * self.block_seconds * blocks
    }

    /// The newest floor.
    pub fn level(&self) -> f64 {
        self.points().last().map_or(0.0, |last| last.1)
    }

    /// Differences of neighbouring floors.
    pub fn increments(&self) -> impl Iterator<Item = f64> + '_ {
        self.points().windows(2).filter_map(|pair| Some(pair.get(1)?.1 - pair.first()?.1))
    }

    /// Increments that are up, and all of them.
    pub fn ups(&self) -> (u32, u32) {
        self.increments().fold((0, 0), |(up, all), step| (up + u32::from(step > 0.0), all + 1))
    }

    /// Increments that are up, and all that are up or down.
    pub fn moves(&self) -> (u32, u32) {
        self.increments()
            .filter(|step| *step != 0.0)
            .fold((0, 0), |(up, all), step| (up + u32::from(step > 0.0), all + 1))
    }

    /// Number of floors.
    pub fn count(&self) -> f64 {
        count_as_f64(length_as_count(self.points().len()))
    }
}

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Series {
    /// Anonymous memory.
    Heap,
    /// What lived in the heap after the last full collection.
    LiveHeap,
}

/// The numbers behind a verdict, in a form that a sentence is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Of what.
    pub series: Series,
    /// Slope over the window.
    pub slope: Slope,
    /// How long growth has been seen, in seconds.
    pub seconds: f64,
    /// Increments that are up, and all of them.
    pub ups: (u32, u32),
    /// Growth over the window in terms of the largest fall; absent when nothing ever fell.
    pub times_fall: Option<f64>,
    /// What the load explains, where it is known.
    pub load: Option<Explained>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (up, all) = self.ups;
        if self.series == Series::LiveHeap {
            f.write_str("live heap ")?;
        }
        write!(f, "{} for {}, floor up in {up} of {all} blocks", self.slope.rate, Span(self.seconds))?;
        match self.times_fall {
            Some(times) if times < 1000.0 => write!(f, ", {times:.1} times the largest dip")?,
            _ => f.write_str(", no dip")?,
        }
        match self.load {
            Some(load) if !load.leaves_growth() => write!(f, "; perhaps explained by load ({load})"),
            Some(load) => write!(f, "; not explained by load ({load})"),
            None => f.write_str("; load unknown"),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::floors::Work;
    use crate::growth::Growth;
    use crate::units::Moment;

    /// A window of `count` blocks of a minute whose floors are `value(block)`.
    pub(in super::super) fn window(count: u32, value: impl Fn(f64) -> f64) -> Window {
        window_with_load(count, value, |_| f64::NAN)
    }

    /// The same, with the mean load of each block; NaN for one that is not known.
    pub(in super::super) fn window_with_load(
        count: u32,
        value: impl Fn(f64) -> f64,
        load: impl Fn(f64) -> f64,
    ) -> Window {
        let mut growth = Growth::new(60.0, Moment(0.0));
        for block in 0..=count {
            let rate = load(f64::from(block));
            let work = if rate.is_nan() { Work::default() } else { Work::over(rate * 60.0, 60.0) };
            growth.push(Moment(f64::from(block) * 60.0), value(f64::from(block)), work);
        }
        Window::new(growth.floors(), 0, growth.slope(0).unwrap(), 0.0)
    }

    #[test]
    fn growth_is_that_of_the_line_through_the_floors() {
        let window = window(15, |x| 100.0 + 60.0 * x);
        assert_eq!((window.growth(), window.level(), window.span_seconds()), (14.0 * 60.0, 940.0, 900.0));
        assert_eq!(window.ups(), (14, 14));
    }
}
