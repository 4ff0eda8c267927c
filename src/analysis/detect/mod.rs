//! Whether growth is a leak: one test a file, each with its reason; growth that passes all of them is one.
//!
//! The tests look at a [`Window`], the last 15 blocks of one scale, whenever that scale completes a block. The first that
//! fails is the [`Doubt`] that keeps the verdict at `growing`. Constant memory, no clock.

mod detector;
mod doubt;
mod falls;
mod follows;
mod gradual;
mod lasting;
mod load;
mod material;
mod patience;
mod persistent;
mod recent;
mod regression;
mod straight;
mod swing;
mod whole;
mod window;

pub use detector::{Detector, Finding, Spell, Stage};
pub use doubt::Doubt;
pub use falls::Falls;
pub use load::Explained;
pub use patience::Circumstances;
pub(crate) use straight::pace;
pub use window::{Seen, Series, Window};
