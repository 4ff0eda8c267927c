//! A restart loop: lives that are too short for a slope, each growing up to its end at the limit. One such life may be a
//! start-up that does not fit; several in succession are a leak that is fast.

use super::floors::Floors;
use crate::units::{BytesPerSecond, Moment};
use serde::{Deserialize, Serialize};

/// A life of more base blocks can show a leak by itself.
const LONGEST_BLOCKS: f64 = 15.0;

/// A life of fewer base blocks is a start-up that does not fit below the limit.
const LEAST_BLOCKS: f64 = 3.0;

/// So many lives in succession make a loop.
const LIVES: u64 = 3;

/// And they must have lasted for so many base blocks together (half an hour), as long as an urgent call takes.
const TOGETHER_BLOCKS: f64 = 30.0;

/// The share of a life's growth that its second half must bring: a start-up comes to rest.
const LATE_SHARE: f64 = 0.25;

/// The share of its last level that a life must have gained.
const SHARE_OF_LEVEL: f64 = 0.05;

/// Short lives in succession that died of growth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct RestartLoop {
    pub(super) began: Moment,
    pub(super) lives: u64,
    pub(super) seconds: f64,
    grown: f64,
}

/// How one life went.
pub(super) struct Course<'a> {
    pub(super) began: Moment,
    pub(super) ended: Moment,
    pub(super) floors: &'a Floors,
    /// Bytes when it was last seen.
    pub(super) last: f64,
}

impl RestartLoop {
    /// Takes in a life that died at the limit.
    pub(super) fn follow(&mut self, life: &Course<'_>, block_seconds: f64) {
        let seconds = life.ended.0 - life.began.0;
        let grown = grown(life).filter(|_| (LEAST_BLOCKS..=LONGEST_BLOCKS).contains(&(seconds / block_seconds)));
        match grown {
            None => *self = Self::default(),
            Some(grown) => {
                let began = if self.lives == 0 { life.began } else { self.began };
                let (lives, seconds) = (self.lives.saturating_add(1), self.seconds + seconds);
                *self = Self { began, lives, seconds, grown: self.grown + grown };
            }
        }
    }

    /// Counts time from `seconds` later on.
    pub(super) fn shift(&mut self, seconds: f64) {
        self.began.0 -= seconds;
    }

    /// The rate of its growth, once it is a leak.
    pub(super) fn rate(&self, block_seconds: f64) -> Option<BytesPerSecond> {
        let is_leak = self.lives >= LIVES && self.seconds >= TOGETHER_BLOCKS * block_seconds;
        is_leak.then(|| BytesPerSecond(self.grown / self.seconds))
    }
}

/// Bytes gained over a life that grew up to its end; `None` for any other.
fn grown(life: &Course<'_>) -> Option<f64> {
    let points = life.floors.points(0);
    let (_, first) = *points.as_slice().first()?;
    let half = (life.ended.0 - life.began.0) / 2.0;
    let (_, middle) = *points.as_slice().iter().rfind(|(at, _)| *at <= half)?;
    let grown = life.last - first;
    (grown >= SHARE_OF_LEVEL * life.last && life.last - middle >= LATE_SHARE * grown).then_some(grown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floors::Work;

    const MINUTE: f64 = 60.0;

    /// So many lives of some minutes each; what is told in the end.
    fn rate(lives: u32, minutes: f64, heap: impl Fn(f64) -> f64) -> Option<f64> {
        let mut known = RestartLoop::default();
        for _ in 0..lives {
            let mut floors = Floors::new(MINUTE, Moment(0.0));
            let seconds = (0_u32..).map(|step| f64::from(step) * 5.0).take_while(|at| *at <= minutes * MINUTE);
            seconds.for_each(|at| {
                floors.push(Moment(at), heap(at), Work::default());
            });
            let ended = Moment(minutes * MINUTE);
            let course = Course { began: Moment(0.0), ended, floors: &floors, last: heap(ended.0) };
            known.follow(&course, MINUTE);
        }
        known.rate(MINUTE).map(|rate| rate.0)
    }

    #[test]
    fn lives_that_grow_to_their_end_again_and_again_are_a_leak_of_their_rate() {
        let leak = |at: f64| 1e8 + 3e6 * at;
        assert_eq!(rate(6, 5.0, leak), Some(3e6));
        assert_eq!(rate(5, 5.0, leak), None, "25 minutes");
        assert_eq!(rate(2, 15.0, leak), None, "two lives");
        assert_eq!(rate(3, 10.0, leak), Some(3e6));
    }

    #[test]
    fn a_start_that_does_not_fit_or_comes_to_rest_is_none_and_nor_is_a_long_life() {
        assert_eq!(rate(90, 1.0, |at| 1e8 + 3e7 * at), None);
        assert_eq!(rate(9, 10.0, |at| 1e8 + 3e6 * at.min(240.0)), None);
        assert_eq!(rate(9, 16.0, |at| 1e8 + 1e6 * at), None);
        assert_eq!(rate(9, 10.0, |at| 1e8 + 1e3 * at), None);
    }

    #[test]
    fn a_life_that_went_otherwise_ends_the_loop() {
        let floors = Floors::new(MINUTE, Moment(0.0));
        let mut known = RestartLoop { began: Moment(0.0), lives: 8, seconds: 4000.0, grown: 1e9 };
        assert!(known.rate(MINUTE).is_some());
        known.follow(&Course { began: Moment(0.0), ended: Moment(600.0), floors: &floors, last: 1e8 }, MINUTE);
        assert_eq!(known, RestartLoop::default());
    }
}
