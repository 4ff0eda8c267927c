//! Which process belongs to which application, and what it is called.

mod commands;
mod filter;
mod grouping;
mod lives;
mod names;
mod own;
mod selector;
mod version;

pub(crate) use commands::command_line;
pub use filter::{Filter, Patterns};
pub(crate) use grouping::{Applications, Group};
pub(crate) use own::Own;
pub use selector::{Selection, Selector, Wanted};
