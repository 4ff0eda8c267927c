//! What speaks against calling growth a leak.

use super::load::Explained;
use crate::units::Span;
use std::fmt;

/// The test that failed, with its number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// Growth is a small share of the level; the share.
    Immaterial(f64),
    /// Floors go down about as often as up.
    Wavering,
    /// One block makes up this share of the growth.
    Step(f64),
    /// The second half grows at this share of the first half's rate.
    SlowsDown(f64),
    /// The last quarter of the window grew at this share of the mean pace.
    Rests(f64),
    /// The largest fall that the series has shown by itself, as a share of the growth.
    Falls(f64),
    /// Slower than over a longer window, by this share.
    SlowerThanBefore(f64),
    /// Growth goes with the load.
    Load(Explained),
    /// Lasts for so many seconds only, which a warm-up does too.
    Young(f64),
    /// Neither load nor a day's rhythm is known as yet.
    RhythmUnknown,
    /// Lasts for so many seconds only, which a rise of the load, which is not known, may too.
    LoadUnknown(f64),
    /// At this rate it cannot have grown since its start, which was not seen.
    PastUnknown,
    /// An earlier life that was steady had as much.
    Healthy,
    /// A collector's saw is this share of the growth.
    Saw(f64),
    /// A collector that has not run in full yet: what is garbage is not known.
    NotCollected,
}

impl Doubt {
    /// Whether it is all but the time that speaks against a leak: growth that has passed the tests of its shape.
    pub fn is_of_patience(self) -> bool {
        match self {
            Self::Young(_) | Self::RhythmUnknown | Self::LoadUnknown(_) | Self::Saw(_) | Self::NotCollected => true,
            // What is known of the past speaks against it.
            Self::PastUnknown | Self::Healthy => false,
            Self::Immaterial(_)
            | Self::Wavering
            | Self::Step(_)
            | Self::SlowsDown(_)
            | Self::Rests(_)
            | Self::Falls(_)
            | Self::SlowerThanBefore(_)
            | Self::Load(_) => false,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immaterial(share) => write!(f, "only {} of the level", Percent(*share)),
            Self::Wavering => f.write_str("floors go down nearly as often as up"),
            Self::Step(share) if *share >= 1.0 => f.write_str("one step is larger than all the rest of it"),
            Self::Step(share) => write!(f, "{} of it came in one step", Percent(*share)),
            Self::SlowsDown(share) => write!(f, "slowing down to {} of its rate", Percent(*share)),
            Self::Rests(share) => write!(f, "lately at {} of its pace", Percent(*share)),
            Self::Falls(share) => write!(f, "has given back {} as much by itself", Percent(*share)),
            Self::SlowerThanBefore(share) => write!(f, "at {} of its longer-term rate", Percent(*share)),
            Self::Load(_) => f.write_str("it may be the load"),
            Self::Young(seconds) => write!(f, "for {} only, as a warm-up may", Span(*seconds)),
            Self::RhythmUnknown => f.write_str("load unknown and less than a day seen"),
            Self::LoadUnknown(seconds) => write!(f, "load unknown, which may have risen for {}", Span(*seconds)),
            Self::PastUnknown => f.write_str("cannot have gone on since its start, and less than a day seen"),
            Self::Healthy => f.write_str("within the level of an earlier life that was steady"),
            Self::Saw(share) => write!(f, "under a saw of {} of the growth", Percent(*share)),
            Self::NotCollected => f.write_str("no full collection seen yet"),
        }
    }
}

/// A share as a whole percentage.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} %", (self.0 * 100.0).clamp(-999.0, 999.0))
    }
}
