//! Is it more load? Floors are regressed on time and load together: what is left to time alone is not explained by load.

use super::doubt::Doubt;
use super::regression::least_squares;
use super::window::Window;
use crate::trend::MAXIMUM_POINTS;
use std::fmt;

/// The share of the slope that must be left to time.
const LEAST_SHARE: f64 = 0.5;

/// It must stand out by so many standard errors: three times two, since neighbouring floors are correlated.
const LEAST_ERRORS: f64 = 6.0;

/// A load is flat when it changes by less than this share of its mean over the window.
const FLAT: f64 = 0.1;

/// What the regression on time and load says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained {
    /// Share of the growth that time explains when the load is held.
    pub share_of_time: f64,
    /// That, in standard errors.
    pub errors: f64,
    /// Change of the load over the window in terms of its mean.
    pub load_change: f64,
}

impl Explained {
    /// Whether the growth stands without the load.
    pub fn leaves_growth(&self) -> bool {
        self.share_of_time >= LEAST_SHARE && (self.errors >= LEAST_ERRORS || self.is_flat())
    }

    /// Whether the load itself changed so little that it has nothing to explain.
    fn is_flat(&self) -> bool {
        self.load_change.abs() < FLAT
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_flat() {
            return f.write_str("load flat");
        }
        write!(f, "load {:+.0} %", (self.load_change * 100.0).clamp(-999.0, 999.0))
    }
}

/// Growth that goes with the load.
pub(super) fn doubt(explained: Option<Explained>) -> Option<Doubt> {
    let explained = explained?;
    (!explained.leaves_growth()).then_some(Doubt::Load(explained))
}

/// `None` when the load is not known for every block, there was none at all, or it is more than can be reckoned with.
pub(super) fn explain(window: &Window) -> Option<Explained> {
    let (points, loads) = (window.points(), window.loads());
    let mean = loads.iter().sum::<f64>() / window.count();
    if !mean.is_finite() || mean <= 0.0 {
        return None;
    }
    let (start, base) = *points.first()?;
    let blocks = |at: f64| (at - start) / window.block_seconds;
    let mut on_both = [[0.0; 3]; MAXIMUM_POINTS];
    let mut on_time = [[0.0; 2]; MAXIMUM_POINTS];
    let (mut gains, mut relative) = ([0.0; MAXIMUM_POINTS], [0.0; MAXIMUM_POINTS]);
    let slots = on_both.iter_mut().zip(&mut on_time).zip(gains.iter_mut().zip(&mut relative));
    for (((at, floor), load), ((both, time), (gain, share))) in points.iter().zip(loads).zip(slots) {
        *time = [1.0, blocks(*at)];
        (*gain, *share) = (floor - base, load / mean);
        *both = [1.0, blocks(*at), *share];
    }
    let count = points.len();
    let line = least_squares(on_time.get(..count)?, relative.get(..count)?);
    let load_change = line.map_or(0.0, |fit| fit.coefficients[1]) * blocks(points.last()?.0);
    let slope = window.slope.rate.0 * window.block_seconds;
    // A load that never changes explains nothing, and cannot be told from the constant.
    let Some(fit) = least_squares(on_both.get(..count)?, gains.get(..count)?) else {
        return Some(Explained { share_of_time: 1.0, errors: f64::MAX, load_change });
    };
    let ([_, time, _], [_, error, _]) = (fit.coefficients, fit.errors);
    let errors = (time / error.max(f64::MIN_POSITIVE)).min(f64::MAX);
    Some(Explained { share_of_time: time / slope, errors, load_change })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::window::tests::window_with_load;
    use super::*;

    #[test]
    fn a_leak_under_a_wave_of_load_is_not_explained_by_it() {
        let load = |x: f64| 100.0 + 50.0 * (x * 0.9).sin();
        let explained = explain(&window_with_load(15, |x| 1e6 * x + 1e4 * load(x), load)).unwrap();
        assert_eq!(doubt(Some(explained)), None, "{explained:?}");
        assert!((explained.share_of_time - 1.0).abs() < 0.2, "{explained:?}");
    }

    #[test]
    fn memory_that_follows_a_ramp_is_explained() {
        let load = |x: f64| 100.0 + 20.0 * x + 9.0 * (x * 2.4).sin();
        let window = window_with_load(15, |x| 1e6 + 1e4 * load(x), load);
        assert!(matches!(doubt(explain(&window)), Some(Doubt::Load(_))));
    }

    #[test]
    fn a_load_that_never_changes_explains_nothing_and_one_that_is_no_number_says_nothing() {
        assert_eq!(doubt(explain(&window_with_load(15, |x| 1e6 * x, |_| 100.0))), None);
        assert_eq!(explain(&window_with_load(15, |x| 1e6 * x, |x| if x == 3.0 { f64::NAN } else { 1.0 })), None);
        assert_eq!(explain(&window_with_load(15, |x| 1e6 * x, |_| f64::MAX)), None, "infinite as it is kept");
    }
}
