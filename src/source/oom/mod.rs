//! Sources of out-of-memory kills, each in a file of its own, and the thread that waits for what they tell.

mod births;
mod counters;
mod exits;
mod followed;
pub mod kernel_log;
mod link;
mod roster;
pub(crate) mod vmstat;
mod watcher;

pub(crate) use link::{Link, Place, Subject, is_of_the_kernel};
