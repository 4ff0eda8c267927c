//! What has become of the requests: counters that the load writes, and any thread reads while it runs.

use super::latencies::{Latencies, Latency};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longest text that is kept of a failure, in characters.
const LONGEST_TEXT: usize = 800;

/// What a request failed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A whole answer, with a status that is not expected.
    Status,
    /// No connection, or no TLS over it.
    Connect,
    /// No whole answer in time.
    Timeout,
    /// The connection broke, or what came is no HTTP.
    Protocol,
}

/// All, in the order in which they are told.
const KINDS: [FailureKind; 4] =
    [FailureKind::Connect, FailureKind::Timeout, FailureKind::Protocol, FailureKind::Status];

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "status",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
        })
    }
}

/// Requests that failed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// Answered as a whole with a status that is not expected: counted in [`Counts::completed`] too.
    pub status: u64,
    /// Without a connection: the server has not seen them.
    pub connect: u64,
    /// Without a whole answer in time.
    pub timeout: u64,
    /// Broken off, or answered by what is no HTTP.
    pub protocol: u64,
}

impl Failed {
    /// Of all kinds.
    pub fn total(&self) -> u64 {
        self.status + self.connect + self.timeout + self.protocol
    }
}

/// How far a load is; each number only grows while it runs, but for the rates and the lag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    /// Requests begun, those of a trial too; one that is sent again by a new connection counts once.
    pub sent: u64,
    /// Whole answers, whatever their status, body and all.
    pub completed: u64,
    /// What failed.
    pub failed: Failed,
    /// Bytes of the bodies of whole answers.
    pub body_bytes: u64,
    /// Requests a second that are to be sent; `None` while a trial finds that out.
    pub rate: Option<f64>,
    /// Answers a second since the schedule began: at the start, after a trial, a pause or a change of the rate.
    pub achieved: Option<f64>,
    /// How long the next request has been due that no connection is free for: a server that is fast enough has it at zero again
    /// soon after each stall, and with one that is too slow for the rate it grows.
    pub lag: Duration,
    /// From when requests were due until they were answered, or given up after the timeout; without those of a trial.
    pub latency: Option<Latency>,
}

impl Counts {
    /// Requests that are neither answered nor failed yet.
    pub fn in_flight(&self) -> u64 {
        let Failed { connect, timeout, protocol, .. } = self.failed;
        self.sent.saturating_sub(self.completed + connect + timeout + protocol)
    }
}

pub(super) struct Tally {
    sent: AtomicU64,
    completed: AtomicU64,
    body_bytes: AtomicU64,
    failed: [Failures; KINDS.len()],
    pub(super) latencies: Latencies,
}

struct Failures {
    kind: FailureKind,
    count: AtomicU64,
    first: Mutex<Option<String>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        let failed = KINDS.map(|kind| Failures { kind, count: AtomicU64::new(0), first: Mutex::default() });
        Self {
            sent: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            failed,
            latencies: Latencies::new(),
        }
    }

    /// The number of a request that is begun: 1 is the first.
    pub(super) fn begin(&self) -> u64 {
        self.sent.fetch_add(1, Ordering::Release) + 1
    }

    pub(super) fn completed(&self) -> u64 {
        self.completed.load(Ordering::Acquire)
    }

    pub(super) fn complete(&self, body_bytes: u64) {
        self.body_bytes.fetch_add(body_bytes, Ordering::Relaxed);
        self.completed.fetch_add(1, Ordering::Release);
    }

    /// The text is made for the first of its kind only.
    pub(super) fn fail(&self, kind: FailureKind, text: impl FnOnce() -> String) {
        let Some(failures) = self.failed.iter().find(|failures| failures.kind == kind) else { return };
        if failures.count.fetch_add(1, Ordering::Release) == 0 {
            let text = text().chars().take(LONGEST_TEXT).collect();
            *failures.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        }
    }

    /// The first failure of each kind that there was.
    pub(super) fn first_failures(&self) -> Vec<(FailureKind, String)> {
        let first = |failures: &Failures| failures.first.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.failed.iter().filter_map(|failures| Some((failures.kind, first(failures)?))).collect()
    }

    /// Without rates and lag, which the schedule knows. What is counted later is read first, so that no sum is above its whole.
    pub(super) fn counts(&self) -> Counts {
        let count = |kind| {
            let failures = self.failed.iter().find(|failures| failures.kind == kind);
            failures.map_or(0, |failures| failures.count.load(Ordering::Acquire))
        };
        let failed = Failed {
            status: count(FailureKind::Status),
            connect: count(FailureKind::Connect),
            timeout: count(FailureKind::Timeout),
            protocol: count(FailureKind::Protocol),
        };
        let completed = self.completed();
        Counts {
            sent: self.sent.load(Ordering::Acquire),
            completed,
            failed,
            body_bytes: self.body_bytes.load(Ordering::Relaxed),
            rate: None,
            achieved: None,
            lag: Duration::ZERO,
            latency: self.latencies.latency(),
        }
    }
}
