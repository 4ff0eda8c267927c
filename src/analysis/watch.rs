//! One watched application: its present life, and what is remembered of the earlier ones.

use super::detect::{Circumstances, Detector, Doubt, Falls, Finding};
use super::floors::{PUBLISHED_SCALES, Ring, Work};
use super::forecast::{restart_gain, time_to_limit};
use super::leak::Leak;
use super::oom::{Cause, Ledger};
use super::report::{ApplicationReport, Present};
use super::sample::{About, ByKind, Identity, Kind, Lifetime, LimitSource, Memory, Observation, Population};
use super::trend::theil_sen;
use super::verdict::{Evidence, Verdict};
use crate::units::{BytesPerSecond, Clock, Moment, Timestamp, count_as_f64};
use std::sync::Arc;

/// Base blocks after the start within which an application reaches the level that it starts from.
const START_UP_BLOCKS: u64 = 15;

/// Base blocks within which a life must be seen for its level after start-up to be known.
const START_SEEN_BLOCKS: f64 = 2.0;

/// A life that was steady at its end after so many base blocks shows what is healthy.
const HEALTHY_BLOCKS: f64 = 120.0;

/// Watches one application through its observations, over all its lives; its state is constant.
#[derive(Debug)]
pub struct Watch {
    identity: Arc<Identity>,
    about: Arc<About>,
    life: Option<Life>,
    present: Option<(Memory, Population)>,
    ledger: Ledger,
    /// The limit with the least room when memory was last read: a kill is told when that is past.
    tightest: Option<LimitSource>,
    restarts: [u64; Cause::ALL.len()],
    /// Whether kills were seen, and could be seen, since the present life was last seen alive.
    end: End,
    /// Heap after start-up in an earlier life, for when the present one is too young to tell.
    earlier_start_level: Option<f64>,
    /// Highest floor of the last life that was steady.
    healthy_level: Option<f64>,
    /// Seconds of growth in the lives before this one that ended at the limit.
    earlier_seconds: f64,
    leak: Option<Leak>,
    first_seen: Moment,
    last_seen: Moment,
}

#[derive(Clone, Copy, Debug, Default)]
struct End {
    killed: bool,
    readable: bool,
}

#[derive(Debug)]
struct Life {
    lifetime: Lifetime,
    started: Timestamp,
    began: Moment,
    detector: Detector,
    kinds: KindFloors,
    /// The load counter and when it was read.
    work: Option<(Moment, f64)>,
    highest_floor: f64,
    finding: Finding,
    /// Whether it was seen from its start on.
    is_whole: bool,
    /// Lowest floor after the first block: the level after start-up, in bytes; unknown when the start was not seen.
    start_level: Option<f64>,
    onset: Option<Moment>,
    /// Whether its memory was within a tenth of the limit when it was last seen.
    was_at_limit: bool,
}

impl Watch {
    /// Knows nothing as yet; `at` is the moment of the first observation.
    pub fn new(identity: Arc<Identity>, at: Moment) -> Self {
        Self {
            identity,
            about: Arc::default(),
            life: None,
            present: None,
            ledger: Ledger::default(),
            tightest: None,
            restarts: [0; Cause::ALL.len()],
            end: End::default(),
            earlier_start_level: None,
            healthy_level: None,
            earlier_seconds: 0.0,
            leak: None,
            first_seen: at,
            last_seen: at,
        }
    }

    /// Takes in one observation; returns the kills that are new.
    pub fn observe(&mut self, seen: &Observation, at: Moment, block_seconds: f64) -> u64 {
        if let Some(memory) = &seen.memory {
            self.tightest = memory.ceiling.map(|ceiling| ceiling.source);
        }
        // A kill in a cgroup that was not read to its end would have gone with it.
        self.end.readable |= seen.counters.is_some_and(|counters| self.ledger.continues(&counters));
        let kills = seen.counters.map_or(0, |counters| self.ledger.observe(&counters, self.tightest));
        self.end.killed |= kills > 0;
        if !seen.is_alive() {
            self.present = None;
            return kills;
        }
        self.last_seen = at;
        let is_other_version = self.about.version.is_some() && self.about.version != seen.about.version;
        self.about = Arc::clone(&seen.about);
        if self.life.as_ref().is_none_or(|life| life.lifetime != seen.lifetime) {
            self.begin_life(seen, at, block_seconds);
        }
        if is_other_version {
            self.forget_what_the_version_did();
        }
        // A kill that is counted while the process still seems to be there belongs to its end too.
        self.end = End { killed: kills > 0, readable: false };
        self.present = seen.memory.map(|memory| (memory, seen.population));
        if let (Some(life), Some(memory)) = (&mut self.life, &seen.memory) {
            let known = Circumstances {
                room: memory.ceiling.map(|ceiling| ceiling.room().as_f64()),
                watched_seconds: at.0 - self.first_seen.0,
                healthy_level: self.healthy_level,
                earlier_seconds: self.earlier_seconds,
            };
            if life.observe(memory, seen.load.best(), at, &known) {
                Self::conclude(&mut self.leak, life, at, block_seconds);
            }
        }
        kills
    }

    /// Calls a leak, confirms it, or clears it.
    fn conclude(leak: &mut Option<Leak>, life: &Life, at: Moment, block_seconds: f64) {
        match (leak.as_mut(), &life.finding) {
            (Some(standing), finding) => {
                if !standing.stands(finding, at, life.began, block_seconds) {
                    *leak = None;
                }
            }
            (None, Finding::Leak(seen)) => *leak = Some(Leak::new(seen, life.onset)),
            (None, _) => {}
        }
    }

    /// Another version starts afresh.
    fn forget_what_the_version_did(&mut self) {
        self.leak = None;
        self.earlier_seconds = 0.0;
    }

    fn begin_life(&mut self, seen: &Observation, at: Moment, block_seconds: f64) {
        let mut falls = Falls::default();
        if let Some(ended) = self.life.take() {
            let cause = match self.end {
                End { killed: true, .. } => Cause::Oom,
                End { readable: true, .. } => Cause::Exit,
                End { .. } => Cause::Unknown,
            };
            if let Some(count) = self.restarts.get_mut(cause.index()) {
                *count = count.saturating_add(1);
            }
            self.earlier_start_level = ended.start_level.or(self.earlier_start_level);
            self.learn_from(&ended, at, block_seconds);
            if let Some(leak) = &mut self.leak {
                leak.outlive();
            }
            falls = ended.detector.falls().clone();
        }
        self.life = Some(Life {
            lifetime: seen.lifetime,
            started: seen.started,
            began: at,
            detector: Detector::new(block_seconds, at, falls),
            work: None,
            highest_floor: 0.0,
            finding: Finding::Learning(count_as_f64(9) * block_seconds),
            kinds: KindFloors::new(),
            is_whole: seen.age_seconds <= START_SEEN_BLOCKS * block_seconds,
            start_level: None,
            onset: None,
            was_at_limit: false,
        });
    }

    /// Keeps what the next life is compared with.
    fn learn_from(&mut self, ended: &Life, at: Moment, block_seconds: f64) {
        let is_long = at.0 - ended.began.0 >= HEALTHY_BLOCKS * block_seconds;
        if is_long && ended.finding == Finding::Steady {
            self.healthy_level = Some(ended.highest_floor);
        }
        let died_of_it = self.end.killed || ended.was_at_limit;
        self.earlier_seconds = match ended.finding {
            Finding::Leak(seen) | Finding::Growing(seen, Doubt::Young(_) | Doubt::RhythmUnknown | Doubt::Saw(_))
                if died_of_it =>
            {
                self.earlier_seconds + seen.seconds
            }
            _ => 0.0,
        };
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

    pub(super) fn has_kills(&self) -> bool {
        self.ledger.total_kills() > 0
    }

    pub(super) fn is_present(&self) -> bool {
        self.present.is_some()
    }

    /// What is concluded at present, without the numbers behind it.
    pub fn conclusion(&self) -> Verdict {
        match (&self.leak, self.life.as_ref().map(|life| &life.finding)) {
            (Some(_), Some(_)) | (None, Some(Finding::Leak(_))) => Verdict::Leaking,
            (None, Some(Finding::Growing(..))) => Verdict::Growing,
            (None, Some(Finding::Steady)) => Verdict::Steady,
            (_, None) | (None, Some(Finding::Learning(_))) => Verdict::Learning,
        }
    }

    fn evidence(&self) -> Evidence {
        let Some(life) = &self.life else { return Evidence::Flat { longest: None } };
        match (&life.finding, &self.leak) {
            (Finding::Leak(_), _) | (_, None) => Evidence::of(&life.finding, life.detector.growth()),
            (_, Some(leak)) => Evidence::Carried(leak.rate, leak.lifetimes),
        }
    }

    /// The report as of `clock`; when it was last seen before `forgotten_before`, its kills are all that is left to tell.
    pub fn report(&self, clock: Clock, forgotten_before: f64) -> ApplicationReport {
        let onset = self.leak.and_then(|leak| leak.onset).or(self.life.as_ref().and_then(|life| life.onset));
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
            kills: self.ledger.kills,
            events: self.ledger.events,
            restarts: self.restarts,
            pressure_microseconds: self.ledger.pressure_microseconds,
        }
    }
}

impl Life {
    /// Takes in its memory and load; tells whether there is a new finding.
    fn observe(&mut self, memory: &Memory, load: Option<f64>, at: Moment, known: &Circumstances) -> bool {
        self.kinds.push(self.detector.growth().floors().block_index(at), &memory.by_kind);
        self.was_at_limit = memory.ceiling.is_some_and(|c| c.room().as_f64() <= 0.1 * c.limit.as_f64());
        let work = self.work_done(load, at);
        let Some(finding) = self.detector.push(at, memory.heap().as_f64(), work, known) else { return false };
        self.finding = finding;
        let growth = self.detector.growth();
        self.highest_floor = self.highest_floor.max(growth.floors().last().unwrap_or(0.0));
        let blocks_seen = growth.floors().block_index(at);
        if let Some(floor) = growth.floors().last()
            && self.is_whole
            && (2..=START_UP_BLOCKS).contains(&blocks_seen)
        {
            self.start_level = Some(self.start_level.map_or(floor, |level| level.min(floor)));
        }
        // The estimate reaches back only as far as its window: keep the earliest while the growth goes on.
        let estimate = growth.present().and_then(|(scale, _)| growth.floors().last_lowest(scale));
        self.onset = match (self.onset, estimate) {
            (Some(earlier), Some(now)) if earlier.0 < now.0 => Some(earlier),
            (_, now) => now,
        };
        true
    }

    /// The load counter's increase since it was last read; none when it went back.
    fn work_done(&mut self, load: Option<f64>, at: Moment) -> Work {
        let before = std::mem::replace(&mut self.work, load.map(|load| (at, load)));
        match (before, load) {
            (Some((then, earlier)), Some(now)) if now >= earlier && at.0 > then.0 => {
                Work::over(now - earlier, at.0 - then.0)
            }
            _ => Work::default(),
        }
    }

    fn present(&self, memory: &Memory, population: Population, earlier_start_level: Option<f64>) -> Present {
        let growth = self.detector.growth();
        let limited = memory.ceiling.zip(growth.present().map(|(_, slope)| slope));
        let level = self.start_level.or(earlier_start_level);
        Present {
            memory: *memory,
            floor: growth.floors().last(),
            slopes: PUBLISHED_SCALES.map(|scale| growth.slope(scale)),
            by_kind: self.kinds.rates(growth.floors().seconds_per_block(0)),
            time_to_limit: limited.and_then(|(ceiling, growth)| time_to_limit(ceiling.room(), growth)),
            restart_gain_seconds: limited
                .and_then(|(ceiling, growth)| restart_gain(ceiling.room(), memory.heap().as_f64() - level?, growth)),
            started: self.started,
            population,
        }
    }
}

/// Floors of each kind over the shortest window: they say where it grows, not whether.
#[derive(Debug)]
struct KindFloors {
    rings: Vec<(Kind, Ring)>,
    open: Option<(u64, ByKind)>,
    rates: [Option<BytesPerSecond>; Kind::ALL.len()],
}

impl KindFloors {
    fn new() -> Self {
        Self { rings: Vec::new(), open: None, rates: [None; Kind::ALL.len()] }
    }

    fn push(&mut self, index: u64, amounts: &ByKind) {
        match &mut self.open {
            Some((current, lowest)) if index <= *current => {
                for &kind in Kind::ALL {
                    if let Some(amount) = amounts.get(kind) {
                        lowest.set(kind, lowest.get(kind).map_or(amount, |low| low.min(amount)));
                    }
                }
            }
            open => {
                if let Some((done, lowest)) = open.replace((index, *amounts)) {
                    self.complete(done, &lowest);
                }
            }
        }
    }

    fn complete(&mut self, index: u64, lowest: &ByKind) {
        for &kind in Kind::ALL {
            let Some(amount) = lowest.get(kind) else { continue };
            match self.rings.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, ring)) => ring.push(index, amount.as_f64()),
                None => {
                    let mut ring = Ring::default();
                    ring.push(index, amount.as_f64());
                    self.rings.reserve_exact(1);
                    self.rings.push((kind, ring));
                }
            }
        }
        for (kind, ring) in &self.rings {
            let mut points = super::floors::Points::default();
            ring.blocks().for_each(|(index, floor)| points.push((count_as_f64(index), floor)));
            if let Some(rate) = self.rates.get_mut(kind.index()) {
                *rate = theil_sen(points.as_slice()).map(|slope| slope.rate);
            }
        }
    }

    /// Slopes per second; they are kept per block.
    fn rates(&self, block_seconds: f64) -> [Option<BytesPerSecond>; Kind::ALL.len()] {
        self.rates.map(|rate| rate.map(|per_block| BytesPerSecond(per_block.0 / block_seconds)))
    }
}
