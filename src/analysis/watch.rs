//! One watched application: its present life, and what is remembered of the earlier ones.

use super::floors::Floors;
use super::lives::Lives;
use super::oom::{Deaths, Fact, Figures, Kills, Nearness, Remembered};
use super::origin::Origin;
use super::report::ApplicationReport;
use super::sample::{About, CgroupCounters, Identity, Lifetime, Memory, Observation, Population};
use super::verdict::Verdict;
use crate::units::{Clock, Moment};
use std::sync::Arc;

/// The runtime whose heap grows into garbage for hours before it collects.
const COLLECTS_LATE: &str = "jvm";

/// Watches one application through its observations, over all its lives; its state is constant.
#[derive(Debug)]
pub struct Watch {
    identity: Arc<Identity>,
    about: Arc<About>,
    lives: Lives,
    present: Option<(Memory, Population)>,
    deaths: Deaths,
    /// The life that was there when memtrend was stopped, until it is known what has become of it.
    remembered: Option<Remembered>,
}

impl Watch {
    /// Knows nothing as yet; `at` is the moment of the first observation.
    pub fn new(identity: Arc<Identity>, at: Moment) -> Self {
        Self {
            identity,
            about: Arc::default(),
            lives: Lives::new(at),
            present: None,
            deaths: Deaths::default(),
            remembered: None,
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
        // What is remembered may be of a later one than the life that was kept with it, once a minute.
        let remembered = self.remembered.map(|life| (life.lifetime, life.nearness()));
        remembered.or_else(|| self.lives.life.as_ref().and_then(|life| Some((life.lifetime?, life.nearness))))
    }

    /// Goes on where [`Self::save`] was left; after a boot no life of before can be there.
    pub(super) fn restore(identity: Arc<Identity>, figures: &Figures, is_same_boot: bool, at: Moment) -> Self {
        let (deaths, remembered) = Deaths::restore(figures, is_same_boot);
        Self { deaths, remembered, ..Self::new(identity, at) }
    }

    /// Its lives, as they are kept over a restart of memtrend.
    pub(super) fn lives(&self) -> &Lives {
        &self.lives
    }

    /// Goes on with lives that were kept; before the first observation.
    pub(super) fn resume(&mut self, lives: Lives) {
        self.lives = lives;
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
        self.deaths.learn(fact, self.lives.life.as_ref().and_then(|life| life.lifetime), clock, kills);
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
        self.lives.see(at, block_seconds);
        let other_version = self.note_what_is_known(&seen.about, at, block_seconds);
        if self.lives.is_present(seen.lifetime) {
            self.remembered = None;
        } else {
            self.begin_life(seen, at, block_seconds);
        }
        if other_version {
            self.lives.forget_what_the_version_did();
        }
        self.present = seen.memory.map(|memory| (memory, seen.population));
        if let Some(memory) = &seen.memory {
            let hides_garbage = seen.live_heap.is_none() && self.about.runtime.as_deref() == Some(COLLECTS_LATE);
            self.lives.observe(seen, memory, hides_garbage, at, block_seconds);
        }
    }

    /// Tells whether it is another version; what is known of the one before is then kept.
    fn note_what_is_known(&mut self, about: &Arc<About>, at: Moment, block_seconds: f64) -> bool {
        if Arc::ptr_eq(&self.about, about) {
            return false;
        }
        self.about = Arc::clone(about);
        about.version.as_ref().is_some_and(|version| self.lives.note_version(version, at, block_seconds))
    }

    fn begin_life(&mut self, seen: &Observation, at: Moment, block_seconds: f64) {
        let ended = self.last_life();
        self.lives.begin_life(seen, self.deaths.end(), at, block_seconds);
        // A boot is no restart of the application's own.
        if let Some((_, nearness)) = ended.filter(|(lifetime, _)| *lifetime != seen.lifetime) {
            self.deaths.begin_next_life(nearness);
        }
        self.remembered = None;
    }

    /// All that it takes, in bytes: itself and what it has allocated, without its names, which reports share.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.lives.allocated()
    }

    /// Notes that this pass did not find it.
    pub(super) fn miss(&mut self) {
        self.present = None;
    }

    /// Notes that it is asked for, and so not forgotten though it is missing.
    pub(super) fn keep(&mut self, at: Moment) {
        self.lives.last_seen = at;
    }

    pub(super) fn last_seen(&self) -> Moment {
        self.lives.last_seen
    }

    /// Whether it is worth remembering though it is gone: it was killed, or it leaked.
    pub(super) fn is_remembered(&self) -> bool {
        self.deaths.ledger.total_kills() > 0 || self.lives.leak.is_some()
    }

    /// What is concluded at present, without the numbers behind it.
    pub fn conclusion(&self) -> Verdict {
        self.lives.conclusion()
    }

    /// Floors of the heap in its present life.
    pub(super) fn floors(&self) -> Option<&Floors> {
        self.lives.floors()
    }

    /// The report as of `clock`; when it was last seen before `forgotten_before`, its kills are all that is left to tell.
    pub fn report(&self, clock: Clock, forgotten_before: f64) -> ApplicationReport {
        let (onset, age_seconds) = self.lives.onset();
        ApplicationReport {
            identity: Arc::clone(&self.identity),
            about: Arc::clone(&self.about),
            present: self
                .present
                .zip(self.lives.life.as_ref())
                .map(|((memory, population), life)| life.present(&memory, population, self.lives.earlier_start_level)),
            leak_lifetimes: self.lives.leak.map_or(0, |leak| leak.lifetimes),
            is_only_kills: self.lives.last_seen.0 < forgotten_before,
            verdict: self.conclusion(),
            evidence: self.lives.evidence(),
            onset: onset.map(|moment| clock.wall_at(moment)),
            origin: onset.map(|_| {
                Box::new(Origin {
                    age_seconds,
                    version: self.about.version.clone(),
                    earlier: self.lives.earlier.clone(),
                })
            }),
            totals: Arc::clone(&self.deaths.ledger.totals),
            restarts: self.deaths.restarts,
        }
    }
}
