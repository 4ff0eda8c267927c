//! Is it as fast now as in the longer run? Growth that dies down is slower now than over a longer window.

use super::doubt::Doubt;
use super::window::Window;
use crate::growth::Growth;

/// The least share of any longer window's slope.
const LEAST_SHARE: f64 = 0.6;

/// Slower now than over a longer window.
pub(super) fn doubt(window: &Window, scale: usize, growth: &Growth) -> Option<Doubt> {
    let fastest = growth.longer_slopes(scale).map(|slope| slope.rate.0).fold(0.0, f64::max);
    let share = window.slope.rate.0 / fastest;
    (fastest > 0.0 && share < LEAST_SHARE).then_some(Doubt::SlowerThanBefore(share))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::floors::Work;
    use crate::units::Moment;

    fn judged(value: impl Fn(f64) -> f64) -> Option<Doubt> {
        let mut growth = Growth::new(60.0, Moment(0.0));
        for minute in 0..=60_u32 {
            growth.push(Moment(f64::from(minute) * 60.0), value(f64::from(minute)), Work::default());
        }
        doubt(&Window::new(growth.floors(), 0, growth.slope(0).unwrap(), 0.0), 0, &growth)
    }

    #[test]
    fn growth_that_dies_down_is_slower_now_than_over_the_hour_and_a_line_is_not() {
        assert_eq!(judged(|x| 1e6 * x), None);
        assert!(matches!(judged(|x| 1e6 * x.min(44.0) + 1e5 * x), Some(Doubt::SlowerThanBefore(_))));
    }
}
