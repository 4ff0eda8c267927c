//! Is it enough to matter? Judged against the application's own size, so that a limit is not needed.

use super::doubt::Doubt;
use super::window::Window;

/// Share of the level that the window must have gained: what allocators and runtimes drift by is below it.
const SHARE_OF_LEVEL: f64 = 0.05;

/// Growth below this many bytes is noise of pages and arenas in any program.
const BYTES: f64 = 1_048_576.0;

/// The bytes that a window up to such a level must have gained.
pub(super) fn least_growth(level: f64) -> f64 {
    BYTES.max(SHARE_OF_LEVEL * level)
}

/// Too small to matter, or more than there is (a slope that the floors do not bear out).
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let (growth, level) = (window.growth(), window.level());
    let enough = growth >= least_growth(level) && growth <= level;
    (!enough).then_some(Doubt::Immaterial(growth / level.max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
    use super::*;

    #[test]
    fn a_twentieth_of_the_level_matters_and_less_does_not() {
        assert_eq!(doubt(&window(15, |x| 1e9 + 4e6 * x)), None);
        assert!(matches!(doubt(&window(15, |x| 1e9 + 3e6 * x)), Some(Doubt::Immaterial(_))));
    }

    #[test]
    fn a_few_pages_in_a_tiny_program_do_not_matter() {
        assert!(matches!(doubt(&window(15, |x| 1e5 + 4096.0 * x)), Some(Doubt::Immaterial(_))));
    }
}
