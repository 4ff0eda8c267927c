//! A service in production: what its memory does beside what its family adds, its limit, its lives.

use super::load::{DAY, HOUR, Load};
use crate::random::Random;
use memtrend::analysis::sample::{About, LoadCounters};
use memtrend::score::{Label, Truth};
use memtrend::trace::Row;
use memtrend::units::{Bytes, BytesPerSecond};
use std::sync::Arc;

/// Series begin at this time of their clock, so that processes may have started before.
const BEGIN: f64 = 40.0 * DAY;

const LENGTH: f64 = 7.0 * DAY;
const PAGE: f64 = 4096.0;

/// What a family adds to the floor, in bytes; made anew for each life.
pub(crate) type Held = Box<dyn FnMut(&Tick, &mut Random) -> f64>;

/// One step of a life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    /// Seconds since the series began.
    pub(crate) at: f64,
    /// Seconds since the life began (or since the series did, for a life that began before).
    pub(crate) age: f64,
    /// Length of the step.
    pub(crate) step: f64,
    /// Requests in this step.
    pub(crate) work: f64,
    /// Requests a second relative to the mean, without noise.
    pub(crate) load: f64,
}

/// A collector's or allocator's sawtooth above the floor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saw {
    /// Bytes from a collection to the next.
    pub(crate) height: f64,
    /// Seconds between collections at mean load.
    pub(crate) period: f64,
}

/// The service, as drawn.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Bytes after start-up.
    pub(crate) base: f64,
    pub(crate) limit: f64,
    pub(crate) load: Load,
    /// Memory of requests in flight at mean load, as a share of the base.
    pub(crate) in_flight: f64,
    pub(crate) saw: Option<Saw>,
    /// Whether the series begins with the process.
    pub(crate) is_fresh: bool,
    /// Deploys, in seconds after the beginning.
    pub(crate) deploys: Vec<f64>,
    /// Ends after so many deaths at the limit.
    pub(crate) most_deaths: usize,
    /// Its runtime, where the family is about one.
    pub(crate) runtime: Option<&'static str>,
    step: f64,
    jitter: f64,
    start_up: f64,
}

/// A series with its truth.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) truth: Truth,
    pub(crate) rows: Vec<Row>,
    /// For each row what cannot be given back: the true line.
    pub(crate) floors: Vec<f64>,
}

impl Service {
    /// 50 MB to 4 GB below a limit of 1.5 to 6 times that; a sawtooth in half of them.
    pub(crate) fn usual(random: &mut Random) -> Self {
        let base = random.scaled(50e6, 1.5e9);
        let limit = (base * random.between(1.5, 6.0)).min(4e9_f64.max(1.5 * base));
        let saw = Saw { height: base * random.between(0.02, 0.3), period: random.scaled(120.0, 2.0 * HOUR) };
        Self {
            base,
            limit,
            load: Load::usual(random),
            in_flight: random.between(0.005, 0.04),
            saw: random.happens(0.5).then_some(saw),
            is_fresh: random.happens(0.4),
            deploys: Vec::new(),
            most_deaths: usize::MAX,
            runtime: None,
            step: if random.happens(0.3) { 30.0 } else { 60.0 },
            jitter: random.scaled(0.0005, 0.008),
            start_up: random.scaled(60.0, 900.0),
        }
    }

    /// Bytes from the base to the limit.
    pub(crate) fn room(&self) -> f64 {
        self.limit - self.base
    }

    /// A clean series.
    pub(crate) fn clean(self, random: &mut Random, life: impl FnMut(&mut Random) -> Held) -> Made {
        self.run(random, None, life)
    }

    /// A leak of `rate` bytes a second from `onset` seconds after the beginning.
    pub(crate) fn leak(
        self,
        random: &mut Random,
        onset: f64,
        rate: f64,
        life: impl FnMut(&mut Random) -> Held,
    ) -> Made {
        self.run(random, Some((onset, rate)), life)
    }

    fn run(mut self, random: &mut Random, leak: Option<(f64, f64)>, mut life: impl FnMut(&mut Random) -> Held) -> Made {
        let (mut rows, mut floors) = (Vec::new(), Vec::new());
        let about = Arc::new(About { runtime: self.runtime.map(Into::into), ..About::default() });
        let mut held = life(random);
        let before = if self.is_fresh { 0.0 } else { random.between(1.0, 20.0) * DAY };
        let (mut began, mut start) = (0.0, BEGIN - before);
        let (mut deaths, mut exhaustion) = (0, None);
        let (mut requests, mut since_collection, mut wander) = (before * self.load.mean, 0.0, 0.0);
        let steps = (LENGTH / self.step) as usize;
        for place in 0..steps {
            let at = place as f64 * self.step;
            let is_deployed = self.deploys.first().is_some_and(|deploy| at >= *deploy);
            let is_dead = floors.last().is_some_and(|floor| *floor >= self.limit);
            if is_dead {
                exhaustion.get_or_insert(BEGIN + at);
                deaths += 1;
                if deaths >= self.most_deaths {
                    break;
                }
            }
            if is_deployed || is_dead {
                if is_deployed {
                    self.deploys.remove(0);
                }
                (began, start, requests, since_collection) = (at, BEGIN + at, 0.0, 0.0);
                held = life(random);
            }
            let rate = self.load.rate(at, random);
            let load = self.load.relative(at);
            let tick = Tick { at, age: at - began, step: self.step, work: rate * self.step, load };
            requests += tick.work;
            let is_whole = start >= BEGIN;
            let started = if is_whole { 1.0 - 0.6 * (-tick.age / self.start_up).exp() } else { 1.0 };
            let in_flight = self.base * self.in_flight * rate / self.load.mean;
            let floor = self.base * started + held(&tick, random);
            // A collector runs more often when there is less room.
            let saw = self.saw.map_or(0.0, |saw| {
                since_collection += self.step * rate / self.load.mean / saw.period;
                if since_collection >= 1.0 {
                    since_collection = random.between(0.0, 0.08);
                }
                since_collection * saw.height.min(0.8 * (self.limit - floor).max(0.0))
            });
            wander = 0.8 * wander + 0.6 * random.normal();
            let spike = if random.happens(0.002) { random.exponential() * 8.0 } else { 0.0 };
            let noise = self.base * self.jitter * (wander + spike);
            let heap = (floor + in_flight + saw + noise).clamp(0.3 * self.base * started, self.limit);
            rows.push(Row {
                timestamp_seconds: BEGIN + at,
                heap: Bytes(((heap / PAGE).round() * PAGE) as u64),
                limit: Some(Bytes(self.limit as u64)),
                live_heap: None,
                load: LoadCounters { requests: Some(requests.floor()), cpu_seconds: None },
                start_seconds: Some(start),
                oom_kills: None,
                about: Arc::clone(&about),
            });
            floors.push(floor);
        }
        // Not reached in the series: on from its end, where caches are full and the line is all that is left.
        let by_line = |(_, rate): (f64, f64)| Some(BEGIN + LENGTH + (self.limit - floors.last()?) / rate);
        let truth = Truth {
            label: if leak.is_some() { Label::Leak } else { Label::Clean },
            kind: String::new(),
            runtime: self.runtime.unwrap_or_default().to_owned(),
            onset_seconds: leak.map(|(onset, _)| BEGIN + onset),
            growth: leak.map(|(_, rate)| BytesPerSecond(rate)),
            limit: Some(Bytes(self.limit as u64)),
            exhaustion_seconds: exhaustion.filter(|_| leak.is_some()).or_else(|| leak.and_then(by_line)),
            ambiguous: None,
        };
        Made { truth, rows, floors }
    }
}
