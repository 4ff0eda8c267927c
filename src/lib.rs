//! memtrend: a Prometheus exporter that watches applications' memory from outside, says how fast their heap grows, when
//! it will hit its limit, and counts their out-of-memory kills.
//!
//! Read in this order; arrows point one way: Cargo holds those of the crates `analysis` and `trace`, `tests/tidy.rs` the others.
//!
//! 1. [`units`]: bytes, rates, moments.
//! 2. [`analysis`]: pure. A [`Sample`](analysis::sample::Sample) goes into the [`Engine`](analysis::engine::Engine), a
//!    [`Report`](analysis::report::Report) comes out.
//! 3. [`source`]: reads the world and yields samples.
//!    [`trace`] reads recorded ones, [`history`] those that a Prometheus has kept, [`score`] holds verdicts on them against a known truth.
//!    [`check`] loads a program and counts its requests.
//!    [`http`] asks servers. [`state`] keeps what outlives memtrend.
//! 4. [`output`]: a report becomes text.
//! 5. [`config`] and [`cli`]: what the user has set.
//! 6. [`serve`]: samples on a clock and answers HTTP.
//! 7. [`command`]: one file a subcommand.

pub use memtrend_analysis::units;

pub use memtrend_analysis as analysis;

pub mod source;

pub use memtrend_trace as trace;

pub mod http;

pub mod history;

pub mod score;

pub mod state;

pub mod output;

pub mod config;

pub mod cli;

pub mod check;

pub mod serve;

pub mod command;
