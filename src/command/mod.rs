//! One file a subcommand. Here settings become selections and engines; nothing here analyses or prints metrics.

pub mod analyze;
mod complaint;
pub mod demo;
pub mod doctor;
pub mod health;
pub mod leak;
mod log;
pub mod pause;
mod plain;
pub mod serve;

pub use complaint::in_one_line;
pub use plain::plain;
