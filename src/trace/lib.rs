//! Recorded series: rows of a trace file, one application a file.

mod columns;
mod csv;
mod number;
mod observing;
mod quotes;
mod replay;
mod row;

pub use csv::{Rows, TraceError};
pub use observing::Observing;
pub use replay::{Outcome, Replay, Transition};
pub use row::Row;
