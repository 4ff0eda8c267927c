//! The conclusion, with the numbers behind it.

use super::floors::PUBLISHED_SCALES;
use super::growth::Growth;
use super::sample::named_enum;
use super::trend::{MINIMUM_POINTS, Slope};
use crate::units::{Span, count_as_f64, length_as_count};
use std::fmt;

named_enum! {
    /// What memtrend concludes of an application.
    Verdict {
        /// Too little data as yet.
        Learning => "learning",
        /// No growth.
        Steady => "steady",
        /// Significant growth that is not proven a leak.
        Growing => "growing",
        /// A leak.
        Leaking => "leaking",
    }
}

/// Why a verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Seconds of data still needed for a first slope.
    TooLittle {
        /// Seconds, at least 0.
        missing_seconds: f64,
    },
    /// No window's lower bound is above zero.
    Flat {
        /// The longest window with enough data, in seconds, and its slope.
        longest: Option<(f64, Slope)>,
    },
    /// Growth, its slope and the window that it holds for, in seconds.
    Growth {
        /// Length of the window in seconds.
        window_seconds: f64,
        /// Slope over it.
        slope: Slope,
    },
}

/// Judges by the bounds alone: growth that is significant is `growing`. Nothing is called `leaking` on bounds alone,
/// because a warm-up, a daily peak and a cache that fills have significant slopes too.
pub fn judge(growth: &Growth) -> (Verdict, Evidence) {
    let floors = growth.floors();
    let window = |scale: usize| floors.seconds_per_block(scale) * count_as_f64(15);
    if !growth.has_slope() {
        let seen = floors.ring(0).map_or(0, super::floors::Ring::count);
        let missing = count_as_f64(length_as_count((MINIMUM_POINTS + 1).saturating_sub(seen)));
        return (Verdict::Learning, Evidence::TooLittle { missing_seconds: missing * floors.seconds_per_block(0) });
    }
    if let Some((scale, slope)) = growth.present() {
        return (Verdict::Growing, Evidence::Growth { window_seconds: window(scale), slope });
    }
    let longest = PUBLISHED_SCALES.iter().rev().find_map(|scale| Some((window(*scale), growth.slope(*scale)?)));
    (Verdict::Steady, Evidence::Flat { longest })
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLittle { missing_seconds } => write!(f, "{} more of data needed", Span(*missing_seconds)),
            Self::Flat { longest: None } => f.write_str("no growth seen"),
            Self::Flat { longest: Some((window, slope)) } => {
                write!(f, "{} ({} to {}) over {}", slope.rate, slope.lower, slope.upper, Span(*window))
            }
            Self::Growth { window_seconds, slope } => {
                write!(f, "{} ({} to {}) over {}", slope.rate, slope.lower, slope.upper, Span(*window_seconds))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Moment;

    fn judged(minutes: u32, value: impl Fn(f64) -> f64) -> (Verdict, String) {
        let mut growth = Growth::new(60.0, Moment(0.0));
        for step in 0..minutes {
            growth.push(Moment(f64::from(step) * 60.0), value(f64::from(step) * 60.0));
        }
        let (verdict, evidence) = judge(&growth);
        (verdict, evidence.to_string())
    }

    #[test]
    fn each_verdict_says_why() {
        assert_eq!(judged(4, |at| at), (Verdict::Learning, "6 min more of data needed".to_owned()));
        assert_eq!(judged(30, |_| 1e8), (Verdict::Steady, "+0 B/h (+0 B/h to +0 B/h) over 15 min".to_owned()));
        let (verdict, evidence) = judged(70, |at| 1e8 + at * 1024.0 * 1024.0);
        assert_eq!(
            (verdict, evidence.as_str()),
            (Verdict::Growing, "+3.5 GiB/h (+3.5 GiB/h to +3.5 GiB/h) over 2 h 0 min")
        );
    }
}
