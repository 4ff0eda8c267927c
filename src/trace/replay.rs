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
    /// The start that was told last.
    start_seconds: Option<f64>,
    /// When the present life began, where that is known.
    started: Option<f64>,
    version: Option<Box<str>>,
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
            started: first.start_seconds,
            version: first.about.version.clone(),
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
        self.note_life(row);
        let seen = &mut self.observation;
        seen.lifetime.start_ticks = self.lifetimes;
        seen.started = Timestamp(self.started.unwrap_or(seen.started.0));
        seen.age_seconds = self.started.map_or(f64::INFINITY, |start| row.timestamp_seconds - start);
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

    /// A life begins with another start, and with another version, whose start is not told then.
    fn note_life(&mut self, row: &Row) {
        let version = row.about.version.as_ref().filter(|version| self.version.as_ref() != Some(*version));
        let is_another = version.is_some() && self.version.is_some();
        if let Some(version) = version {
            self.version = Some(version.clone());
        }
        if row.start_seconds.is_some() && row.start_seconds != self.start_seconds {
            self.lifetimes += u64::from(self.start_seconds.is_some() || is_another);
            self.start_seconds = row.start_seconds;
            self.started = row.start_seconds;
        } else if is_another {
            self.lifetimes += 1;
            self.started = Some(row.timestamp_seconds);
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

#[cfg(test)]
mod tests {
    use super::*;
    use memtrend_analysis::sample::{About, LoadCounters};
    use memtrend_analysis::units::Bytes;

    /// Lives, by the version and the start that are told in each of ten rows.
    fn lifetimes(told: impl Fn(u32) -> (Option<&'static str>, Option<f64>)) -> u64 {
        let row = |place: u32| {
            let (version, start_seconds) = told(place);
            let about = About { version: version.map(Into::into), ..About::default() };
            let (live_heap, limit, load) = (None, None, LoadCounters::default());
            let (timestamp_seconds, heap, about) = (f64::from(place) * 60.0, Bytes(1 << 20), Arc::new(about));
            Row { timestamp_seconds, heap, limit, live_heap, load, start_seconds, about }
        };
        let mut replay = Replay::new(&row(0));
        (1..10).for_each(|place| replay.push(&row(place)));
        replay.outcome().lifetimes
    }

    #[test]
    fn another_start_or_another_version_is_another_life_and_both_at_once_are_one() {
        let start = |place| f64::from(place / 5);
        assert_eq!(lifetimes(|_| (Some("1"), Some(0.0))), 1);
        assert_eq!(lifetimes(|place| (Some("1"), Some(start(place)))), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), None)), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), Some(start(place)))), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), Some(0.0))), 2);
    }

    #[test]
    fn a_version_or_a_start_that_is_not_told_for_a_while_is_no_other() {
        assert_eq!(lifetimes(|place| ((place != 5).then_some("1"), Some(0.0))), 1);
        assert_eq!(lifetimes(|place| (Some("1"), (place != 5).then_some(0.0))), 1);
    }
}
