//! Recorded series: rows of a trace file, one application a file.

mod columns;
mod csv;
mod row;

pub use csv::{Rows, TraceError};
pub use row::Row;
