//! Is it as fast now as in the longer run? Growth that dies down is slower now than over a longer window.

use super::doubt::Doubt;
use super::window::Window;
use crate::analysis::growth::Growth;

/// The least share of any longer window's slope.
const LEAST_SHARE: f64 = 0.6;

/// Slower now than over a longer window.
pub(super) fn doubt(window: &Window, scale: usize, growth: &Growth) -> Option<Doubt> {
    let fastest = growth.longer_slopes(scale).map(|slope| slope.rate.0).fold(0.0, f64::max);
    let share = window.slope.rate.0 / fastest;
    (fastest > 0.0 && share < LEAST_SHARE).then_some(Doubt::SlowerThanBefore(share))
}
