//! One watched application: its present life, and what is remembered of the earlier ones.

use super::floors::{PUBLISHED_SCALES, Ring};
use super::forecast::{restart_gain, time_to_limit};
use super::growth::Growth;
use super::oom::{Cause, Ledger};
use super::report::{ApplicationReport, Present};
use super::sample::{About, ByKind, Identity, Kind, Lifetime, LimitSource, Memory, Observation, Population};
use super::trend::theil_sen;
use super::verdict::{Evidence, Verdict, judge};
use crate::units::{BytesPerSecond, Clock, Moment, Timestamp, count_as_f64};
use std::sync::Arc;

/// Base blocks after the start within which an application reaches the level that it starts from.
const START_UP_BLOCKS: u64 = 15;

/// Base blocks within which a life must be seen for its level after start-up to be known.
const START_SEEN_BLOCKS: f64 = 2.0;

#[derive(Debug)]
pub(super) struct Watch {
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
    growth: Growth,
    kinds: KindFloors,
    /// Whether it was seen from its start on.
    is_whole: bool,
    /// Lowest floor after the first block: the level after start-up, in bytes; unknown when the start was not seen.
    start_level: Option<f64>,
    verdict: Verdict,
    evidence: Evidence,
    onset: Option<Moment>,
}

impl Watch {
    pub(super) fn new(identity: Arc<Identity>, at: Moment) -> Self {
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
            last_seen: at,
        }
    }

    /// Takes in one observation; returns the kills that are new.
    pub(super) fn observe(&mut self, seen: &Observation, at: Moment, block_seconds: f64) -> u64 {
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
        self.about = Arc::clone(&seen.about);
        if self.life.as_ref().is_none_or(|life| life.lifetime != seen.lifetime) {
            self.begin_life(seen, at, block_seconds);
        }
        // A kill that is counted while the process still seems to be there belongs to its end too.
        self.end = End { killed: kills > 0, readable: false };
        self.present = seen.memory.map(|memory| (memory, seen.population));
        if let (Some(life), Some(memory)) = (&mut self.life, &seen.memory) {
            life.observe(memory, at);
        }
        kills
    }

    fn begin_life(&mut self, seen: &Observation, at: Moment, block_seconds: f64) {
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
        }
        self.life = Some(Life {
            lifetime: seen.lifetime,
            started: seen.started,
            growth: Growth::new(block_seconds, at),
            kinds: KindFloors::new(),
            is_whole: seen.age_seconds <= START_SEEN_BLOCKS * block_seconds,
            start_level: None,
            verdict: Verdict::Learning,
            evidence: Evidence::TooLittle { missing_seconds: count_as_f64(9) * block_seconds },
            onset: None,
        });
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

    /// The report as of `clock`; when it was last seen before `forgotten_before`, its kills are all that is left to tell.
    pub(super) fn report(&self, clock: Clock, forgotten_before: f64) -> ApplicationReport {
        let judged = self.life.as_ref().map(|life| (life.verdict, life.evidence, life.onset));
        let (verdict, evidence, onset) = judged.unwrap_or((Verdict::Learning, Evidence::Flat { longest: None }, None));
        ApplicationReport {
            identity: Arc::clone(&self.identity),
            about: Arc::clone(&self.about),
            present: self
                .present
                .zip(self.life.as_ref())
                .map(|((memory, population), life)| life.present(&memory, population, self.earlier_start_level)),
            is_only_kills: self.last_seen.0 < forgotten_before,
            verdict,
            evidence,
            onset: onset.map(|moment| clock.wall_at(moment)),
            kills: self.ledger.kills,
            events: self.ledger.events,
            restarts: self.restarts,
            pressure_microseconds: self.ledger.pressure_microseconds,
        }
    }
}

impl Life {
    fn observe(&mut self, memory: &Memory, at: Moment) {
        self.kinds.push(self.growth.floors().block_index(at), &memory.by_kind);
        let block_completed = self.growth.push(at, memory.heap().as_f64());
        if !block_completed {
            return;
        }
        let blocks_seen = self.growth.floors().block_index(at);
        if let Some(floor) = self.growth.floors().last()
            && self.is_whole
            && (2..=START_UP_BLOCKS).contains(&blocks_seen)
        {
            self.start_level = Some(self.start_level.map_or(floor, |level| level.min(floor)));
        }
        (self.verdict, self.evidence) = judge(&self.growth);
        // The estimate reaches back only as far as its window: keep the earliest while the growth goes on.
        let estimate = self.growth.present().and_then(|(scale, _)| self.growth.floors().last_lowest(scale));
        self.onset = match (self.onset, estimate) {
            (Some(earlier), Some(now)) if earlier.0 < now.0 => Some(earlier),
            (_, now) => now,
        };
    }

    fn present(&self, memory: &Memory, population: Population, earlier_start_level: Option<f64>) -> Present {
        let growth = self.growth.present().map(|(_, slope)| slope);
        let limited = memory.ceiling.zip(growth);
        let level = self.start_level.or(earlier_start_level);
        Present {
            memory: *memory,
            floor: self.growth.floors().last(),
            slopes: PUBLISHED_SCALES.map(|scale| self.growth.slope(scale)),
            by_kind: self.kinds.rates(self.growth.floors().seconds_per_block(0)),
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
