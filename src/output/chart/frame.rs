//! Where a time and a value stand in a picture.

use super::scale::Scale;

/// The frame of the curves.
pub(in crate::output) const LEFT: f64 = 96.0;
pub(in crate::output) const RIGHT: f64 = 1176.0;
pub(in crate::output) const TOP: f64 = 148.0;
pub(in crate::output) const BOTTOM: f64 = 520.0;

/// Scales of both axes.
#[derive(Debug)]
pub(in crate::output) struct Frame {
    /// Seconds at the left edge.
    pub(in crate::output) begin: f64,
    /// Seconds from there to the right edge, more than zero.
    pub(in crate::output) span: f64,
    /// Bytes, upwards.
    pub(in crate::output) scale: Scale,
}

impl Frame {
    /// How far right a time stands.
    pub(in crate::output) fn x(&self, seconds: f64) -> f64 {
        let share = ((seconds - self.begin) / self.span).clamp(0.0, 1.0);
        LEFT + share * (RIGHT - LEFT)
    }

    /// How far down a value stands.
    pub(in crate::output) fn y(&self, bytes: f64) -> f64 {
        BOTTOM - self.scale.share(bytes) * (BOTTOM - TOP)
    }
}
