//! A leak outlives its process: the verdict is carried over restarts and cleared only by evidence.

use super::detect::{Finding, Seen};
use crate::units::{BytesPerSecond, Moment};

/// Growth below this share of the leak's rate is not its return.
const QUIET_SHARE: f64 = 0.25;

/// A later life that grows like the leak for so many base blocks has confirmed it.
const CONFIRMED_BLOCKS: f64 = 30.0;

/// The least quiet, in base blocks, that clears a leak: an hour.
const LEAST_QUIET_BLOCKS: f64 = 60.0;

/// A leak that was called, over the lives that it has lasted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leak {
    pub(super) onset: Option<Moment>,
    /// Age of the life in which it began, at its onset.
    pub(super) age_seconds: Option<f64>,
    pub(super) rate: BytesPerSecond,
    pub(super) lifetimes: u64,
    /// Seconds of growth that it took to be called, or confirmed in the life before this one.
    needed_seconds: f64,
    confirmed_seconds: Option<f64>,
    quiet_since: Option<Moment>,
}

impl Leak {
    pub(super) fn new(seen: &Seen, onset: Option<Moment>, age_seconds: Option<f64>) -> Self {
        Self {
            onset,
            age_seconds,
            rate: seen.slope.rate,
            lifetimes: 1,
            needed_seconds: seen.seconds,
            confirmed_seconds: Some(seen.seconds),
            quiet_since: None,
        }
    }

    /// Goes on into the next life.
    pub(super) fn outlive(&mut self) {
        self.lifetimes = self.lifetimes.saturating_add(1);
        self.needed_seconds = self.confirmed_seconds.take().unwrap_or(self.needed_seconds);
        self.quiet_since = None;
    }

    /// Takes in a finding; tells whether the leak still stands. It is cleared when the series has been quiet for as long
    /// as it took to be called.
    pub(super) fn stands(&mut self, finding: &Finding, at: Moment, life_began: Moment, block_seconds: f64) -> bool {
        match finding {
            Finding::Learning(_) => {}
            Finding::Leak(seen) => {
                self.rate = seen.slope.rate;
                self.quiet_since = None;
            }
            Finding::Growing(seen, _) if seen.slope.rate.0 >= QUIET_SHARE * self.rate.0 => {
                self.quiet_since = None;
                if seen.seconds >= CONFIRMED_BLOCKS * block_seconds && self.confirmed_seconds.is_none() {
                    self.confirmed_seconds = Some(seen.seconds.max(LEAST_QUIET_BLOCKS * block_seconds));
                }
            }
            Finding::Growing(..) | Finding::Steady => {
                let is_first = self.quiet_since.is_none() && self.confirmed_seconds.is_none();
                let since = *self.quiet_since.get_or_insert(if is_first { life_began } else { at });
                return at.0 - since.0 < self.needed_seconds.max(LEAST_QUIET_BLOCKS * block_seconds);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::detect::{Doubt, Series};
    use crate::analysis::trend::Slope;

    const HOUR: f64 = 3600.0;

    fn seen(rate: f64, seconds: f64) -> Seen {
        let rate = BytesPerSecond(rate);
        Seen {
            series: Series::Heap,
            slope: Slope { rate, lower: rate, upper: rate },
            seconds,
            ups: (14, 14),
            times_fall: None,
            load: None,
        }
    }

    fn stands(leak: &mut Leak, finding: &Finding, hours: f64) -> bool {
        leak.stands(finding, Moment(hours * HOUR), Moment(0.0), 60.0)
    }

    #[test]
    fn it_is_cleared_by_as_much_quiet_as_it_took_to_be_called() {
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        assert!(stands(&mut leak, &Finding::Steady, 10.0));
        assert!(stands(&mut leak, &Finding::Steady, 13.9));
        assert!(!stands(&mut leak, &Finding::Steady, 14.1));
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        assert!(stands(&mut leak, &Finding::Steady, 10.0));
        assert!(stands(&mut leak, &Finding::Growing(seen(900.0, 600.0), Doubt::Wavering), 12.0));
        assert!(stands(&mut leak, &Finding::Steady, 14.1), "its return begins the quiet anew");
    }

    #[test]
    fn a_restart_does_not_clear_it_and_a_life_that_retraced_it_shortens_the_next_proof() {
        let mut leak = Leak::new(&seen(1000.0, 4.0 * HOUR), None, None);
        leak.outlive();
        assert_eq!(leak.lifetimes, 2);
        assert!(stands(&mut leak, &Finding::Learning(0.0), 0.1));
        assert!(stands(&mut leak, &Finding::Growing(seen(1100.0, 0.6 * HOUR), Doubt::Young(0.0)), 0.6));
        leak.outlive();
        assert!(stands(&mut leak, &Finding::Steady, 0.9));
        assert!(!stands(&mut leak, &Finding::Steady, 1.1), "an hour, since the life before was told in less");
    }
}
