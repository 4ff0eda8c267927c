//! Figures of an application that several parts of the page tell.

use crate::analysis::report::{ApplicationReport, Present};
use crate::analysis::sample::Ceiling;
use crate::analysis::trend::Slope;
use crate::analysis::verdict::Evidence;
use crate::units::{Bytes, BytesPerSecond};
use std::fmt;

/// Its growth: that behind the verdict, else that of the longest window that has one.
pub(super) fn growth(application: &ApplicationReport) -> Option<Slope> {
    let present = application.present.as_ref()?;
    let longest = || present.slopes.iter().rev().find_map(|slope| *slope);
    match &application.evidence {
        Evidence::Flat { longest: Some((_, slope)) } => Some(*slope),
        evidence => evidence.growth().map(|seen| seen.slope).or_else(longest),
    }
}

/// Its kills, whoever's limit was hit.
pub(super) fn kills(application: &ApplicationReport) -> u64 {
    application.totals.kills.iter().sum()
}

/// Its restarts, whatever the cause.
pub(super) fn restarts(application: &ApplicationReport) -> u64 {
    application.restarts.iter().sum()
}

/// The heap at which its limit is hit: what else counts against the limit stays as it is. That is where the limit stands
/// beside the floor; `None` where there is none, or it is not held.
pub(super) fn heap_at_limit(present: &Present) -> Option<Bytes> {
    let ceiling = present.memory.ceiling.filter(Ceiling::is_held)?;
    Some(present.memory.heap().saturating_add(ceiling.room()))
}

/// Lowest and highest of some values; `None` without any.
pub(super) fn extremes(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |extremes, value| {
        let (lowest, highest) = extremes.unwrap_or((value, value));
        Some((value.min(lowest), value.max(highest)))
    })
}

/// Two bounds; their unit is told once where it is the same.
pub(super) struct Between(pub(super) BytesPerSecond, pub(super) BytesPerSecond);

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lower, upper) = (self.0.to_string(), self.1.to_string());
        let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
        match lower.split_once(' ') {
            Some((figure, _)) if unit(&lower) == unit(&upper) => write!(f, "{figure} to {upper}"),
            _ => write!(f, "{lower} to {upper}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_is_told_once() {
        let between = |lower: f64, upper: f64| Between(BytesPerSecond(lower), BytesPerSecond(upper)).to_string();
        assert_eq!(between(1e4, 1.2e4), "+34.3 to +41.2 MiB/h");
        assert_eq!(between(-10.0, 1e4), "-35.2 KiB/h to +34.3 MiB/h");
    }
}
