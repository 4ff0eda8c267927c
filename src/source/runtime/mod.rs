//! Live heap on demand: what a managed runtime still holds after a full collection, asked of the process itself.
//!
//! For a leak gate that runs somebody's program as the same user, and asks at checkpoints. Never for the tick of `serve`: each
//! question stops the program for a collection, and blocks the thread that asks. A figure after a full collection has no sawtooth:
//! a leak is what rises from one checkpoint to the next.
//!
//! HotSpot is asked through its attach socket, as `jcmd` does (`jvm`); Node through a hook that it has loaded (`node`). Both
//! answer on a Unix socket (`socket`), and whatever the process does, a question ends in the time that it was given.

mod attach;
mod deadline;
mod error;
mod heap_info;
mod histogram;
mod jvm;
mod managed;
mod node;
mod resident;
mod socket;
mod standing;

use crate::units::Bytes;
use deadline::Deadline;
pub use error::RuntimeError;
pub use managed::{ManagedProcess, Runtime, detect};
pub use node::NodeHook;
use std::time::Duration;

/// What is live after a full collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveHeap {
    /// Objects in the collected heap that are reachable.
    pub heap: Bytes,
    /// What the runtime holds outside that heap. JVM: anonymous and shared memory, resident or swapped out, but for the heap's:
    /// direct buffers, metaspace, threads, code, native allocations. Node: the same, Buffers and native addons among it. In bytes; below zero where
    /// Node has reserved more than it has touched. `None` where it is not known.
    pub outside: Option<f64>,
    /// How long it took to find out: most of it the program stood still.
    pub took: Duration,
}

/// Has a process collect its whole heap, and tells what is left. Blocks, for `within` at most.
///
/// # Errors
/// When the process has ended, is stopped, refuses, or does not answer in time.
pub fn collect(process: &ManagedProcess, hook: &NodeHook, within: Duration) -> Result<LiveHeap, RuntimeError> {
    let deadline = Deadline::new(within);
    match process.runtime() {
        Runtime::Jvm => jvm::collect(process, &deadline),
        Runtime::Node => hook.collect(process, &deadline),
    }
}
