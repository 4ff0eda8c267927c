//! Is it still going on? A fill that has just ended keeps the slope of its window for hours: what was gained of late tells.

use super::doubt::Doubt;
use super::window::Window;
use crate::growth::Growth;

/// The least that was gained of late, in terms of the mean pace. A leak through an allocator that asks for memory in
/// large pieces rests at times; then the next piece speaks.
const LEAST_PACE: f64 = 0.6;

/// The finest scale whose window shows what "of late" is: an hour for windows of four hours and more, else a quarter.
const FINEST: usize = 2;

/// The share of that window that is looked at.
const BLOCKS: usize = 12;

/// Has come to rest.
pub(super) fn doubt(window: &Window, scale: usize, growth: &Growth) -> Option<Doubt> {
    let late = growth.floors().points(scale.saturating_sub(2).min(FINEST));
    let late = late.as_slice();
    let (before, last) = (late.get(late.len().saturating_sub(BLOCKS))?, late.last()?);
    let pace = (last.1 - before.1) / (last.0 - before.0) / window.slope.rate.0;
    (pace < LEAST_PACE).then_some(Doubt::Rests(pace))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::floors::Work;
    use crate::units::Moment;

    fn judged(value: impl Fn(f64) -> f64) -> Option<Doubt> {
        let mut growth = Growth::new(60.0, Moment(0.0));
        for minute in 0..=240_u32 {
            growth.push(Moment(f64::from(minute) * 60.0), value(f64::from(minute)), Work::default());
        }
        doubt(&Window::new(growth.floors(), 4, growth.slope(4).unwrap(), 0.0), 4, &growth)
    }

    #[test]
    fn a_fill_that_has_ended_rests_and_a_line_with_a_pause_does_not() {
        assert!(matches!(judged(|x| 1e6 * x.min(190.0)), Some(Doubt::Rests(_))));
        assert_eq!(judged(|x| 1e6 * x), None);
        assert_eq!(judged(|x| 1e6 * (x / 40.0).floor()), None);
    }
}
