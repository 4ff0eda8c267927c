//! Shell out: a report becomes text. Pure; sees `analysis::report` and units, and nothing of where samples come from.

pub mod backfill;
pub mod catalogue;
pub mod chart;
pub mod encoder;
pub mod gate;
pub mod html;
pub mod instruments;
pub mod json;
mod markup;
pub mod page;
pub mod pieces;
pub mod plain;
pub mod reference;
