//! The floors of one lifetime at ten time scales, in constant memory.
//!
//! A base block (60 s unless set otherwise) keeps the lowest value seen in it: what is left after the collector has
//! run. A block of scale k spans 2^k base blocks and keeps the lowest of their floors. Each scale remembers its last 15
//! completed blocks: windows of 15 min · 2^k from one and a quarter kilobytes. A block in which nothing was seen is a
//! gap, never a zero.

use super::onset::change_point;
use super::trend::{Ascent, MAXIMUM_POINTS};
use crate::units::{Moment, count_as_f64, length_as_count, narrowed, whole};
use serde::{Deserialize, Serialize};

/// Number of scales: with a block of 60 s, windows from 15 min to 128 h.
pub const SCALES: usize = 10;

/// Scales of which a slope is published: 15m, 1h, 4h, 16h, 64h with a block of 60 s.
pub const PUBLISHED_SCALES: [usize; 5] = [0, 2, 4, 6, 8];

/// The last completed blocks of one scale.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Ring {
    /// Floors of the blocks that were seen, oldest first, with seven figures: exact in pages up to 64 GiB. What stands behind
    /// them is of no meaning.
    floors: Row<f32>,
    /// Bit `age` tells whether the block `age` before the newest was seen.
    seen: u16,
    newest: u32,
}

/// A block's index in half the space: enough for eight thousand years of minutes.
fn numbered(index: u64) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// One value for each block that a scale remembers.
type Row<T> = [T; MAXIMUM_POINTS];

/// How the rows of one scale move when a block is added: so many of the first values leave, so many stay.
#[derive(Clone, Copy, Debug)]
struct Move {
    leave: usize,
    stay: usize,
}

impl Move {
    fn append<T: Copy>(self, row: &mut Row<T>, value: T) {
        if self.leave > 0 && self.leave + self.stay <= row.len() {
            row.copy_within(self.leave..self.leave + self.stay, 0);
        }
        if let Some(slot) = row.get_mut(self.stay) {
            *slot = value;
        }
    }
}

impl Ring {
    /// Adds the floor of block `index`; an index not after the newest is ignored.
    pub fn push(&mut self, index: u64, floor: f64) {
        if let Some(step) = self.step_to(numbered(index)) {
            step.append(&mut self.floors, narrowed(floor));
        }
    }

    /// Makes `index` the newest; `None` when it is not after it.
    fn step_to(&mut self, index: u32) -> Option<Move> {
        let ahead = if self.seen == 0 { 1 } else { index.saturating_sub(self.newest) };
        if ahead == 0 {
            return None;
        }
        let before = self.count();
        self.seen = (self.seen.checked_shl(ahead).unwrap_or(0) | 1) & ALL_SEEN;
        self.newest = index;
        let stay = self.count() - 1;
        Some(Move { leave: before - stay, stay })
    }

    /// Completed blocks remembered.
    pub fn count(&self) -> usize {
        // All of them, after a while: worth a look, since not every processor counts bits at once.
        if self.seen == ALL_SEEN {
            MAXIMUM_POINTS
        } else {
            usize::try_from(self.seen.count_ones()).unwrap_or(MAXIMUM_POINTS)
        }
    }

    /// Their floors, oldest first.
    pub fn floors(&self) -> &[f32] {
        self.floors.get(..self.count()).unwrap_or_default()
    }

    /// Their block indexes, oldest first.
    fn indexes(&self) -> impl Iterator<Item = u64> + '_ {
        let ages = (0..MAXIMUM_POINTS).rev().filter(|age| self.seen & (1 << age) != 0);
        ages.map(|age| u64::from(self.newest).saturating_sub(length_as_count(age)))
    }

    /// (block index, floor), oldest first.
    pub fn blocks(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.indexes().zip(self.floors().iter().copied().map(f64::from))
    }

    /// Indexes of the oldest block and of the newest.
    fn ends(&self) -> Option<(u64, u64)> {
        let age = u16::BITS.checked_sub(self.seen.leading_zeros() + 1)?;
        let newest = u64::from(self.newest);
        Some((newest.saturating_sub(u64::from(age)), newest))
    }
}

/// [`Ring::seen`] without a gap.
const ALL_SEEN: u16 = (1 << MAXIMUM_POINTS) - 1;

/// Which scales completed a block, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completed(u16);

impl Completed {
    /// Whether scale `scale` completed one.
    pub fn contains(self, scale: usize) -> bool {
        self.0 & (1 << scale) != 0
    }

    /// Whether any did.
    pub fn any(self) -> bool {
        self.0 != 0
    }
}

/// Work done between two samples, and the time that it took: a load counter's increase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Work {
    /// Requests, or CPU seconds.
    pub amount: f32,
    /// Seconds between the samples; 0 when the load is not known.
    pub seconds: f32,
}

impl Work {
    /// `amount` of work over `seconds`.
    pub fn over(amount: f64, seconds: f64) -> Self {
        Self { amount: narrowed(amount), seconds: narrowed(seconds) }
    }

    fn add(&mut self, other: Self) {
        self.amount += other.amount;
        self.seconds += other.seconds;
    }

    /// Work a second; NaN when not known.
    fn rate(self) -> f32 {
        if self.seconds > 0.0 { self.amount / self.seconds } else { f32::NAN }
    }
}

/// A block that is not complete yet.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Open {
    index: u32,
    lowest: f32,
    work: Work,
}

impl Open {
    fn join(&mut self, floor: f32, work: Work) {
        self.lowest = self.lowest.min(floor);
        self.work.add(work);
    }
}

/// Floors of one series at all scales, and the mean load over each block.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Floors {
    block_seconds: f64,
    origin: Moment,
    rings: [Ring; SCALES],
    /// Mean load by scale, beside the ring's floors; NaN when not known.
    loads: [Row<f32>; SCALES],
    open: [Option<Open>; SCALES],
    ascents: [Ascent; SCALES],
    last: Option<f64>,
}

impl Floors {
    /// Begins at `origin`, the instant of the first sample; `block_seconds` must be positive.
    pub fn new(block_seconds: f64, origin: Moment) -> Self {
        Self {
            block_seconds,
            origin,
            rings: [Ring::default(); SCALES],
            loads: [[f32::NAN; MAXIMUM_POINTS]; SCALES],
            open: [None; SCALES],
            ascents: [Ascent::default(); SCALES],
            last: None,
        }
    }

    /// Counts time from `seconds` later on.
    pub fn shift(&mut self, seconds: f64) {
        self.origin.0 -= seconds;
    }

    /// Index of the base block that holds `at`.
    pub fn block_index(&self, at: Moment) -> u64 {
        whole((at.0 - self.origin.0) / self.block_seconds)
    }

    /// Adds a value, and the work since the value before it. A moment before the open block (a clock that went back)
    /// counts into the open block.
    pub fn push(&mut self, at: Moment, value: f64, work: Work) -> Completed {
        let value = narrowed(value);
        if !value.is_finite() || !at.0.is_finite() {
            return Completed::default();
        }
        let index = numbered(self.block_index(at));
        let [open, ..] = &mut self.open;
        match open {
            Some(current) if index <= current.index => {
                current.join(value, work);
                Completed::default()
            }
            _ => open.replace(Open { index, lowest: value, work }).map(|done| self.complete(done)).unwrap_or_default(),
        }
    }

    /// Passes a completed base block up through the scales.
    fn complete(&mut self, base: Open) -> Completed {
        self.last = Some(base.lowest.into());
        let mut completed = Completed(0);
        for scale in 0..SCALES {
            let index = base.index >> scale;
            let mut done = base;
            if scale > 0 {
                let Some(open) = self.open.get_mut(scale) else { break };
                match open {
                    Some(current) if current.index == index => current.join(base.lowest, base.work),
                    _ => {
                        // A gap ended the block that was open: it stands with what it saw.
                        if let Some(cut) = open.replace(Open { index, ..base }) {
                            self.keep(scale, cut);
                            completed.0 |= 1 << scale;
                        }
                    }
                }
                let is_last_of_block = base.index.wrapping_add(1) & ((1 << scale) - 1) == 0;
                if !is_last_of_block {
                    continue;
                }
                done = self.open.get_mut(scale).and_then(Option::take).unwrap_or(base);
            }
            self.keep(scale, Open { index, ..done });
            completed.0 |= 1 << scale;
        }
        completed
    }

    fn keep(&mut self, scale: usize, block: Open) {
        if let (Some(ring), Some(loads), Some(ascent)) =
            (self.rings.get_mut(scale), self.loads.get_mut(scale), self.ascents.get_mut(scale))
            && let Some(step) = ring.step_to(block.index)
        {
            let before = ring.floors.get(..step.leave + step.stay).unwrap_or_default();
            ascent.follow(before, step.leave, block.lowest);
            step.append(&mut ring.floors, block.lowest);
            step.append(loads, block.work.rate());
        }
    }

    /// Whether the slope of a scale has its lower bound above zero.
    pub fn is_rising(&self, scale: usize) -> bool {
        let count = self.rings.get(scale).map_or(0, Ring::count);
        self.ascents.get(scale).is_some_and(|ascent| ascent.is_certain(count))
    }

    /// Mean load over the completed blocks of one scale, oldest first, as many as [`Self::points`]; NaN where not known.
    pub fn loads(&self, scale: usize) -> &[f32] {
        let count = self.rings.get(scale).map_or(0, Ring::count);
        self.loads.get(scale).and_then(|loads| loads.get(..count)).unwrap_or_default()
    }

    /// Forgets the load so far.
    pub fn forget_loads(&mut self) {
        self.loads = [[f32::NAN; MAXIMUM_POINTS]; SCALES];
        self.open.iter_mut().flatten().for_each(|open| open.work = Work::default());
    }

    /// Seconds until a scale holds so many blocks, as densely as they have come so far; infinite where none ever will.
    pub fn seconds_to(&self, blocks: usize) -> f64 {
        let Some(fullest) = (0..SCALES).rev().max_by_key(|scale| self.rings.get(*scale).map_or(0, Ring::count)) else {
            return f64::INFINITY;
        };
        let [count, wanted] =
            [self.rings.get(fullest).map_or(0, Ring::count), blocks].map(length_as_count).map(count_as_f64);
        let spacing = match self.ends(fullest) {
            Some((oldest, newest)) if count > 1.0 => (newest - oldest) / (count - 1.0),
            _ => self.seconds_per_block(fullest),
        };
        let longest = self.seconds_per_block(SCALES - 1) * count_as_f64(length_as_count(MAXIMUM_POINTS - 1));
        // One more is open.
        if spacing * (wanted - 1.0) > longest { f64::INFINITY } else { (wanted + 1.0 - count).max(0.0) * spacing }
    }

    /// Lowest value of the last completed base block.
    pub fn last(&self) -> Option<f64> {
        self.last
    }

    /// Lowest floor of the last 15 base blocks: a level that a short rise does not move.
    pub fn lowest_of_late(&self) -> f64 {
        self.rings.first().and_then(|ring| ring.floors().iter().copied().reduce(f32::min)).map_or(0.0, f64::from)
    }

    /// Completed blocks of one scale.
    pub fn ring(&self, scale: usize) -> Option<&Ring> {
        self.rings.get(scale)
    }

    /// (seconds, floor) of a scale's completed blocks, oldest first, at most 15; seconds count from the series' origin.
    pub fn points(&self, scale: usize) -> Points {
        let (mut points, seconds) = (Points::default(), self.seconds_per_block(scale));
        let Some(ring) = self.rings.get(scale) else { return points };
        let newest = f64::from(ring.newest);
        let ages = (0_u8..15).rev().filter(|age| ring.seen & (1 << age) != 0);
        for (slot, (age, floor)) in points.storage.iter_mut().zip(ages.zip(ring.floors())) {
            *slot = ((newest - f64::from(age)) * seconds, f64::from(*floor));
        }
        points.count = ring.count();
        points
    }

    /// (begin, floor) of a scale's completed blocks, oldest first.
    pub fn blocks(&self, scale: usize) -> impl Iterator<Item = (Moment, f64)> + '_ {
        let seconds = self.seconds_per_block(scale);
        let begin = move |index| Moment(self.origin.0 + count_as_f64(index) * seconds);
        self.rings.get(scale).into_iter().flat_map(Ring::blocks).map(move |(index, floor)| (begin(index), floor))
    }

    /// Begin of the oldest block that a scale remembers and of the newest, in seconds since the series' origin.
    pub fn ends(&self, scale: usize) -> Option<(f64, f64)> {
        let seconds = |index: u64| count_as_f64(index) * self.seconds_per_block(scale);
        self.rings.get(scale)?.ends().map(|(oldest, newest)| (seconds(oldest), seconds(newest)))
    }

    /// When the oldest block that a scale remembers began.
    pub fn begin(&self, scale: usize) -> Option<Moment> {
        self.ends(scale).map(|(oldest, _)| Moment(self.origin.0 + oldest))
    }

    /// Length of a block of one scale.
    pub fn seconds_per_block(&self, scale: usize) -> f64 {
        self.block_seconds * count_as_f64(1 << scale)
    }

    /// When the growth that a scale shows began; at the earliest with the oldest block that it remembers.
    pub fn change_point(&self, scale: usize) -> Option<Moment> {
        change_point(self.points(scale).as_slice()).map(|seconds| Moment(self.origin.0 + seconds))
    }
}

/// At most 15 points, without a heap allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Points {
    storage: [(f64, f64); MAXIMUM_POINTS],
    count: usize,
}

impl Points {
    /// Adds one; over the capacity it is dropped.
    pub fn push(&mut self, point: (f64, f64)) {
        if let Some(slot) = self.storage.get_mut(self.count) {
            *slot = point;
            self.count += 1;
        }
    }

    /// All of them, oldest first.
    pub fn as_slice(&self) -> &[(f64, f64)] {
        self.storage.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn minutes(floors: &mut Floors, range: std::ops::Range<u32>, value: impl Fn(u32) -> f64) {
        for minute in range {
            floors.push(Moment(100.0 + f64::from(minute) * 60.0), value(minute), Work::default());
            floors.push(Moment(100.0 + f64::from(minute) * 60.0 + 30.0), value(minute) + 500.0, Work::default());
        }
    }

    #[test]
    fn a_block_keeps_its_lowest_value() {
        let mut floors = Floors::new(60.0, Moment(100.0));
        minutes(&mut floors, 0..3, f64::from);
        assert_eq!(floors.last(), Some(1.0), "the third block is still open");
        assert_eq!(floors.ring(0).unwrap().blocks().collect::<Vec<_>>(), [(0, 0.0), (1, 1.0)]);
    }

    #[test]
    fn longer_scales_keep_the_lowest_of_their_blocks() {
        let mut floors = Floors::new(60.0, Moment(100.0));
        minutes(&mut floors, 0..65, |minute| f64::from(100 - minute));
        let hour = floors.ring(2).unwrap();
        assert_eq!(hour.count(), 15);
        assert_eq!(hour.blocks().last(), Some((15, f64::from(100 - 63))));
        assert_eq!(hour.blocks().next(), Some((1, f64::from(100 - 7))));
        assert_eq!(floors.seconds_per_block(2) * 15.0, 3600.0);
    }

    #[test]
    fn a_gap_is_a_gap_and_never_a_zero() {
        let mut floors = Floors::new(60.0, Moment(100.0));
        minutes(&mut floors, 0..5, |_| 7.0);
        minutes(&mut floors, 10..13, |_| 9.0);
        let blocks: Vec<_> = floors.ring(0).unwrap().blocks().collect();
        assert_eq!(blocks, [(0, 7.0), (1, 7.0), (2, 7.0), (3, 7.0), (4, 7.0), (10, 9.0), (11, 9.0)]);
        assert_eq!(floors.ring(1).unwrap().blocks().last(), Some((5, 9.0)));
        minutes(&mut floors, 100_000..100_002, |_| 1.0);
        assert_eq!(floors.ring(0).unwrap().blocks().collect::<Vec<_>>(), [(100_000, 1.0)]);
    }

    #[test]
    fn a_clock_that_goes_back_and_values_that_are_no_numbers_do_no_harm() {
        let mut floors = Floors::new(60.0, Moment(100.0));
        minutes(&mut floors, 0..3, |_| 7.0);
        floors.push(Moment(-5.0), 3.0, Work::default());
        floors.push(Moment(300.0), f64::NAN, Work::default());
        floors.push(Moment(f64::INFINITY), 1.0, Work::default());
        minutes(&mut floors, 3..5, |_| 8.0);
        assert_eq!(floors.ring(0).unwrap().blocks().collect::<Vec<_>>(), [(0, 7.0), (1, 7.0), (2, 3.0), (3, 8.0)]);
    }

    #[test]
    fn what_is_missing_is_told_at_the_pace_of_the_samples() {
        let sampled = |every: f64, count: u32| {
            let mut floors = Floors::new(60.0, Moment(0.0));
            (0..count).for_each(|step| {
                floors.push(Moment(f64::from(step) * every), 7.0, Work::default());
            });
            floors.seconds_to(8)
        };
        assert_eq!(sampled(5.0, 1), 9.0 * 60.0);
        assert_eq!(sampled(5.0, 25), 7.0 * 60.0);
        let hourly = sampled(3600.0, 5);
        assert!((4.0 * 3600.0..6.0 * 3600.0).contains(&hourly), "{hourly}");
        assert_eq!(sampled(86_400.0, 5), f64::INFINITY);
    }

    #[test]
    fn growth_began_where_the_floors_bend() {
        let mut floors = Floors::new(60.0, Moment(100.0));
        minutes(&mut floors, 0..13, |minute| f64::from(minute.max(6)));
        assert_eq!(floors.change_point(0), Some(Moment(100.0 + 6.0 * 60.0)));
    }

    proptest! {
        #[test]
        fn no_scale_ever_holds_more_than_its_capacity_or_a_value_below_the_lowest(
            steps in prop::collection::vec((0.0..2000.0_f64, (0.0..1e12_f32).prop_map(f64::from)), 1..400)
        ) {
            let mut floors = Floors::new(60.0, Moment(0.0));
            let (mut at, mut lowest) = (0.0, f64::INFINITY);
            for (step, value) in steps {
                at += step;
                lowest = lowest.min(value);
                floors.push(Moment(at), value, Work::default());
                for scale in 0..SCALES {
                    let ring = floors.ring(scale).unwrap();
                    prop_assert!(ring.count() <= MAXIMUM_POINTS);
                    let blocks: Vec<_> = ring.blocks().collect();
                    prop_assert!(blocks.windows(2).all(|pair| pair[0].0 < pair[1].0));
                    prop_assert!(blocks.iter().all(|(_, floor)| *floor >= lowest));
                }
            }
        }
    }
}
