//! Time to the limit, and what a restart buys.

use super::trend::Slope;
use crate::units::{Bytes, BytesPerSecond};

/// Seconds until a limit is hit, from the bounds of the growth; `earliest` ≤ `expected` ≤ `latest`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeToLimit {
    /// At the upper bound of the growth.
    pub earliest: f64,
    /// At the growth itself.
    pub expected: f64,
    /// At the lower bound.
    pub latest: f64,
}

/// Room divided by growth; zero when the limit is reached. `None` unless the lower bound is above zero: what may be
/// shrinking has no time to a limit.
pub fn time_to_limit(room: Bytes, growth: Slope) -> Option<TimeToLimit> {
    Some(TimeToLimit {
        earliest: seconds(room.as_f64(), growth.upper)?,
        expected: seconds(room.as_f64(), growth.rate)?,
        latest: seconds(room.as_f64(), growth.lower)?,
    })
}

/// Seconds that a restart buys: the room that there is, and what has grown since start-up (`grown`, bytes, at least 0),
/// at the present growth.
pub fn restart_gain(room: Bytes, grown: f64, growth: Slope) -> Option<f64> {
    seconds(room.as_f64() + grown.max(0.0), growth.rate)
}

fn seconds(bytes: f64, rate: BytesPerSecond) -> Option<f64> {
    (rate.0 > 0.0).then(|| bytes / rate.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(lower: f64, rate: f64, upper: f64) -> Slope {
        Slope { rate: BytesPerSecond(rate), lower: BytesPerSecond(lower), upper: BytesPerSecond(upper) }
    }

    #[test]
    fn the_bounds_of_the_growth_bound_the_time() {
        let expected = TimeToLimit { earliest: 25.0, expected: 50.0, latest: 100.0 };
        assert_eq!(time_to_limit(Bytes(100), slope(1.0, 2.0, 4.0)), Some(expected));
    }

    #[test]
    fn at_the_limit_no_time_is_left_and_without_growth_there_is_none_to_tell() {
        assert_eq!(time_to_limit(Bytes(0), slope(1.0, 2.0, 4.0)).map(|time| time.expected), Some(0.0));
        assert_eq!(time_to_limit(Bytes(100), slope(0.0, 2.0, 4.0)), None);
        assert_eq!(time_to_limit(Bytes(100), slope(-1.0, -1.0, -1.0)), None);
    }

    #[test]
    fn a_restart_gives_back_what_has_grown() {
        assert_eq!(restart_gain(Bytes(100), 60.0, slope(1.0, 2.0, 4.0)), Some(80.0));
        assert_eq!(restart_gain(Bytes(100), -60.0, slope(1.0, 2.0, 4.0)), Some(50.0));
    }
}
