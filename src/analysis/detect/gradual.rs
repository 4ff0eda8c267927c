//! Does it come little by little? A table that is loaded, a cache that is filled at once, come in one step.

use super::doubt::Doubt;
use super::window::Window;

/// The share of the growth that one block may bring.
const LARGEST_SHARE: f64 = 0.35;

/// One step makes up most of it.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let share = window.increments().fold(0.0, f64::max) / window.growth();
    (share.is_nan() || share > LARGEST_SHARE).then_some(Doubt::Step(share))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
    use super::*;

    #[test]
    fn a_staircase_of_many_steps_is_gradual_and_one_of_two_is_not() {
        assert_eq!(doubt(&window(15, |x| 100.0 * (x / 3.0).floor())), None);
        assert!(matches!(doubt(&window(15, |x| x + if x < 7.0 { 0.0 } else { 30.0 })), Some(Doubt::Step(_))));
    }
}
