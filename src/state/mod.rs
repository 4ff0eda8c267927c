//! What outlives memtrend: the counters of kills, in a small file that is replaced at one stroke.

mod format;
mod store;

pub use store::{Store, StoreError, file_in};
