//! Growth as JSON.

use crate::analysis::{origin, trend::Slope};
use serde::Serialize;

/// A slope with its bounds.
#[derive(Serialize)]
pub(super) struct Growth {
    lower: f64,
    expected: f64,
    upper: f64,
}

impl Growth {
    pub(super) fn of(slope: &Slope) -> Self {
        Self { lower: slope.lower.0, expected: slope.rate.0, upper: slope.upper.0 }
    }
}

/// What was running when growth began.
#[derive(Serialize)]
pub(super) struct Origin<'a> {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_was_steady: Option<bool>,
}

impl<'a> Origin<'a> {
    pub(super) fn of(origin: &'a origin::Origin) -> Self {
        let earlier = origin.earlier.as_ref();
        Self {
            text: origin.to_string(),
            age_seconds: origin.age_seconds,
            version: origin.version.as_deref(),
            previous_version: earlier.map(|earlier| &*earlier.version),
            previous_was_steady: earlier.map(|earlier| earlier.was_steady),
        }
    }
}
