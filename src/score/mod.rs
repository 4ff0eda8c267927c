//! How well verdicts fit a known truth: what is called of what leaks, how early, and how near the figures are. Pure.

mod fields;
mod figures;
mod groups;
mod judged;
mod labels;
mod series;
mod tally;
mod truth;

pub use figures::Figures;
pub use groups::{GroupFigures, Groups};
pub use judged::Judged;
pub use labels::{Labelled, LabelsError, labels};
pub use series::Series;
pub use tally::{Score, Tally};
pub use truth::{Label, Truth};
