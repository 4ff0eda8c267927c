//! One watched application: its present life, and what is remembered of the earlier ones.

use super::detect::{Circumstances, Falls, Finding, Stage};
use super::floors::Floors;
use super::leak::Leak;
use super::life::Life;
use super::oom::{Deaths, Fact, Figures, Kills, Nearness, Remembered};
use super::origin::{Earlier, Origin};
use super::report::ApplicationReport;
use super::restart_loop::RestartLoop;
use super::sample::{About, Ceiling, CgroupCounters, Identity, Lifetime, Memory, Observation, Population};
use super::verdict::{Evidence, Verdict};
use crate::units::{Clock, Moment};
use std::sync::Arc;

/// A life that was steady at its end after so many base blocks shows what is healthy.
const HEALTHY_BLOCKS: f64 = 120.0;

/// A life that was not called a leak for so many base blocks (26 h) shows it too.
const HEALTHY_DAY_BLOCKS: f64 = 26.0 * 60.0;

/// Of a gap, so many base blocks (an hour) count as watched: what was not seen shows no rhythm.
const LONGEST_STEP_BLOCKS: f64 = 60.0;

/// The runtime whose heap grows into garbage for hours before it collects.
const COLLECTS_LATE: &str = "jvm";

/// Watches one application through its observations, over all its lives; its state is constant.
#[derive(Debug)]
pub struct Watch {
    identity: Arc<Identity>,
    about: Arc<About>,
    /// The last version that was told.
    version: Option<Box<str>>,
    life: Option<Life>,
    present: Option<(Memory, Population)>,
    deaths: Deaths,
    /// The life that was there when memtrend was stopped, until it is known what has become of it.
    remembered: Option<Remembered>,
    /// Heap after start-up in an earlier life, for when the present one is too young to tell.
    earlier_start_level: Option<f64>,
    /// Highest floor of the last life that was steady.
    healthy_level: Option<f64>,
    /// Seconds of growth in the lives before this one that ended at the limit.
    earlier_seconds: f64,
    /// Lives before this one that were too short for a slope and died of growth.
    restart_loop: RestartLoop,
    leak: Option<Leak>,
    /// How the version before the present one behaved.
    earlier: Option<Earlier>,
    /// For how long it was seen, over its lives.
    watched_seconds: f64,
    last_seen: Moment,
}

impl Watch {
    /// Knows nothing as yet; `at` is the moment of the first observation.
    pub fn new(identity: Arc<Identity>, at: Moment) -> Self {
        Self {
            identity,
            about: Arc::default(),
            version: None,
            life: None,
            present: None,
            deaths: Deaths::default(),
            remembered: None,
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

    /// What is to be kept of its kills over a restart of memtrend.
    pub(super) fn save(&mut self) -> Figures {
        let life = self.last_life().map(|(lifetime, nearness)| Remembered::new(lifetime, nearness));
        self.deaths.save(life)
    }

    /// One number that changes when what is to be kept does.
    pub(super) fn digest(&mut self, digest: &mut u64) {
        let life = self.last_life().map(|(lifetime, nearness)| Remembered::new(lifetime, nearness));
        self.deaths.digest(life, digest);
    }

    /// The present life, or the one before memtrend was started; and how near it is to its limit.
    fn last_life(&self) -> Option<(Lifetime, Nearness)> {
        let known = self.life.as_ref().map(|life| (life.lifetime, life.nearness));
        known.or_else(|| self.remembered.map(|life| (life.lifetime, life.nearness())))
    }

    /// Goes on where [`Self::save`] was left; after a boot no life of before can be there.
    pub(super) fn restore(identity: Arc<Identity>, figures: &Figures, is_same_boot: bool, at: Moment) -> Self {
        let (deaths, remembered) = Deaths::restore(figures, is_same_boot);
        Self { deaths, remembered, ..Self::new(identity, at) }
    }

    /// Takes in its cgroup's counters, and notes whether its life is over: first of a pass, for all applications, before they
    /// are observed. `heirloom` is what another application has already counted in its cgroup.
    pub(super) fn count(
        &mut self,
        seen: Option<&Observation>,
        heirloom: Option<CgroupCounters>,
        clock: Clock,
        kills: &mut Kills,
    ) {
        if let Some(counters) = seen.and_then(|seen| seen.counters) {
            self.deaths.count(&counters, heirloom, clock, kills);
        }
        let lives_on = |lifetime: Lifetime| seen.is_some_and(|seen| seen.is_alive() && seen.lifetime == lifetime);
        if self.last_life().is_some_and(|(lifetime, _)| !lives_on(lifetime)) {
            self.deaths.end_life();
        }
    }

    /// What it has counted in a cgroup, if it has been there.
    pub(super) fn counted_in(&self, incarnation: u64) -> Option<CgroupCounters> {
        self.deaths.ledger.counted_in(incarnation)
    }

    /// Looks into how its lives ended, when all that was counted in a pass is known.
    pub(super) fn look_into_ends(&mut self, clock: Clock, kills: &mut Kills) {
        let nearness = self.last_life().map_or(Nearness::Unknown, |(_, nearness)| nearness);
        self.deaths.look_into(nearness, clock, kills);
    }

    /// Takes in what was seen of its kills between passes.
    pub(super) fn learn(&mut self, fact: &Fact, clock: Clock, kills: &mut Kills) {
        self.deaths.learn(fact, self.life.as_ref().map(|life| life.lifetime), clock, kills);
    }

    /// Kills that are still being looked for, at the most.
    pub(super) fn sought(&self) -> u64 {
        self.deaths.sought()
    }

    /// Notes, at the end of a pass, that it was alive in it.
    pub(super) fn is_alive(&mut self, at: Moment, kills: &Kills) {
        let is_alone = self.present.is_some_and(|(_, population)| population.processes <= 1);
        self.deaths.is_alive(is_alone, at, kills);
    }

    /// Takes in one observation: all but its kills, which the engine counts.
    pub fn observe(&mut self, seen: &Observation, at: Moment, block_seconds: f64) {
        if !seen.is_alive() {
            self.present = None;
            return;
        }
        if let Some(memory) = &seen.memory {
            self.deaths.tightest = memory.ceiling.map(|ceiling| (ceiling.source, ceiling.limit));
        }
        let unseen_for = at.0 - self.last_seen.0;
        self.watched_seconds += unseen_for.clamp(0.0, LONGEST_STEP_BLOCKS * block_seconds);
        self.last_seen = at;
        let other_version = self.note_what_is_known(&seen.about, at, block_seconds);
        if self.life.as_ref().is_none_or(|life| life.lifetime != seen.lifetime) {
            self.begin_life(seen, at, block_seconds);
        }
        if other_version {
            self.forget_what_the_version_did();
        }
        self.present = seen.memory.map(|memory| (memory, seen.population));
        if let (Some(life), Some(memory)) = (&mut self.life, &seen.memory) {
            let known = Circumstances {
                room: memory.ceiling.filter(Ceiling::is_held).map(|ceiling| ceiling.room().as_f64()),
                watched_seconds: self.watched_seconds,
                healthy_level: self.healthy_level,
                earlier_seconds: self.earlier_seconds,
                unseen_seconds: 0.0,
                hides_garbage: seen.live_heap.is_none() && self.about.runtime.as_deref() == Some(COLLECTS_LATE),
            };
            if life.observe(seen, memory, at, block_seconds, &known) {
                Self::conclude(&mut self.leak, life, at, block_seconds);
            }
        }
    }

    /// Tells whether it is another version; what is known of the one before is then kept.
    fn note_what_is_known(&mut self, about: &Arc<About>, at: Moment, block_seconds: f64) -> bool {
        if Arc::ptr_eq(&self.about, about) {
            return false;
        }
        self.about = Arc::clone(about);
        let Some(version) = &about.version else { return false };
        // A version that could not be told for a while is no other one.
        let before = self.version.replace(version.clone()).filter(|before| before != version);
        let Some(before) = before else { return false };
        let was_steady = |life| self.is_healthy(life, at, block_seconds);
        self.earlier = self.life.as_ref().map(|life| life.as_earlier(before, was_steady(life)));
        true
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

    /// Another version starts afresh.
    fn forget_what_the_version_did(&mut self) {
        self.leak = None;
        self.earlier_seconds = 0.0;
        self.restart_loop = RestartLoop::default();
    }

    fn begin_life(&mut self, seen: &Observation, at: Moment, block_seconds: f64) {
        let mut falls = Falls::default();
        if let Some(ended) = self.life.take() {
            self.earlier_start_level = ended.start_level.or(self.earlier_start_level);
            self.learn_from(&ended, at, block_seconds);
            self.carry_over(&ended, block_seconds);
            self.deaths.begin_next_life(ended.nearness);
            falls = ended.heap().falls().clone();
        } else if let Some(remembered) = self.remembered.filter(|life| life.lifetime != seen.lifetime) {
            self.deaths.begin_next_life(remembered.nearness());
        }
        self.remembered = None;
        self.life = Some(Life::new(seen, at, block_seconds, falls));
    }

    /// Carries a leak into the next life, or calls one that no single life can show.
    fn carry_over(&mut self, ended: &Life, block_seconds: f64) {
        let died_of_it = self.deaths.was_killed() || ended.was_at_limit();
        match &mut self.leak {
            Some(leak) => leak.outlive(ended.floor_of(leak.series), ended.seen_at, died_of_it, block_seconds),
            // Counters that tell of no kill know better than the level does.
            None if self.deaths.was_killed() || ended.was_at_limit() && !self.deaths.was_no_kill() => {
                self.restart_loop.follow(&ended.course(), block_seconds);
                let rate = self.restart_loop.rate(block_seconds);
                self.leak = rate.map(|rate| Leak::of_loop(&self.restart_loop, rate));
            }
            None => self.restart_loop = RestartLoop::default(),
        }
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
    fn learn_from(&mut self, ended: &Life, at: Moment, block_seconds: f64) {
        if self.is_healthy(ended, at, block_seconds) {
            self.healthy_level = Some(ended.highest_floor);
        }
        let died_of_it = self.deaths.was_killed() || ended.was_at_limit();
        self.earlier_seconds = match *ended.speaking().finding() {
            Finding::Leak(seen) if died_of_it => self.earlier_seconds + seen.seconds,
            Finding::Growing(seen, doubt) if died_of_it && doubt.is_of_patience() => {
                self.earlier_seconds + seen.seconds
            }
            _ => 0.0,
        };
    }

    /// All that it takes, in bytes: itself and what it has allocated, without its names, which reports share.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let version = self.earlier.as_ref().map_or(0, |earlier| earlier.version.len());
        size_of::<Self>() + version + self.life.as_ref().map_or(0, Life::allocated)
    }

    /// Notes that this pass did not find it.
    pub(super) fn miss(&mut self) {
        self.present = None;
    }

    /// Notes that it is asked for, and so not forgotten though it is missing.
    pub(super) fn keep(&mut self, at: Moment) {
        self.last_seen = at;
    }

    pub(super) fn last_seen(&self) -> Moment {
        self.last_seen
    }

    /// Whether it is worth remembering though it is gone: it was killed, or it leaked.
    pub(super) fn is_remembered(&self) -> bool {
        self.deaths.ledger.total_kills() > 0 || self.leak.is_some()
    }

    /// What is concluded at present, without the numbers behind it.
    pub fn conclusion(&self) -> Verdict {
        match (&self.leak, self.life.as_ref().map(|life| life.speaking().stage())) {
            (Some(_), Some(_)) | (None, Some(Stage::Leak)) => Verdict::Leaking,
            (None, Some(Stage::Growing)) => Verdict::Growing,
            (None, Some(Stage::Steady)) => Verdict::Steady,
            (_, None) | (None, Some(Stage::Learning)) => Verdict::Learning,
        }
    }

    fn evidence(&self) -> Evidence {
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

    /// Floors of the heap in its present life.
    pub(super) fn floors(&self) -> Option<&Floors> {
        self.life.as_ref().map(|life| life.heap().growth().floors())
    }

    /// The report as of `clock`; when it was last seen before `forgotten_before`, its kills are all that is left to tell.
    pub fn report(&self, clock: Clock, forgotten_before: f64) -> ApplicationReport {
        let of_life = || self.life.as_ref().map(|life| (life.speaking().onset(), life.age_at_onset()));
        let (onset, age_seconds) =
            self.leak.map(|leak| (leak.onset, leak.age_seconds)).or_else(of_life).unwrap_or_default();
        ApplicationReport {
            identity: Arc::clone(&self.identity),
            about: Arc::clone(&self.about),
            present: self
                .present
                .zip(self.life.as_ref())
                .map(|((memory, population), life)| life.present(&memory, population, self.earlier_start_level)),
            leak_lifetimes: self.leak.map_or(0, |leak| leak.lifetimes),
            is_only_kills: self.last_seen.0 < forgotten_before,
            verdict: self.conclusion(),
            evidence: self.evidence(),
            onset: onset.map(|moment| clock.wall_at(moment)),
            origin: onset.map(|_| {
                Box::new(Origin { age_seconds, version: self.about.version.clone(), earlier: self.earlier.clone() })
            }),
            totals: Arc::clone(&self.deaths.ledger.totals),
            restarts: self.deaths.restarts,
        }
    }
}
