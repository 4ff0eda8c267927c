//! A recorded series through the same state machine as a live one, sample by sample.

use super::observing::Observing;
use super::row::Row;
use memtrend_analysis::report::ApplicationReport;
use memtrend_analysis::sample::Identity;
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
    observing: Observing,
    samples: u64,
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
            observing: Observing::new(identity, first),
            samples: 0,
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
        let seen = self.observing.observe(row);
        self.watch.observe(seen, Moment(row.timestamp_seconds), BLOCK_SECONDS);
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
            lifetimes: self.observing.lifetimes(),
            report: self.report(),
            transitions: self.transitions,
            leak_evidence: self.leak_evidence,
        }
    }
}
