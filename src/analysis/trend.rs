//! Robust slope of a short series, with bounds.
//!
//! Theil-Sen: the median of the slopes of all pairs. A least-squares line follows a single outlier (one block in which
//! a cache was filled); the median of pairwise slopes does not until 29 % of the points are off. Its bounds come from
//! the distribution of Kendall's S, without any assumption on the noise's shape.
//!
//! Sources: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968) 1379-1389;
//! R. O. Gilbert, "Statistical Methods for Environmental Pollution Monitoring" (1987), section 16.5.

use crate::units::{BytesPerSecond, count_as_f64, length_as_count, whole};
use serde::{Deserialize, Serialize};

/// The most points that one slope is taken over.
pub const MAXIMUM_POINTS: usize = 15;

/// The fewest points for which bounds are worth giving: with 8, the 95 % bounds leave out 6 pairs of 28 at either end.
pub const MINIMUM_POINTS: usize = 8;

const MAXIMUM_PAIRS: usize = MAXIMUM_POINTS * (MAXIMUM_POINTS - 1) / 2;

/// Two-sided 95 % quantile of the normal distribution.
const Z_95: f64 = 1.959_964;

/// A slope with its 95 % confidence bounds; `lower` ≤ `rate` ≤ `upper`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Slope {
    /// Median of the pairwise slopes.
    pub rate: BytesPerSecond,
    /// Lower 95 % bound.
    pub lower: BytesPerSecond,
    /// Upper 95 % bound.
    pub upper: BytesPerSecond,
}

/// Slope over points of (seconds, bytes) with strictly rising seconds; takes the last [`MAXIMUM_POINTS`].
/// `None` below [`MINIMUM_POINTS`], or when a value is not finite.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    let points = points.get(points.len().saturating_sub(MAXIMUM_POINTS)..)?;
    if points.len() < MINIMUM_POINTS || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let mut storage = [0; MAXIMUM_PAIRS];
    let slopes = pairwise(points, &mut storage)?;
    slopes.sort_unstable();
    let (lower, upper) = bounds(points.len());
    Some(Slope {
        rate: BytesPerSecond(median(slopes)?),
        lower: BytesPerSecond(value_of(*slopes.get(lower)?)),
        upper: BytesPerSecond(value_of(*slopes.get(upper)?)),
    })
}

/// Places of the bounds among the sorted slopes of so many points.
fn bounds(points: usize) -> (usize, usize) {
    let n = count_as_f64(length_as_count(points));
    let pairs = points * points.saturating_sub(1) / 2;
    let total = count_as_f64(length_as_count(pairs));
    let spread = Z_95 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    // Ranks are counted from 1 in the source and from 0 here; rounded outward, so that the bounds are never too tight.
    (place((total - spread) / 2.0 - 1.0, pairs), place(((total + spread) / 2.0).ceil(), pairs))
}

/// How many pairs of a row of floors do not go up, kept while floors come and go: whether a slope has its lower bound above
/// zero is told from it without the slope.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Ascent {
    not_up: u8,
}

impl Ascent {
    /// The first `leaving` floors of `row`, at most [`MAXIMUM_POINTS`] and finite, go, and `floor` comes.
    pub fn follow(&mut self, row: &[f32], leaving: usize, floor: f32) {
        let mut rest = row;
        while let ([first, later @ ..], true) = (rest, rest.len() + leaving > row.len()) {
            self.not_up -= count(later, |later| later <= *first);
            rest = later;
        }
        self.not_up += count(rest, |earlier| floor <= earlier);
    }

    /// Whether the slope over so many floors has its lower bound above zero: no more pairs than its place do not go up.
    pub fn is_certain(self, floors: usize) -> bool {
        floors >= MINIMUM_POINTS && usize::from(self.not_up) <= bounds(floors).0
    }
}

fn count(floors: &[f32], counts: impl Fn(f32) -> bool) -> u8 {
    floors.iter().map(|floor| u8::from(counts(*floor))).sum()
}

/// Whether the lower bound of the slope over points, at most [`MAXIMUM_POINTS`] and finite, is at least `rate`: counted, a
/// tenth of the work of the slope itself.
pub fn reaches(points: &[(f64, f64)], rate: f64) -> bool {
    points.len() >= MINIMUM_POINTS && below(points, rate) <= bounds(points.len()).0
}

/// Whether the slope over such points may be `rate` or more; where not, it is less. Counted too.
pub fn may_reach(points: &[(f64, f64)], rate: f64) -> bool {
    2 * below(points, rate) <= pairs(points)
}

/// Whether the bounds of the slope over such points overlap those of another. Counted too.
pub fn overlaps(points: &[(f64, f64)], other: Slope) -> bool {
    let (least, most) = (lowered(other.lower.0), -lowered(-other.upper.0));
    let [below, above] = count_pairs(points, |rise, run| [rise < least * run, rise > most * run]);
    let (lower, upper) = bounds(points.len());
    // The upper bound is not below, and the lower bound not above.
    below <= upper && above + lower < pairs(points)
}

fn pairs(points: &[(f64, f64)]) -> usize {
    points.len() * points.len().saturating_sub(1) / 2
}

/// A rate by so much lower that rounding makes no difference.
fn lowered(rate: f64) -> f64 {
    rate - rate.abs() * 16.0 * f64::EPSILON
}

/// Pairs of points whose slope is below `rate`.
fn below(points: &[(f64, f64)], rate: f64) -> usize {
    let rate = lowered(rate);
    let [below] = count_pairs(points, |rise, run| [rise < rate * run]);
    below
}

/// How many pairs of points show what, by their difference in bytes and in seconds.
fn count_pairs<const N: usize>(points: &[(f64, f64)], shows: impl Fn(f64, f64) -> [bool; N]) -> [usize; N] {
    let (mut rest, mut counts) = (points, [0; N]);
    while let [(x1, y1), later @ ..] = rest {
        for (x2, y2) in later {
            let shown = shows(y2 - y1, x2 - x1);
            counts.iter_mut().zip(shown).for_each(|(count, is_shown)| *count += usize::from(is_shown));
        }
        rest = later;
    }
    counts
}

/// Median of the pairwise slopes of points of (seconds, bytes), the last [`MAXIMUM_POINTS`]; `None` below two.
pub fn median_slope(points: &[(f64, f64)]) -> Option<f64> {
    let points = points.get(points.len().saturating_sub(MAXIMUM_POINTS)..)?;
    let mut storage = [0; MAXIMUM_PAIRS];
    let slopes = pairwise(points, &mut storage)?;
    slopes.sort_unstable();
    median(slopes)
}

/// The slopes of all pairs, as [`key_of`] them.
fn pairwise<'a>(points: &[(f64, f64)], storage: &'a mut [i64; MAXIMUM_PAIRS]) -> Option<&'a mut [i64]> {
    let (mut rest, mut pairs) = (points, 0);
    while let [(x1, y1), later @ ..] = rest {
        let slots = storage.get_mut(pairs..pairs + later.len())?;
        for (slot, (x2, y2)) in slots.iter_mut().zip(later) {
            *slot = key_of((y2 - y1) / (x2 - x1));
        }
        (rest, pairs) = (later, pairs + later.len());
    }
    storage.get_mut(..pairs)
}

/// A whole number that sorts as the float does (as [`f64::total_cmp`] has it): sorting by it takes half the time.
fn key_of(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ (bits >> 63).cast_unsigned().wrapping_shr(1).cast_signed()
}

/// The float behind a key.
fn value_of(key: i64) -> f64 {
    f64::from_bits((key ^ (key >> 63).cast_unsigned().wrapping_shr(1).cast_signed()).cast_unsigned())
}

fn place(rank: f64, pairs: usize) -> usize {
    usize::try_from(whole(rank)).unwrap_or(usize::MAX).min(pairs.saturating_sub(1))
}

fn median(sorted: &[i64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = value_of(*sorted.get(middle)?);
    let lower = || Some(value_of(*sorted.get(middle.checked_sub(1)?)?));
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(lower()?, upper)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn line(values: &[f64]) -> Vec<(f64, f64)> {
        (0_u32..).zip(values).map(|(x, y)| (f64::from(x), *y)).collect()
    }

    #[test]
    fn a_straight_line_has_its_own_slope_and_no_spread() {
        let slope = theil_sen(&line(&[5.0, 8.0, 11.0, 14.0, 17.0, 20.0, 23.0, 26.0])).unwrap();
        assert_eq!((slope.rate.0, slope.lower.0, slope.upper.0), (3.0, 3.0, 3.0));
    }

    #[test]
    fn one_outlier_does_not_move_it() {
        let mut values: Vec<f64> = (0..15).map(|x| f64::from(x) * 2.0).collect();
        values[7] = 1e9;
        let slope = theil_sen(&line(&values)).unwrap();
        assert!((slope.rate.0 - 2.0).abs() < 1e-9, "{slope:?}");
    }

    #[test]
    fn too_few_points_and_values_that_are_no_numbers_have_no_slope() {
        assert_eq!(theil_sen(&line(&[1.0; MINIMUM_POINTS - 1])), None);
        assert_eq!(theil_sen(&[]), None);
        let mut values = [1.0; 15];
        values[3] = f64::NAN;
        assert_eq!(theil_sen(&line(&values)), None);
    }

    /// Worked by hand from Gilbert's formula: n = 8, C = 1.96 sqrt(8*7*21/18) = 15.84, ranks 6.08 and 22.92 of 28.
    #[test]
    fn bounds_are_the_pairs_at_the_ranks_of_the_source() {
        let values = [0.0, 10.0, 9.0, 30.0, 25.0, 60.0, 52.0, 90.0];
        let points = line(&values);
        let mut slopes = Vec::new();
        for (place, (x1, y1)) in points.iter().enumerate() {
            slopes.extend(points[place + 1..].iter().map(|(x2, y2)| (y2 - y1) / (x2 - x1)));
        }
        slopes.sort_by(f64::total_cmp);
        let slope = theil_sen(&line(&values)).unwrap();
        assert_eq!((slope.lower.0, slope.upper.0), (slopes[5], slopes[22]));
    }

    /// Whether such floors rise when they come one by one, the first three in the place of others.
    fn rises(floors: &[f64]) -> bool {
        let (mut ascent, mut row) = (Ascent::default(), Vec::new());
        let add = |ascent: &mut Ascent, row: &mut Vec<f32>, leaving: usize, floor: f32| {
            ascent.follow(row, leaving, floor);
            row.drain(..leaving);
            row.push(floor);
        };
        [2.0, 3.0, 1.0, 2.0].into_iter().for_each(|other| add(&mut ascent, &mut row, 0, other));
        let leaving = [1, 0, 3].into_iter().chain(std::iter::repeat(0));
        let floors = floors.iter().map(|floor| crate::units::narrowed(*floor));
        floors.zip(leaving).for_each(|(floor, leaving)| add(&mut ascent, &mut row, leaving, floor));
        ascent.is_certain(row.len())
    }

    proptest! {
        #[test]
        fn what_is_counted_agrees_with_the_slope_where_floors_are_equal_too(
            values in prop::collection::vec(0_u8..4, 8..=15), others in (-1_i8..3, 0_u8..2)
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let slope = theil_sen(&line(&values)).unwrap();
            prop_assert_eq!(rises(&values), slope.lower.0 > 0.0);
            let lower = BytesPerSecond(f64::from(others.0));
            let other = Slope { rate: lower, lower, upper: BytesPerSecond(lower.0 + f64::from(others.1)) };
            let expected = slope.upper >= other.lower && slope.lower <= other.upper;
            prop_assert_eq!(overlaps(&line(&values), other), expected);
        }
    }

    proptest! {
        #[test]
        fn a_slope_is_below_what_it_may_not_reach(
            values in prop::collection::vec(prop_oneof![0.0..1e9_f64, (0_u8..4).prop_map(f64::from)], 8..=15), to in 0.5..1.5
        ) {
            let points = line(&values);
            let rate = theil_sen(&points).unwrap().rate.0;
            prop_assert!(may_reach(&points, rate));
            prop_assert!(may_reach(&points, rate * to) || rate < rate * to);
            // With an odd number of pairs the median is one of them, and the count says it all.
            let is_one_of_them = values.len() * (values.len() - 1) / 2 % 2 == 1;
            prop_assert!(!is_one_of_them || !may_reach(&points, rate + rate.abs() * 1e-9 + 1e-9));
        }
    }

    proptest! {
        #[test]
        fn shift_does_not_matter_and_sign_flips(
            values in prop::collection::vec((-1e9..1e9_f32).prop_map(f64::from), 8..=15), by in -1e9..1e9_f64
        ) {
            let slope = theil_sen(&line(&values)).unwrap();
            prop_assert!(slope.lower <= slope.rate && slope.rate <= slope.upper);
            let shifted = theil_sen(&line(&values.iter().map(|y| y + by).collect::<Vec<_>>())).unwrap();
            prop_assert_eq!(rises(&values), slope.lower.0 > 0.0);
            for rate in [slope.lower.0, slope.lower.0 + by] {
                prop_assert_eq!(reaches(&line(&values), rate), slope.lower.0 >= rate);
            }
            for other in [slope.rate.0 + by, slope.lower.0, slope.upper.0, slope.upper.0 * 1.001] {
                let other = Slope { rate: BytesPerSecond(other), lower: BytesPerSecond(other), upper: BytesPerSecond(other + by.abs()) };
                let expected = slope.upper >= other.lower && slope.lower <= other.upper;
                prop_assert_eq!(overlaps(&line(&values), other), expected);
            }
            prop_assert!((slope.rate.0 - shifted.rate.0).abs() < 1e-3);
            let flipped = theil_sen(&line(&values.iter().map(|y| -y).collect::<Vec<_>>())).unwrap();
            prop_assert!((slope.rate.0 + flipped.rate.0).abs() < 1e-3);
        }
    }
}
