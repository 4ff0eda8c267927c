//! What `memtrend check` has found, for people and for machines: each output is one function of the report, pure. Names and
//! sentences in a report may hold what somebody else chose: each output says how it keeps that from breaking out.

pub mod annotations;
#[cfg(test)]
mod fixture;
pub mod json;
pub mod junit;
pub mod markdown;
mod picture;
mod sketch;
pub mod svg;
pub mod text;
mod told;

pub use text::Style;
