//! Shell in: reads the world and yields samples. Sees `analysis::sample` and units only.
//!
//! A pass runs through the readers in the order of [`World::read`]; a new reader is one file and one line there.
//! On the tick only cheap reads are made, and a bounded number of them: see `process::table`.

pub mod applications;
pub mod cgroup;
mod clock;
mod descriptors;
mod kept;
mod keyed;
mod node;
pub mod oom;
mod own;
pub mod process;
mod read_error;
pub(crate) mod remedy;
mod roots;
pub mod runtime;
mod world;

pub(crate) use applications::command_line;
pub use clock::now;
pub(crate) use oom::is_of_the_kernel as sees_machine;
pub use read_error::ReadError;
pub use roots::Roots;
pub use world::World;
pub(crate) use world::{Census, Home, Member};
