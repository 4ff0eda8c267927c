//! The conclusion, with the numbers behind it.

use super::detect::{Doubt, Finding, Seen};
use super::floors::PUBLISHED_SCALES;
use super::growth::Growth;
use super::sample::named_enum;
use super::trend::Slope;
use crate::units::{BytesPerSecond, Span, count_as_f64};
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
        /// Seconds, at least 0; `None` when samples come too seldom for any window.
        missing_seconds: Option<f64>,
    },
    /// No window's lower bound is above zero.
    Flat {
        /// The longest window with enough data, in seconds, and its slope.
        longest: Option<(f64, Slope)>,
    },
    /// Growth that is not proven a leak, and why not.
    Growth(Seen, Doubt),
    /// Growth that is one.
    Leak(Seen),
    /// A leak that was called before and is not cleared.
    Carried {
        /// Its rate when it was last called.
        rate: BytesPerSecond,
        /// Lives that it has lasted.
        lives: u64,
        /// Growth of the present life, where there is any yet.
        now: Option<Seen>,
    },
}

impl Evidence {
    /// The growth that it tells of, that of a life that carries an earlier call too.
    pub fn growth(&self) -> Option<&Seen> {
        match self {
            Self::Growth(seen, _) | Self::Leak(seen) => Some(seen),
            Self::Carried { now, .. } => now.as_ref(),
            Self::TooLittle { .. } | Self::Flat { .. } => None,
        }
    }

    /// The evidence behind what one series shows at present.
    pub(super) fn of(finding: &Finding, growth: &Growth) -> Self {
        match *finding {
            Finding::Learning(seconds) => Self::TooLittle { missing_seconds: seconds.is_finite().then_some(seconds) },
            Finding::Growing(seen, doubt) => Self::Growth(seen, doubt),
            Finding::Leak(seen) => Self::Leak(seen),
            Finding::Steady => {
                let window = |scale: usize| growth.floors().seconds_per_block(scale) * count_as_f64(15);
                let longest = |scale: &usize| Some((window(*scale), growth.slope(*scale)?));
                Self::Flat { longest: PUBLISHED_SCALES.iter().rev().find_map(longest) }
            }
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLittle { missing_seconds: None } => {
                f.write_str("samples are too far apart for any window: sample more often")
            }
            Self::TooLittle { missing_seconds: Some(missing_seconds) } => {
                write!(f, "{} more of data needed", Span(*missing_seconds))
            }
            Self::Flat { longest: None } => f.write_str("no growth seen"),
            Self::Flat { longest: Some((window, slope)) } => {
                write!(f, "{} ({} to {}) over {}", slope.rate, slope.lower, slope.upper, Span(*window))
            }
            Self::Growth(seen, doubt) => write!(f, "{seen}; not called a leak: {doubt}"),
            Self::Leak(seen) => write!(f, "{seen}"),
            Self::Carried { rate, lives, now } => {
                match lives {
                    1 => write!(f, "leaked at {rate} and has not been steady for long enough since")?,
                    _ => write!(f, "leaked at {rate} before its restart, {lives} lives so far")?,
                }
                now.map_or(Ok(()), |now| write!(f, "; now {now}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Circumstances, Detector, Falls, Series};
    use crate::floors::Work;
    use crate::units::Moment;

    fn judged(minutes: u32, value: impl Fn(f64) -> f64) -> String {
        let mut detector = Detector::new(Series::Heap, 60.0, Moment(0.0), Falls::default());
        for step in 0..minutes {
            let at = f64::from(step) * 60.0;
            detector.push(Moment(at), value(at), Work::over(6000.0, 60.0), &Circumstances::default());
        }
        Evidence::of(detector.finding(), detector.growth()).to_string()
    }

    #[test]
    fn each_verdict_says_why() {
        assert_eq!(judged(4, |at| at), "6 min more of data needed");
        assert_eq!(judged(30, |_| 1e8), "+0 B/h (+0 B/h to +0 B/h) over 15 min");
        let leak = |at: f64| 1e8 + at * 1024.0 * 16.0;
        assert_eq!(
            judged(70, leak),
            "+56.2 MiB/h for 1 h 8 min, floor up in 14 of 14 blocks, no dip; not explained by load (load flat); \
             not called a leak: for 1 h 8 min only, as a warm-up may"
        );
        assert_eq!(
            judged(360, leak),
            "+56.2 MiB/h for 5 h 52 min, floor up in 10 of 10 blocks, no dip; not explained by load (load flat)"
        );
    }
}
