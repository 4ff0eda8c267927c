//! A recorded series through the same state machine as a live one, sample by sample.

use super::row::Row;
use memtrend_analysis::report::ApplicationReport;
use memtrend_analysis::sample::{
    Basis, ByKind, Ceiling, Identity, Kind, Lifetime, LimitSource, Memory, Observation, Population,
};
use memtrend_analysis::units::{Clock, Moment, Timestamp};
use memtrend_analysis::verdict::{Evidence, Verdict};
use memtrend_analysis::watch::Watch;
use std::sync::Arc;

/// Length of the base block in seconds, as in `serve`.
const BLOCK_SECONDS: f64 = 60.0;

/// When the verdict changed, and to what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// On the file's clock.
    pub at_seconds: f64,
    /// The new verdict.
    pub verdict: Verdict,
}

/// What a whole series shows.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Rows read.
    pub samples: u64,
    /// Lives seen.
    pub lifetimes: u64,
    /// Changes of the verdict; the first is the verdict of the first row.
    pub transitions: Vec<Transition>,
    /// What the first verdict `leaking` was given for, if there was one.
    pub leak_evidence: Option<Evidence>,
    /// What is known after the last row.
    pub report: ApplicationReport,
}

impl Outcome {
    /// When a verdict was given for the first time.
    pub fn first(&self, verdict: Verdict) -> Option<f64> {
        self.transitions.iter().find(|change| change.verdict == verdict).map(|change| change.at_seconds)
    }

    /// Since when it has been leaking without a break, if it still is.
    pub fn leaking_since(&self) -> Option<f64> {
        self.transitions.last().filter(|last| last.verdict == Verdict::Leaking).map(|last| last.at_seconds)
    }
}

/// Replays rows.
#[derive(Debug)]
pub struct Replay {
    watch: Watch,
    observation: Observation,
    start_seconds: Option<f64>,
    samples: u64,
    lifetimes: u64,
    transitions: Vec<Transition>,
    leak_evidence: Option<Evidence>,
    last_seconds: f64,
}

impl Replay {
    /// Begins with the first row.
    pub fn new(first: &Row) -> Self {
        let identity = Identity { application: "trace".into(), namespace: None, pod: None, container: None };
        let identity = Arc::new(identity);
        let mut replay = Self {
            watch: Watch::new(Arc::clone(&identity), Moment(first.timestamp_seconds)),
            observation: Observation {
                identity,
                about: Arc::clone(&first.about),
                lifetime: Lifetime { pid: 1, start_ticks: 0 },
                started: Timestamp(first.timestamp_seconds),
                age_seconds: f64::INFINITY,
                memory: None,
                live_heap: first.live_heap,
                load: first.load,
                counters: None,
                population: Population { processes: 1, ..Population::default() },
            },
            start_seconds: first.start_seconds,
            samples: 0,
            lifetimes: 1,
            transitions: Vec::new(),
            leak_evidence: None,
            last_seconds: first.timestamp_seconds,
        };
        replay.push(first);
        replay
    }

    /// Takes in the next row.
    pub fn push(&mut self, row: &Row) {
        self.samples += 1;
        self.last_seconds = row.timestamp_seconds;
        if row.start_seconds.is_some() && row.start_seconds != self.start_seconds {
            self.lifetimes += u64::from(self.start_seconds.is_some());
            self.start_seconds = row.start_seconds;
        }
        let seen = &mut self.observation;
        seen.lifetime.start_ticks = self.lifetimes;
        seen.started = Timestamp(self.start_seconds.unwrap_or(seen.started.0));
        seen.age_seconds = self.start_seconds.map_or(f64::INFINITY, |start| row.timestamp_seconds - start);
        if !Arc::ptr_eq(&seen.about, &row.about) {
            seen.about = Arc::clone(&row.about);
        }
        seen.live_heap = row.live_heap;
        seen.load = row.load;
        let mut by_kind = ByKind::default();
        by_kind.set(Kind::Anon, row.heap);
        let ceiling = row.limit.filter(|limit| limit.0 > 0).map(|limit| Ceiling {
            source: LimitSource::Own,
            limit,
            used: row.heap,
            swap_included: false,
        });
        seen.memory = Some(Memory { by_kind, basis: Basis::Processes, ceiling });
        self.watch.observe(&self.observation, Moment(row.timestamp_seconds), BLOCK_SECONDS);
        let verdict = self.watch.conclusion();
        if self.transitions.last().is_none_or(|last| last.verdict != verdict) {
            self.transitions.push(Transition { at_seconds: row.timestamp_seconds, verdict });
            if verdict == Verdict::Leaking && self.leak_evidence.is_none() {
                self.leak_evidence = Some(self.report().evidence);
            }
        }
    }

    /// What is known after the last row.
    pub fn report(&self) -> ApplicationReport {
        let clock = Clock { moment: Moment(self.last_seconds), wall: Timestamp(self.last_seconds) };
        self.watch.report(clock, f64::NEG_INFINITY)
    }

    /// What the rows so far show.
    pub fn outcome(self) -> Outcome {
        Outcome {
            samples: self.samples,
            lifetimes: self.lifetimes,
            report: self.report(),
            transitions: self.transitions,
            leak_evidence: self.leak_evidence,
        }
    }
}
