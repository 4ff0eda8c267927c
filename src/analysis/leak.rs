//! A leak outlives its process: the verdict is carried over restarts and cleared only by evidence.

use super::detect::{Seen, Series, Spell, Stage};
use super::restart_loop::RestartLoop;
use crate::units::{BytesPerSecond, Moment};
use serde::{Deserialize, Serialize};

/// Growth below this share of the leak's rate is not its return.
const QUIET_SHARE: f64 = 0.25;

/// A later life that grows like the leak for so many base blocks has confirmed it.
const CONFIRMED_BLOCKS: f64 = 30.0;

/// The least quiet, in base blocks, that clears a leak: an hour.
const LEAST_QUIET_BLOCKS: f64 = 60.0;

/// A leak that was called, over the lives that it has lasted.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Leak {
    /// The series that showed it.
    pub(super) series: Series,
    pub(super) onset: Option<Moment>,
    /// Age of the life in which it began, at its onset.
    pub(super) age_seconds: Option<f64>,
    pub(super) rate: BytesPerSecond,
    pub(super) lifetimes: u64,
    /// Seconds of growth that it took to be called, or confirmed in the life before this one.
    needed_seconds: f64,
    confirmed_seconds: Option<f64>,
    quiet: Option<Quiet>,
    /// Seconds of quiet in the lives before this one.
    quiet_before: f64,
}

/// Since when it may be quiet, and the floor then.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
struct Quiet {
    since: Moment,
    floor: f64,
}

impl Leak {
    pub(super) fn new(seen: &Seen, onset: Option<Moment>, age_seconds: Option<f64>) -> Self {
        Self {
            series: seen.series,
            onset,
            age_seconds,
            rate: seen.slope.rate,
            lifetimes: 1,
            needed_seconds: seen.seconds,
            confirmed_seconds: Some(seen.seconds),
            quiet: None,
            quiet_before: 0.0,
        }
    }

    /// A leak that has shown itself in short lives, each to its end.
    pub(super) fn of_loop(known: &RestartLoop, rate: BytesPerSecond) -> Self {
        Self {
            series: Series::Heap,
            onset: Some(known.began),
            age_seconds: Some(0.0),
            rate,
            lifetimes: known.lives.saturating_add(1),
            needed_seconds: known.seconds,
            confirmed_seconds: None,
            quiet: None,
            quiet_before: 0.0,
        }
    }

    /// Goes on into the next life; `floor` is the last of the one that ended, `died_of_it` tells whether it ended at the
    /// limit.
    pub(super) fn outlive(&mut self, floor: f64, ended: Moment, died_of_it: bool, block_seconds: f64) {
        let quiet = self.quiet.map(|quiet| (ended.0 - quiet.since.0, floor - quiet.floor));
        match quiet.filter(|_| self.confirmed_seconds.is_none() && !died_of_it) {
            // Too short to tell.
            Some((seconds, _)) if seconds < CONFIRMED_BLOCKS * block_seconds => {}
            Some((seconds, grown)) if self.is_quiet(seconds, grown) => self.quiet_before += seconds,
            None if quiet.is_none() && !died_of_it => {}
            _ => self.quiet_before = 0.0,
        }
        self.lifetimes = self.lifetimes.saturating_add(1);
        self.needed_seconds = self.confirmed_seconds.take().unwrap_or(self.needed_seconds);
        self.quiet = None;
    }

    /// Counts time from `seconds` later on.
    pub(super) fn shift(&mut self, seconds: f64) {
        self.onset.iter_mut().for_each(|onset| onset.0 -= seconds);
        self.quiet.iter_mut().for_each(|quiet| quiet.since.0 -= seconds);
    }

    /// Whether a floor has grown by less than a quarter of what it would have.
    fn is_quiet(&self, seconds: f64, grown: f64) -> bool {
        grown < QUIET_SHARE * self.rate.0 * seconds
    }

    /// Takes in what was found and the floor; tells whether the leak still stands. It is cleared when the floor has been quiet
    /// over as long as it took to be called, over several lives if need be.
    pub(super) fn stands(
        &mut self,
        stage: Stage,
        spell: Option<Spell>,
        floor: f64,
        at: Moment,
        life_began: Moment,
        block_seconds: f64,
    ) -> bool {
        match (stage, spell) {
            (Stage::Learning, _) => return true,
            (Stage::Leak, Some(spell)) => {
                self.rate = spell.rate;
                self.quiet = None;
                return true;
            }
            (Stage::Growing, Some(spell))
                if spell.rate.0 >= QUIET_SHARE * self.rate.0
                    && spell.seconds >= CONFIRMED_BLOCKS * block_seconds
                    && self.confirmed_seconds.is_none() =>
            {
                self.confirmed_seconds = Some(spell.seconds.max(LEAST_QUIET_BLOCKS * block_seconds));
            }
            _ => {}
        }
        // In a new life quiet may have begun with it.
        let since = if self.confirmed_seconds.is_none() { life_began } else { at };
        let quiet = *self.quiet.get_or_insert(Quiet { since, floor });
        let seconds = at.0 - quiet.since.0;
        let needed = self.needed_seconds.max(LEAST_QUIET_BLOCKS * block_seconds) - self.quiet_before;
        if seconds < needed.max(CONFIRMED_BLOCKS * block_seconds) {
            return true;
        }
        let is_quiet = self.is_quiet(seconds, floor - quiet.floor);
        self.quiet = Some(Quiet { since: at, floor });
        self.quiet_before = 0.0;
        !is_quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::Slope;

    const HOUR: f64 = 3600.0;

    fn seen(rate: f64, seconds: f64) -> Seen {
        let rate = BytesPerSecond(rate);
        Seen {
            series: Series::Heap,
            slope: Slope { rate, lower: rate, upper: rate },
            seconds,
            ups: (14, 14),
            times_fall: None,
            load: None,
        }
    }

    type Found = (Stage, Option<Spell>);

    const LEARNING: Found = (Stage::Learning, None);
    const STEADY: Found = (Stage::Steady, None);

    fn growing(rate: f64, seconds: f64) -> Found {
        (Stage::Growing, Some(Spell { rate: BytesPerSecond(rate), seconds }))
    }

    fn stands(leak: &mut Leak, found: Found, hours: f64) -> bool {
        stands_at(leak, found, hours, 0.0)
    }

    fn stands_at(leak: &mut Leak, (stage, spell): Found, hours: f64, floor: f64) -> bool {
        leak.stands(stage, spell, floor, Moment(hours * HOUR), Moment(0.0), 60.0)
    }

    #[test]
    fn it_is_cleared_by_as_much_quiet_as_it_took_to_be_called() {
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        assert!(stands(&mut leak, STEADY, 10.0));
        assert!(stands(&mut leak, STEADY, 13.9));
        assert!(!stands(&mut leak, STEADY, 14.1));
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        assert!(stands(&mut leak, STEADY, 10.0));
        assert!(stands_at(&mut leak, STEADY, 14.1, 2000.0 * HOUR), "the floor has risen by two hours' growth");
        assert!(!stands_at(&mut leak, STEADY, 18.2, 2000.0 * HOUR));
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        assert!(stands(&mut leak, STEADY, 10.0));
        assert!(stands(&mut leak, (Stage::Leak, growing(900.0, 600.0).1), 12.0));
        assert!(stands(&mut leak, STEADY, 14.1), "its return begins the quiet anew");
        let saw = growing(5000.0, 900.0);
        assert!(stands(&mut leak, saw, 16.0));
        assert!(!stands(&mut leak, saw, 18.2), "a saw above a flat floor is quiet");
    }

    #[test]
    fn a_restart_does_not_clear_it_and_a_life_that_retraced_it_shortens_the_next_proof() {
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        leak.outlive(0.0, Moment(0.0), true, 60.0);
        assert_eq!(leak.lifetimes, 2);
        assert!(stands(&mut leak, LEARNING, 0.1));
        assert!(stands(&mut leak, growing(1100.0, 0.6 * HOUR), 0.6));
        leak.outlive(0.0, Moment(0.0), true, 60.0);
        assert!(stands(&mut leak, STEADY, 0.9));
        assert!(!stands(&mut leak, STEADY, 1.1), "an hour, since the life before was told in less");
    }
}
