//! Load on a program, and how many requests it has been sent: the built-in load speaks HTTP/1.1; of the user's own tool
//! requests are counted.
//!
//! The load is open: requests come when they are due, not when the program is ready for them, as they do from people. A program
//! that stalls is late for each request that comes meanwhile, and latencies say so.

pub mod command;
mod error;
mod header;
mod latencies;
mod plan;
mod requests;
mod running;
mod schedule;
mod statuses;
mod tally;
mod target;
mod template;
mod worker;

pub use error::LoadError;
pub use header::{Header, method};
pub use latencies::Latency;
pub use plan::{LONGEST_BODY, MOST_CONNECTIONS, MOST_MEASURED_RATE, MOST_RATE, Plan, Rate, TRIAL};
pub use running::Load;
pub use statuses::Statuses;
pub use tally::{Counts, Failed, FailureKind};
pub use target::Target;
