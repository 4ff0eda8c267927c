//! One life of an application: its trend, from the start of its main process on.

use super::detect::{Circumstances, Detector, Falls, Finding, Series};
use super::floors::{Floors, PUBLISHED_SCALES};
use super::forecast::{restart_gain, time_to_limit};
use super::kinds::KindFloors;
use super::oom::Nearness;
use super::origin::Earlier;
use super::report::Present;
use super::restart_loop::Course;
use super::sample::{Basis, Ceiling, Lifetime, LimitSource, Memory, Observation, Population};
use super::trend::Slope;
use super::work::Meter;
use crate::units::{Bytes, Moment, Timestamp, whole};
use serde::{Deserialize, Serialize};

/// Base blocks after the start within which an application reaches the level that it starts from.
const START_UP_BLOCKS: u64 = 15;

/// Base blocks within which a life must be seen for its level after start-up to be known.
const START_SEEN_BLOCKS: f64 = 2.0;

/// What is known of the present life.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Life {
    /// Absent after a boot: it is over.
    pub(super) lifetime: Option<Lifetime>,
    started: Timestamp,
    pub(super) began: Moment,
    pub(super) seen_at: Moment,
    /// When its process started; unknown where its age is.
    start: Option<Moment>,
    heap: Detector,
    /// Beside the heap, where the runtime tells what lives in it.
    live: Option<Box<Detector>>,
    kinds: KindFloors,
    meter: Meter,
    pub(super) highest_floor: f64,
    /// Whether it was seen from its start on.
    is_whole: bool,
    /// Lowest floor after the first block: the level after start-up, in bytes; unknown when the start was not seen.
    pub(super) start_level: Option<f64>,
    /// Its heap when it was last seen, in bytes.
    last: f64,
    /// How near its memory was to the limit when it was last seen.
    pub(super) nearness: Nearness,
}

impl Life {
    /// Whether its memory was within a tenth of the limit when it was last seen.
    pub(super) fn was_at_limit(&self) -> bool {
        self.nearness == Nearness::At
    }

    /// Begins with its first observation; `falls` are those of the life before.
    pub(super) fn new(seen: &Observation, at: Moment, block_seconds: f64, falls: Falls) -> Self {
        Self {
            lifetime: Some(seen.lifetime),
            started: seen.started,
            began: at,
            seen_at: at,
            start: seen.age_seconds.is_finite().then_some(Moment(at.0 - seen.age_seconds)),
            heap: Detector::new(Series::Heap, block_seconds, at, falls),
            live: None,
            meter: Meter::default(),
            last: 0.0,
            highest_floor: 0.0,
            kinds: KindFloors::new(),
            is_whole: seen.age_seconds <= START_SEEN_BLOCKS * block_seconds,
            start_level: None,
            nearness: Nearness::Unknown,
        }
    }

    /// Takes in its memory and load; tells whether there is a new finding.
    pub(super) fn observe(
        &mut self,
        seen: &Observation,
        memory: &Memory,
        at: Moment,
        block_seconds: f64,
        known: &Circumstances,
    ) -> bool {
        self.seen_at = at;
        self.last = memory.heap().as_f64();
        self.kinds.push(self.heap.growth().floors().block_index(at), &memory.by_kind);
        self.nearness = nearness(memory);
        let (work, is_another_load) = self.meter.read(&seen.load, at, block_seconds);
        if is_another_load {
            self.heap.forget_loads();
            self.live.iter_mut().for_each(|live| live.forget_loads());
        }
        let unseen_seconds = self.start.map_or(0.0, |start| (self.began.0 - start.0).max(0.0));
        let known = &Circumstances { unseen_seconds, ..*known };
        let is_live_new = seen.live_heap.is_some_and(|live| {
            let fresh = || Box::new(Detector::new(Series::LiveHeap, block_seconds, at, Falls::default()));
            self.live.get_or_insert_with(fresh).push(at, live.as_f64(), work, known)
        });
        let is_heap_new = self.heap.push(at, self.last, work, known);
        if is_heap_new {
            self.note_levels(at);
        }
        is_heap_new || is_live_new
    }

    /// Ends with the machine, whose clock begins anew `seconds` later.
    pub(super) fn end_with_boot(&mut self, seconds: f64) {
        self.lifetime = None;
        [&mut self.began, &mut self.seen_at].into_iter().chain(&mut self.start).for_each(|moment| moment.0 -= seconds);
        self.heap.shift(seconds);
        self.live.iter_mut().for_each(|live| live.shift(seconds));
    }

    /// The series that speaks: the heap, unless what lives in it shows more.
    pub(super) fn speaking(&self) -> &Detector {
        let live = self.live.as_deref().filter(|live| live.stage() > self.heap.stage());
        live.unwrap_or(&self.heap)
    }

    /// Its age at the onset of its growth, in seconds, at least 0.
    pub(super) fn age_at_onset(&self) -> Option<f64> {
        Some((self.speaking().onset()?.0 - self.start?.0).max(0.0))
    }

    /// What is kept of it when another version follows.
    pub(super) fn as_earlier(&self, version: Box<str>, was_steady: bool) -> Earlier {
        let growth = self.speaking().growth();
        Earlier { version, slope: PUBLISHED_SCALES.iter().rev().find_map(|scale| growth.slope(*scale)), was_steady }
    }

    /// How it went.
    pub(super) fn course(&self) -> Course<'_> {
        Course { began: self.began, ended: self.seen_at, floors: self.heap.growth().floors(), last: self.last }
    }

    /// Lowest floor of late of one series.
    pub(super) fn floor_of(&self, series: Series) -> f64 {
        let live = self.live.as_deref().filter(|_| series == Series::LiveHeap);
        live.unwrap_or(&self.heap).growth().floors().lowest_of_late()
    }

    /// What it has allocated, in bytes.
    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.live.as_ref().map_or(0, |_| size_of::<Detector>()) + self.kinds.allocated()
    }

    /// The heap's own detector.
    pub(super) fn heap(&self) -> &Detector {
        &self.heap
    }

    fn note_levels(&mut self, at: Moment) {
        let floors = self.heap.growth().floors();
        let Some(floor) = floors.last() else { return };
        self.highest_floor = self.highest_floor.max(floor);
        if self.is_whole && (2..=START_UP_BLOCKS).contains(&floors.block_index(at)) {
            self.start_level = Some(self.start_level.map_or(floor, |level| level.min(floor)));
        }
    }

    /// A leak's own slope, which a quiet or a busy hour does not move; else that of the present growth.
    fn growth_now(&self) -> Option<Slope> {
        match self.heap.finding() {
            Finding::Leak(seen) => Some(seen.slope),
            _ => self.heap.growth().present().map(|(_, slope)| slope),
        }
    }

    pub(super) fn present(&self, memory: &Memory, population: Population, earlier_start_level: Option<f64>) -> Present {
        let growth = self.heap.growth();
        let limited = memory.ceiling.zip(self.growth_now());
        let level = self.start_level.or(earlier_start_level);
        Present {
            memory: *memory,
            floor: growth.floors().last(),
            slopes: PUBLISHED_SCALES.map(|scale| growth.slope(scale)),
            by_kind: self.kinds.rates(growth.floors().seconds_per_block(0)),
            time_to_limit: limited.and_then(|(ceiling, slope)| {
                let above = memory.heap().as_f64() - held(growth.floors(), slope, self.seen_at.0 - self.began.0);
                // What has never been given back, a step say, is there to stay.
                let given_back = above.min(self.heap.gives_back(slope.rate)).max(0.0);
                time_to_limit(Bytes(ceiling.room().0.saturating_add(whole(given_back))), slope)
            }),
            restart_gain_seconds: limited
                .and_then(|(ceiling, growth)| restart_gain(ceiling.room(), memory.heap().as_f64() - level?, growth)),
            started: self.started,
            population,
        }
    }
}

/// How near memory is to its limit; not known where the limit of its cgroup is not.
fn nearness(memory: &Memory) -> Nearness {
    let Some(ceiling) = memory.ceiling.filter(Ceiling::is_held) else { return Nearness::Unknown };
    let left = ceiling.room().as_f64() / ceiling.limit.as_f64().max(1.0);
    match left {
        _ if left <= 0.1 => Nearness::At,
        _ if memory.basis == Basis::Processes && ceiling.source == LimitSource::Node => Nearness::Unknown,
        _ if left <= 0.5 => Nearness::Near,
        _ => Nearness::Far,
    }
}

/// What is held at present, in bytes: the lowest of the last floors, each grown to the present (`now`, in seconds since the
/// origin of the floors). What lies above is given back by itself: a collector's saw, requests in flight.
fn held(floors: &Floors, slope: Slope, now: f64) -> f64 {
    let points = floors.points(0);
    let grown = points.as_slice().iter().map(|(at, floor)| floor + slope.rate.0 * (now - at));
    grown.reduce(f64::min).unwrap_or(f64::INFINITY)
}
