//! Does it grow only when the load reaches a new height? Memory that was needed once is often kept by its allocator: it
//! follows the highest load so far, which rises for as long as one looks. A leak grows under ordinary load too.

use super::doubt::Doubt;
use super::window::Window;

/// A load up to this share of the highest one before is ordinary.
const ORDINARY: f64 = 0.9;

/// Ordinary load must have been seen for this share of the window, lest there is nothing to judge by.
const LEAST_TIME: f64 = 0.15;

/// The least pace under ordinary load, in terms of the mean pace. A leak that goes with the work has the share of the
/// work that falls in that time.
const LEAST_PACE: f64 = 0.35;

/// Grows at new heights of the load only. Nothing is said where the load is not known for every block.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let mut highest = f64::NEG_INFINITY;
    let (mut gained, mut gained_ordinarily) = (0.0, 0.0);
    let (mut blocks, mut ordinary_blocks) = (0.0, 0.0);
    // A floor is the lowest of its block: what was gained at a peak that ends with one block shows two floors later.
    for (step, loads) in window.increments().skip(1).zip(window.loads().windows(3)) {
        let load = loads.iter().fold(0.0_f64, |most, load| if load.is_nan() { f64::NAN } else { most.max(*load) });
        if load.is_nan() {
            return None;
        }
        let is_ordinary = load <= ORDINARY * highest;
        highest = highest.max(load);
        (gained, blocks) = (gained + step, blocks + 1.0);
        if is_ordinary {
            (gained_ordinarily, ordinary_blocks) = (gained_ordinarily + step, ordinary_blocks + 1.0);
        }
    }
    let time = ordinary_blocks / blocks;
    let pace = gained_ordinarily / gained / time;
    (time >= LEAST_TIME && pace < LEAST_PACE).then_some(Doubt::Peaks(pace))
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window_with_load;
    use super::*;

    fn load(x: f64) -> f64 {
        if x % 4.0 == 3.0 { 100.0 + 20.0 * x } else { 50.0 }
    }

    #[test]
    fn memory_that_follows_the_highest_load_is_told_from_a_leak_under_the_same_load() {
        let highest = |x: f64| load(((x + 1.0) / 4.0).floor() * 4.0 - 1.0);
        assert!(matches!(doubt(&window_with_load(15, |x| 1e6 * highest(x), load)), Some(Doubt::Peaks(_))));
        assert_eq!(doubt(&window_with_load(15, |x| 1e6 * x, load)), None);
        assert_eq!(doubt(&window_with_load(15, |x| 1e6 * highest(x), |_| f64::NAN)), None);
    }
}
