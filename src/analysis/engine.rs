//! The one state machine for live, CI and history: samples in, report out.

use super::floors::{Floors, PUBLISHED_SCALES};
use super::history::{Block, History, coarse, course};
use super::lives::Lives;
use super::oom::{Evidence, Fact, Figures, KillSource, Kills};
use super::report::Report;
use super::sample::{CgroupCounters, Identity, Observation, Sample};
use super::watch::Watch;
use crate::units::{Clock, Moment, count_as_f64, prometheus_duration};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long the kill counters and the leak of an application that is gone are kept, in seconds (7 days): `increase()` over a
/// pod that was killed and not replaced must still work, and a leak that killed it is not over when it is started again.
const KEEP_SECONDS: f64 = 7.0 * 86_400.0;

/// Facts that wait for the pass that finds their application.
const MOST_EARLY: usize = 1024;

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Length of the base block in seconds, above 0.
    pub block_seconds: f64,
    /// The most applications watched at a time.
    pub maximum_applications: usize,
    /// Seconds after which an application that is gone is forgotten.
    pub forget_after_seconds: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { block_seconds: 60.0, maximum_applications: 1000, forget_after_seconds: 900.0 }
    }
}

/// What is kept of kills over a restart of memtrend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedKills {
    /// What the node accounts for.
    pub node: Figures,
    /// What each application does.
    pub applications: Vec<(Arc<Identity>, Figures)>,
}

/// Watches applications through their samples. Its state is bounded: constant for each application, and at most
/// [`Settings::maximum_applications`] of those.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    windows: Arc<[String; PUBLISHED_SCALES.len()]>,
    /// Boxed: nodes of the tree are half empty when names come in order.
    watches: BTreeMap<Arc<Identity>, Box<Watch>>,
    dropped: u64,
    kills: Kills,
    /// What was seen of applications that no pass has told of yet.
    early: Vec<(Arc<Identity>, Fact)>,
    latest: Sample,
}

impl Engine {
    /// An engine that has seen nothing.
    pub fn new(settings: Settings) -> Self {
        let name = |scale: usize| prometheus_duration(settings.block_seconds * count_as_f64(15 << scale));
        Self {
            settings,
            windows: Arc::new(PUBLISHED_SCALES.map(name)),
            watches: BTreeMap::new(),
            dropped: 0,
            kills: Kills::default(),
            early: Vec::new(),
            latest: Sample::default(),
        }
    }

    /// What is set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes in a sample.
    pub fn observe(&mut self, mut sample: Sample) {
        let at = sample.clock.moment;
        self.watches.values_mut().for_each(|watch| watch.miss());
        self.dropped = 0;
        // Those that are known first: what is there again is not forgotten, and no newcomer takes its place.
        let missing = std::mem::take(&mut sample.missing);
        let seen = std::mem::take(&mut sample.applications);
        for identity in &missing {
            if let Some(watch) = self.watches.get_mut(identity) {
                watch.keep(at);
            }
        }
        self.kills.begin_pass(&sample);
        self.forget(at, &seen);
        for identity in
            missing.into_iter().chain(seen.iter().filter(|new| new.is_alive()).map(|new| Arc::clone(&new.identity)))
        {
            self.welcome(identity, at, &seen);
        }
        self.count_kills(&seen, sample.clock);
        for seen in &seen {
            if let Some(watch) = self.watches.get_mut(&seen.identity) {
                watch.observe(seen, at, self.settings.block_seconds);
            }
        }
        self.kills.end_pass(&sample, self.watches.values().map(|watch| watch.sought()).sum());
        for seen in seen.iter().filter(|seen| seen.is_alive()) {
            if let Some(watch) = self.watches.get_mut(&seen.identity) {
                watch.is_alive(at, &self.kills);
            }
        }
        self.latest = sample;
    }

    /// What is to be kept of kills over a restart of memtrend.
    pub fn save_kills(&mut self) -> SavedKills {
        let applications = self.watches.iter_mut().map(|(identity, watch)| (Arc::clone(identity), watch.save()));
        SavedKills { applications: applications.collect(), node: self.kills.save() }
    }

    /// One number that changes when what [`Self::save_kills`] gives does, but for event counters.
    pub fn digest_of_kills(&mut self) -> u64 {
        let mut digest = 0;
        self.kills.digest(&mut digest);
        self.watches.values_mut().for_each(|watch| watch.digest(&mut digest));
        digest
    }

    /// Goes on where [`Self::save_kills`] was left, as far as there is room; before the first sample. `is_same_boot` tells
    /// whether the kernel is still the one that had counted.
    pub fn restore_kills(&mut self, saved: &SavedKills, is_same_boot: bool, at: Moment) {
        self.kills = Kills::restore(&saved.node, is_same_boot);
        for (identity, figures) in saved.applications.iter().take(self.settings.maximum_applications) {
            let watch = Watch::restore(Arc::clone(identity), figures, is_same_boot, at);
            self.watches.insert(Arc::clone(identity), Box::new(watch));
        }
    }

    /// The lives of all applications, in the order of their names: what is to be kept beside kills.
    pub fn lives(&self) -> impl Iterator<Item = (&Arc<Identity>, &Lives)> {
        self.watches.iter().map(|(identity, watch)| (identity, watch.lives()))
    }

    /// Goes on with what [`Self::lives`] gave, as far as there is room; after [`Self::restore_kills`], before the first sample.
    pub fn resume(&mut self, lives: impl IntoIterator<Item = (Identity, Lives)>, at: Moment) {
        for (identity, lives) in lives {
            let has_room = self.watches.len() < self.settings.maximum_applications;
            let identity = Arc::new(identity);
            if has_room || self.watches.contains_key(&identity) {
                let fresh = || Box::new(Watch::new(Arc::clone(&identity), at));
                self.watches.entry(Arc::clone(&identity)).or_insert_with(fresh).resume(lives);
            }
        }
    }

    /// Takes in what was seen of kills between passes.
    pub fn learn(&mut self, evidence: &Evidence) {
        for (identity, fact) in &evidence.facts {
            match self.watches.get_mut(identity) {
                Some(watch) => watch.learn(fact, evidence.clock, &mut self.kills),
                None if self.early.len() < MOST_EARLY => self.early.push((Arc::clone(identity), fact.clone())),
                None => self.note_unwatched(fact),
            }
        }
        self.kills.node.note(KillSource::KernelLog, evidence.strangers + evidence.nameless);
        self.kills.node.meet_strangers(evidence.strangers);
    }

    /// A victim of an application that is one too many is still one that the log has named.
    fn note_unwatched(&mut self, fact: &Fact) {
        self.kills.node.note(KillSource::KernelLog, u64::from(matches!(fact, Fact::Victim(_))));
    }

    /// Counts what all applications own, and only then gives what is left over to those that ended unread.
    fn count_kills(&mut self, seen: &[Observation], clock: Clock) {
        let seen: BTreeMap<&Arc<Identity>, &Observation> = seen.iter().map(|seen| (&seen.identity, seen)).collect();
        let heirlooms: BTreeMap<u64, CgroupCounters> = seen.values().filter_map(|seen| self.heirloom(seen)).collect();
        for (identity, watch) in &mut self.watches {
            let seen = seen.get(identity).copied();
            let counters = seen.and_then(|seen| seen.counters);
            let heirloom = counters.and_then(|counters| heirlooms.get(&counters.incarnation).copied());
            watch.count(seen, heirloom, clock, &mut self.kills);
        }
        for (identity, fact) in std::mem::take(&mut self.early) {
            match self.watches.get_mut(&identity) {
                Some(watch) => watch.learn(&fact, clock, &mut self.kills),
                None => self.note_unwatched(&fact),
            }
        }
        for watch in self.watches.values_mut() {
            watch.look_into_ends(clock, &mut self.kills);
        }
    }

    /// What another application has counted in a cgroup that is new to this one: names may go from one to another.
    fn heirloom(&self, seen: &Observation) -> Option<(u64, CgroupCounters)> {
        let incarnation = seen.counters?.incarnation;
        let own = self.watches.get(&seen.identity)?;
        if own.counted_in(incarnation).is_some() {
            return None;
        }
        let counted = self.watches.values().find_map(|watch| watch.counted_in(incarnation))?;
        Some((incarnation, counted))
    }

    /// Begins to watch an application, or counts it where it is one too many.
    fn welcome(&mut self, identity: Arc<Identity>, at: Moment, seen: &[Observation]) {
        if self.watches.contains_key(&identity) {
            return;
        }
        if self.watches.len() >= self.settings.maximum_applications && !self.make_room(at, seen) {
            self.dropped += 1;
            return;
        }
        let watch = Watch::new(Arc::clone(&identity), at);
        self.watches.insert(identity, Box::new(watch));
    }

    /// A living application is worth more than the memory of one that is gone: drops the one gone for longest, and one that has
    /// been killed or leaked last of all; but none of these that may be between two of its lives.
    fn make_room(&mut self, at: Moment, seen: &[Observation]) -> bool {
        let is_seen = |identity: &Arc<Identity>| seen.iter().any(|seen| seen.identity == *identity);
        let may_be_back = |watch: &Watch| at.0 - watch.last_seen().0 <= self.settings.forget_after_seconds;
        let oldest = self
            .watches
            .iter()
            .filter(|(identity, watch)| watch.last_seen().0 < at.0 && !is_seen(identity))
            .filter(|(_, watch)| !(watch.is_remembered() && may_be_back(watch)))
            .min_by(|(_, a), (_, b)| {
                let by_time = a.last_seen().0.total_cmp(&b.last_seen().0);
                a.is_remembered().cmp(&b.is_remembered()).then(by_time)
            })
            .map(|(identity, _)| Arc::clone(identity));
        oldest.is_some_and(|identity| self.watches.remove(&identity).is_some())
    }

    fn forget(&mut self, at: Moment, seen: &[Observation]) {
        let seen: std::collections::HashSet<&Arc<Identity>> = seen.iter().map(|seen| &seen.identity).collect();
        let after = self.settings.forget_after_seconds;
        self.watches.retain(|identity, watch| {
            if seen.contains(identity) {
                return true;
            }
            let gone = at.0 - watch.last_seen().0;
            gone <= if watch.is_remembered() { after.max(KEEP_SECONDS) } else { after }
        });
    }

    /// What is known as of the last sample.
    pub fn report(&self) -> Report {
        self.report_at(self.latest.clock)
    }

    /// What is known, told as of another time.
    pub fn report_at(&self, clock: Clock) -> Report {
        let forgotten_before = clock.moment.0 - self.settings.forget_after_seconds;
        Report {
            clock,
            windows: Arc::clone(&self.windows),
            applications: self.watches.values().map(|watch| watch.report(clock, forgotten_before)).collect(),
            dropped: self.dropped,
            kills: self.kills.clone(),
            outcomes: self.latest.outcomes.clone(),
            own_process: self.latest.own_process,
        }
    }

    /// The floors of an application's present life; empty for one that is not known.
    pub fn history(&self, identity: &Identity) -> History {
        self.floors(identity).map(|floors| History::of(floors, self.latest.clock)).unwrap_or_default()
    }

    /// [`History::course`] alone, in at most `most` blocks.
    pub fn course(&self, identity: &Identity, most: usize) -> Vec<Block> {
        self.floors(identity).map(|floors| coarse(course(floors, self.latest.clock), most)).unwrap_or_default()
    }

    fn floors(&self, identity: &Identity) -> Option<&Floors> {
        self.watches.get(identity).and_then(|watch| watch.floors())
    }
}
