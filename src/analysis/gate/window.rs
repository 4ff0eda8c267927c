//! The later part of a series, as floors over work.
//!
//! A floor is the lowest look of a block, at the work at which it was seen: the tops of a collector's saw are garbage. How long a
//! block must be is not known, so several lengths are tried, and the one speaks whose slope has the narrowest bounds.

use super::judge::Growth;
use super::series::{Point, lower};
use crate::trend::{MAXIMUM_POINTS, MINIMUM_POINTS, theil_sen};
use crate::units::{count_as_f64, length_as_count};

/// Numbers of blocks that are tried.
const BLOCKS: [usize; 4] = [MAXIMUM_POINTS, 12, 10, MINIMUM_POINTS];

/// Floors over work, and their slope.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// (work, bytes), in the order of work.
    pub floors: Vec<(f64, f64)>,
    /// Bytes for each unit of work.
    pub growth: Growth,
    /// Seconds from its first to its last look.
    pub seconds: f64,
}

impl Window {
    /// The window over looks from `from` seconds on; `None` where these are too few, or no work was done.
    pub fn over(points: &[Point], from: f64) -> Option<Self> {
        let first = points.partition_point(|point| point.seconds < from);
        let points = points.get(first..)?;
        let (begin, end) = (points.first()?, points.last()?);
        if end.work <= begin.work {
            return None;
        }
        let sets = BLOCKS.iter().filter_map(|blocks| {
            let floors = floors(points, *blocks, begin.work, end.work);
            let slope = theil_sen(&floors)?;
            Some((floors, Growth { rate: slope.rate.0, lower: slope.lower.0, upper: slope.upper.0 }))
        });
        let (floors, growth) = sets.min_by(|(_, one), (_, other)| one.width().total_cmp(&other.width()))?;
        Some(Self { floors, growth, seconds: end.seconds - begin.seconds })
    }

    /// What the floors have risen by from the first to the last.
    pub fn rise(&self) -> f64 {
        let ends = self.floors.first().zip(self.floors.last());
        ends.map_or(0.0, |((_, first), (_, last))| last - first)
    }

    /// The largest rise from one floor to the next.
    pub fn largest_step(&self) -> f64 {
        self.steps().fold(0.0, f64::max)
    }

    /// The largest fall below what the floors had come to before.
    pub fn largest_fall(&self) -> f64 {
        let mut top = f64::NEG_INFINITY;
        self.floors.iter().fold(0.0, |fall: f64, (_, floor)| {
            top = top.max(*floor);
            fall.max(top - floor)
        })
    }

    /// Mean of the floors, in bytes.
    pub fn level(&self) -> f64 {
        let sum: f64 = self.floors.iter().map(|(_, floor)| floor).sum();
        sum / count_as_f64(length_as_count(self.floors.len().max(1)))
    }

    fn steps(&self) -> impl Iterator<Item = f64> {
        self.floors.iter().zip(self.floors.iter().skip(1)).map(|((_, before), (_, after))| after - before)
    }
}

/// The lowest look of each of so many blocks of equal work; a block without a look has no floor.
fn floors(points: &[Point], blocks: usize, begin: f64, end: f64) -> Vec<(f64, f64)> {
    let share = (end - begin) / count_as_f64(length_as_count(blocks));
    let mut floors: Vec<(f64, f64)> = Vec::with_capacity(blocks);
    let mut rest = points;
    for block in 1..=blocks {
        let until = begin + share * count_as_f64(length_as_count(block));
        let count = if block == blocks { rest.len() } else { rest.partition_point(|point| point.work < until) };
        let (these, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        // Looks without work between them are one block's.
        if let Some(lowest) = lower(these).filter(|lowest| floors.last().is_none_or(|(work, _)| lowest.work > *work)) {
            floors.push((lowest.work, lowest.bytes));
        }
        rest = later;
    }
    floors
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn saw(period: f64, height: f64, rate: f64) -> Vec<Point> {
        let point = |tick: u32| {
            let seconds = f64::from(tick) / 10.0;
            let work = seconds * 500.0;
            Point { seconds, work, bytes: 1e6 + rate * work + height * (seconds % period) / period }
        };
        (0..400).map(point).collect()
    }

    #[test]
    fn the_slope_is_of_the_floors_and_not_of_the_saw() {
        let window = Window::over(&saw(4.1, 2e6, 50.0), 0.0).unwrap();
        assert!((window.growth.rate - 50.0).abs() < 5.0, "{:?}", window.growth);
        let flat = Window::over(&saw(4.1, 2e6, 0.0), 0.0).unwrap();
        assert!(flat.growth.upper < 5.0 && flat.growth.lower > -5.0, "{:?}", flat.growth);
    }

    #[test]
    fn few_looks_are_floors_by_themselves() {
        let points: Vec<Point> = saw(2.0, 0.0, 10.0).into_iter().step_by(30).collect();
        let window = Window::over(&points, 0.0).unwrap();
        assert!(window.floors.len() >= MINIMUM_POINTS && (window.growth.rate - 10.0).abs() < 1e-6);
        assert_eq!(Window::over(&points, 30.0), None);
    }

    #[test]
    fn falls_and_steps_are_the_largest() {
        let floors = [(0.0, 1.0), (1.0, 5.0), (2.0, 4.0), (3.0, 2.0), (4.0, 8.0)].to_vec();
        let window = Window { floors, growth: Growth { rate: 0.0, lower: 0.0, upper: 0.0 }, seconds: 4.0 };
        assert_eq!((window.largest_fall(), window.largest_step(), window.rise(), window.level()), (3.0, 6.0, 7.0, 4.0));
    }
}
