//! Pure analysis: from samples to a report. No I/O, no clock, no async, no logging: time comes in with each sample.

pub mod detect;
pub mod engine;
pub mod floors;
pub mod forecast;
pub mod gate;
pub mod growth;
pub mod history;
pub mod kinds;
mod leak;
mod life;
pub mod lives;
pub mod onset;
pub mod oom;
pub mod origin;
pub mod report;
mod restart_loop;
pub mod sample;
pub mod trend;
pub mod units;
pub mod verdict;
pub mod watch;
mod work;

#[cfg(test)]
mod constant;
