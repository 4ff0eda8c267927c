//! The present life of an application, and what is remembered of the earlier ones: all that outlives memtrend, but for kills.

use super::detect::{Circumstances, Falls, Finding, Stage};
use super::floors::Floors;
use super::leak::Leak;
use super::life::Life;
use super::oom::End;
use super::origin::Earlier;
use super::restart_loop::RestartLoop;
use super::sample::{Ceiling, Lifetime, Memory, Observation};
use super::verdict::{Evidence, Verdict};
use crate::units::Moment;
use serde::{Deserialize, Serialize};

/// A life that was steady at its end after so many base blocks shows what is healthy.
const HEALTHY_BLOCKS: f64 = 120.0;

/// A life that was not called a leak for so many base blocks (26 h) shows it too.
const HEALTHY_DAY_BLOCKS: f64 = 26.0 * 60.0;

/// Of a gap, so many base blocks (an hour) count as watched: what was not seen shows no rhythm.
const LONGEST_STEP_BLOCKS: f64 = 60.0;

/// What is known of the lives of one application; its size is constant.
#[derive(Debug, Deserialize, Serialize)]
pub struct Lives {
    /// The last version that was told.
    version: Option<Box<str>>,
    pub(super) life: Option<Life>,
    /// Heap after start-up in an earlier life, for when the present one is too young to tell.
    pub(super) earlier_start_level: Option<f64>,
    /// Highest floor of the last life that was steady.
    healthy_level: Option<f64>,
    /// Seconds of growth in the lives before this one that ended at the limit.
    earlier_seconds: f64,
    /// Lives before this one that were too short for a slope and died of growth.
    restart_loop: RestartLoop,
    pub(super) leak: Option<Leak>,
    /// How the version before the present one behaved.
    pub(super) earlier: Option<Earlier>,
    /// For how long it was seen, over its lives.
    watched_seconds: f64,
    pub(super) last_seen: Moment,
}

impl Lives {
    /// None is known as yet; `at` is the moment of the first observation.
    pub(super) fn new(at: Moment) -> Self {
        Self {
            version: None,
            life: None,
            earlier_start_level: None,
            healthy_level: None,
            earlier_seconds: 0.0,
            restart_loop: RestartLoop::default(),
            leak: None,
            earlier: None,
            watched_seconds: 0.0,
            last_seen: at,
        }
    }

    /// Whether a life is the present one.
    pub(super) fn is_present(&self, lifetime: Lifetime) -> bool {
        self.life.as_ref().is_some_and(|life| life.lifetime == Some(lifetime))
    }

    /// Notes that it is there.
    pub(super) fn see(&mut self, at: Moment, block_seconds: f64) {
        let unseen_for = at.0 - self.last_seen.0;
        self.watched_seconds += unseen_for.clamp(0.0, LONGEST_STEP_BLOCKS * block_seconds);
        self.last_seen = at;
    }

    /// Takes in what was seen of the present life; `hides_garbage` tells whether garbage cannot be told from what lives.
    pub(super) fn observe(
        &mut self,
        seen: &Observation,
        memory: &Memory,
        hides_garbage: bool,
        at: Moment,
        block_seconds: f64,
    ) {
        let Some(life) = &mut self.life else { return };
        let known = Circumstances {
            room: memory.ceiling.filter(Ceiling::is_held).map(|ceiling| ceiling.room().as_f64()),
            watched_seconds: self.watched_seconds,
            healthy_level: self.healthy_level,
            earlier_seconds: self.earlier_seconds,
            unseen_seconds: 0.0,
            hides_garbage,
        };
        if life.observe(seen, memory, at, block_seconds, &known) {
            conclude(&mut self.leak, life, at, block_seconds);
        }
    }

    /// Takes in the version that is told; whether it is another than before, of which what is known is then kept.
    pub(super) fn note_version(&mut self, version: &str, at: Moment, block_seconds: f64) -> bool {
        // A version that could not be told for a while is no other one.
        let before = self.version.replace(version.into()).filter(|before| **before != *version);
        let Some(before) = before else { return false };
        let was_steady = |life| self.is_healthy(life, at, block_seconds);
        self.earlier = self.life.as_ref().map(|life| life.as_earlier(before, was_steady(life)));
        true
    }

    /// Another version starts afresh.
    pub(super) fn forget_what_the_version_did(&mut self) {
        self.leak = None;
        self.earlier_seconds = 0.0;
        self.restart_loop = RestartLoop::default();
    }

    /// Ends the present life, if there is one; `end` tells what is known of how.
    pub(super) fn begin_life(&mut self, seen: &Observation, end: End, at: Moment, block_seconds: f64) {
        let mut falls = Falls::default();
        if let Some(ended) = self.life.take() {
            self.earlier_start_level = ended.start_level.or(self.earlier_start_level);
            // The machine takes down with it what is fine as well.
            let was_at_limit = ended.was_at_limit() && ended.lifetime.is_some();
            let died_of_it = end == End::Killed || was_at_limit;
            self.learn_from(&ended, died_of_it, at, block_seconds);
            match &mut self.leak {
                Some(leak) => leak.outlive(ended.floor_of(leak.series), ended.seen_at, died_of_it, block_seconds),
                // Counters that tell of no kill know better than the level does.
                None if end == End::Killed || was_at_limit && end != End::NoKill => {
                    self.restart_loop.follow(&ended.course(), block_seconds);
                    let rate = self.restart_loop.rate(block_seconds);
                    self.leak = rate.map(|rate| Leak::of_loop(&self.restart_loop, rate));
                }
                None => self.restart_loop = RestartLoop::default(),
            }
            falls = ended.heap().falls().clone();
        }
        self.life = Some(Life::new(seen, at, block_seconds, falls));
    }

    /// Whether a life shows what is healthy. At its end a day's load may be rising: one that was fine for longer than a day
    /// was fine; but not one that might have been called a leak, had it been waited for longer.
    fn is_healthy(&self, life: &Life, at: Moment, block_seconds: f64) -> bool {
        let blocks = (at.0 - life.began.0) / block_seconds;
        let is_fine = match life.speaking().finding() {
            Finding::Steady => blocks >= HEALTHY_BLOCKS,
            Finding::Growing(_, doubt) => blocks >= HEALTHY_DAY_BLOCKS && !doubt.is_of_patience(),
            Finding::Learning(_) | Finding::Leak(_) => false,
        };
        self.leak.is_none() && is_fine
    }

    /// Keeps what the next life is compared with.
    fn learn_from(&mut self, ended: &Life, died_of_it: bool, at: Moment, block_seconds: f64) {
        if self.is_healthy(ended, at, block_seconds) {
            self.healthy_level = Some(ended.highest_floor);
        }
        self.earlier_seconds = match *ended.speaking().finding() {
            Finding::Leak(seen) if died_of_it => self.earlier_seconds + seen.seconds,
            Finding::Growing(seen, doubt) if died_of_it && doubt.is_of_patience() => {
                self.earlier_seconds + seen.seconds
            }
            _ => 0.0,
        };
    }

    /// What is concluded at present, without the numbers behind it.
    pub(super) fn conclusion(&self) -> Verdict {
        match (&self.leak, self.life.as_ref().map(|life| life.speaking().stage())) {
            (Some(_), Some(_)) | (None, Some(Stage::Leak)) => Verdict::Leaking,
            (None, Some(Stage::Growing)) => Verdict::Growing,
            (None, Some(Stage::Steady)) => Verdict::Steady,
            (_, None) | (None, Some(Stage::Learning)) => Verdict::Learning,
        }
    }

    pub(super) fn evidence(&self) -> Evidence {
        let Some(life) = &self.life else { return Evidence::Flat { longest: None } };
        let speaking = life.speaking();
        match (speaking.finding(), &self.leak) {
            (Finding::Leak(_), _) | (_, None) => Evidence::of(speaking.finding(), speaking.growth()),
            (finding, Some(leak)) => Evidence::Carried {
                rate: leak.rate,
                lives: leak.lifetimes,
                now: match finding {
                    Finding::Growing(seen, _) => Some(*seen),
                    _ => None,
                },
            },
        }
    }

    /// Onset of the growth, and the age of the life in which it began, in seconds.
    pub(super) fn onset(&self) -> (Option<Moment>, Option<f64>) {
        let of_life = || self.life.as_ref().map(|life| (life.speaking().onset(), life.age_at_onset()));
        self.leak.map(|leak| (leak.onset, leak.age_seconds)).or_else(of_life).unwrap_or_default()
    }

    /// Floors of the heap in the present life.
    pub(super) fn floors(&self) -> Option<&Floors> {
        self.life.as_ref().map(|life| life.heap().growth().floors())
    }

    /// Goes on after the machine has booted: the clock has begun anew, `seconds` of it later, and the present life is over.
    pub fn begin_boot(&mut self, seconds: f64) {
        if let Some(life) = &mut self.life {
            life.end_with_boot(seconds);
        }
        self.restart_loop.shift(seconds);
        if let Some(leak) = &mut self.leak {
            leak.shift(seconds);
        }
        self.last_seen.0 -= seconds;
    }

    /// What it has allocated, in bytes.
    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        let version = self.earlier.as_ref().map_or(0, |earlier| earlier.version.len());
        version + self.life.as_ref().map_or(0, Life::allocated)
    }
}

/// Calls a leak, confirms it, or clears it.
fn conclude(leak: &mut Option<Leak>, life: &Life, at: Moment, block_seconds: f64) {
    let speaking = life.speaking();
    if let Some(standing) = leak {
        let floor = life.floor_of(standing.series);
        if !standing.stands(speaking.stage(), speaking.spell(), floor, at, life.began, block_seconds) {
            *leak = None;
        }
    } else if speaking.stage() == Stage::Leak
        && let Finding::Leak(seen) = speaking.finding()
    {
        *leak = Some(Leak::new(seen, speaking.onset(), life.age_at_onset()));
    }
}
