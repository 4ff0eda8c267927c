//! One line of a trace.

use memtrend_analysis::sample::{About, LoadCounters};
use memtrend_analysis::units::Bytes;
use std::sync::Arc;

/// What a trace tells of one instant; what is empty in the file is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Seconds on the file's own clock.
    pub timestamp_seconds: f64,
    /// Heap: anonymous memory, swapped out or not.
    pub heap: Bytes,
    /// The limit that holds.
    pub limit: Option<Bytes>,
    /// Live set after the last full collection.
    pub live_heap: Option<Bytes>,
    /// Counters of work done.
    pub load: LoadCounters,
    /// Start of the process on the file's clock; a change is a restart.
    pub start_seconds: Option<f64>,
    /// Kills for want of memory so far, over all its lives: a counter.
    pub oom_kills: Option<u64>,
    /// Version and runtime.
    pub about: Arc<About>,
}
