//! One file a subcommand. Here settings become selections and engines; nothing here analyses or prints metrics.

pub mod analyze;
pub mod check;
mod complaint;
pub mod demo;
pub mod doctor;
mod files;
pub mod health;
pub mod keep;
pub mod leak;
mod log;
pub mod pause;
pub mod serve;
pub mod state;

pub use crate::output::plain::plain;
pub use complaint::in_one_line;
