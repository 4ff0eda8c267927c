//! Series out of a Prometheus' past: its range API, asked page by page, and its answers as rows of a trace.
//!
//! Blocking on the outside; the little async that its HTTP client needs stays inside `client`.

mod address;
mod answer;
mod client;
mod columns;
mod labels;
mod pages;
mod problem;
mod range;
mod warnings;

pub use address::Address;
pub use client::Client;
pub use columns::Column;
pub use labels::Labels;
pub use pages::{Pages, Query};
pub use problem::Problem;
pub use range::{MOST_POINTS, Range};
