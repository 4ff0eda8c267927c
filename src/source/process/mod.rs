//! The process table: who is there, and what each one holds.

mod descendants;
mod details;
mod listing;
mod stat;
mod statm;
pub mod table;

pub use descendants::{Descendant, descendants};
pub(crate) use details::{Details, count_descriptors};
pub(crate) use stat::read_stat;
pub(crate) use statm::Statm;
pub(crate) use table::KERNEL_THREAD;
