//! Sources of out-of-memory kills, each in a file of its own, and the thread that waits for what they tell.

pub(crate) mod vmstat;
