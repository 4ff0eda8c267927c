//! Colours that a colour-blind reader can tell apart (Okabe and Ito, "Color Universal Design", 2008); every verdict is also written
//! as a word.

/// All is well.
pub(crate) const WELL: &str = "#56B4E9";
/// Not known.
pub(crate) const UNKNOWN: &str = "#999999";
/// Look at it today.
pub(crate) const SOON: &str = "#E69F00";
/// Look at it now.
pub(crate) const NOW: &str = "#D55E00";
/// A limit.
pub(crate) const LIMIT: &str = "#F0E442";
/// What is expected.
pub(crate) const FORECAST: &str = "#CC79A7";
