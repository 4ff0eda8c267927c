//! The floors that are remembered of a life, on the wall clock: made when somebody asks, kept by nobody.

use super::floors::{Floors, PUBLISHED_SCALES, SCALES};
use crate::units::{Clock, Timestamp, count_as_f64, length_as_count, whole};

/// What is shorter than this share of a block is none: rounding.
const LEAST_SHARE: f64 = 1e-3;

/// A stretch of time and the lowest heap in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// When it began.
    pub begin: Timestamp,
    /// Its length in seconds, above 0.
    pub seconds: f64,
    /// Lowest heap in it, in bytes.
    pub floor: f64,
}

impl Block {
    /// When it ended, in seconds since the Unix epoch.
    pub fn end(&self) -> f64 {
        self.begin.0 + self.seconds
    }
}

/// Floors of the heap in the present life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// As far back as is remembered, oldest first: each time by the shortest blocks that reach it, about a hundred at the
    /// most. They do not overlap; where nothing was seen there is none.
    pub course: Vec<Block>,
    /// Of each published window, oldest first, at most 15.
    pub windows: [Vec<Block>; PUBLISHED_SCALES.len()],
}

impl History {
    /// Of one series.
    pub(super) fn of(floors: &Floors, clock: Clock) -> Self {
        Self { course: course(floors, clock), windows: PUBLISHED_SCALES.map(|scale| blocks(floors, scale, clock)) }
    }
}

fn blocks(floors: &Floors, scale: usize, clock: Clock) -> Vec<Block> {
    let seconds = floors.seconds_per_block(scale);
    floors.blocks(scale).map(|(begin, floor)| Block { begin: clock.wall_at(begin), seconds, floor }).collect()
}

/// All scales as one series: the blocks of each that end before those of the shorter ones begin.
pub(super) fn course(floors: &Floors, clock: Clock) -> Vec<Block> {
    let mut newest_first = Vec::new();
    let mut known_from = f64::INFINITY;
    for scale in 0..SCALES {
        let of_scale = blocks(floors, scale, clock);
        for block in of_scale.iter().rev() {
            let seconds = block.seconds.min(known_from - block.begin.0);
            if seconds > block.seconds * LEAST_SHARE {
                newest_first.push(Block { seconds, ..*block });
            }
        }
        known_from = of_scale.first().map_or(known_from, |oldest| known_from.min(oldest.begin.0));
    }
    newest_first.reverse();
    newest_first
}

/// The same in at most `most` blocks: what begins in the same part of the time is one, with its lowest floor.
pub(super) fn coarse(course: Vec<Block>, most: usize) -> Vec<Block> {
    let (Some(first), Some(last)) = (course.first(), course.last()) else { return course };
    if course.len() <= most {
        return course;
    }
    let (begin, width) = (first.begin.0, (last.end() - first.begin.0) / count_as_f64(length_as_count(most)));
    let part = |block: &Block| whole((block.begin.0 - begin) / width);
    let mut joined: Vec<Block> = Vec::with_capacity(most);
    for block in course {
        match joined.last_mut() {
            Some(before) if part(before) == part(&block) => {
                before.seconds = block.end() - before.begin.0;
                before.floor = before.floor.min(block.floor);
            }
            _ => joined.push(block),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::floors::Work;
    use crate::units::Moment;

    const CLOCK: Clock = Clock { moment: Moment(0.0), wall: Timestamp(1.7e9) };

    fn grown(minutes: impl Iterator<Item = u32>) -> Floors {
        let mut floors = Floors::new(60.0, Moment(0.0));
        for minute in minutes {
            floors.push(Moment(f64::from(minute) * 60.0), f64::from(minute), Work::default());
        }
        floors
    }

    #[test]
    fn all_scales_together_reach_back_without_overlap_or_hole() {
        // 128 hours are the longest window.
        for minutes in [2, 16, 17, 100, 1000, 7680, 50_000] {
            let floors = grown(0..minutes);
            let course = course(&floors, CLOCK);
            assert!(
                course.windows(2).all(|pair| (pair[0].end() - pair[1].begin.0).abs() < 1e-3),
                "{minutes}: {course:?}"
            );
            assert!(course.windows(2).all(|pair| pair[0].floor < pair[1].floor), "{minutes}: {course:?}");
            assert!(course.len() <= 100, "{minutes}: {}", course.len());
            let last = course.last().unwrap();
            assert_eq!((last.end(), last.seconds), (1.7e9 + f64::from(minutes - 1) * 60.0, 60.0));
            let reach = last.end() - course.first().unwrap().begin.0;
            assert!(reach >= f64::from((minutes - 1).min(6900)) * 60.0, "{minutes} minutes: {reach} s");
        }
    }

    #[test]
    fn where_nothing_was_seen_there_is_no_block() {
        let course = course(&grown((0..10).chain(14..20)), CLOCK);
        let begins: Vec<u64> = course.iter().map(|block| whole((block.begin.0 - 1.7e9) / 60.0)).collect();
        assert_eq!(begins, [0, 2, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18]);
    }

    #[test]
    fn a_coarse_course_is_short_and_keeps_its_ends_and_its_lowest() {
        let fine = course(&grown(0..7000), CLOCK);
        let few = coarse(fine.clone(), 24);
        assert!((8..=24).contains(&few.len()), "{few:?}");
        assert_eq!((few[0].begin, few[0].floor), (fine[0].begin, fine[0].floor));
        assert_eq!(few.last().unwrap().end(), fine.last().unwrap().end());
        assert!(few.windows(2).all(|pair| (pair[0].end() - pair[1].begin.0).abs() < 1e-3), "{few:?}");
        assert_eq!(coarse(Vec::new(), 24), []);
        assert_eq!(coarse(fine[..9].to_vec(), 24), fine[..9]);
    }

    #[test]
    fn windows_hold_what_the_floors_hold() {
        let history = History::of(&grown(0..300), CLOCK);
        assert_eq!(history.windows.each_ref().map(Vec::len), [15, 15, 15, 4, 1]);
        let hour = &history.windows[1];
        assert_eq!((hour[0].seconds, hour[0].floor, hour[0].begin.0), (240.0, 236.0, 1.7e9 + 236.0 * 60.0));
    }
}
