//! Why a series cannot be judged yet.

use crate::units::whole;
use std::fmt;

/// What speaks against either answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// No look at all.
    NothingSeen,
    /// Nothing was asked of the program in the window.
    NoWork,
    /// The window is shorter than a warm-up may be.
    Short,
    /// It falls by more than what growth is allowed: what falls hides what grows.
    Falling,
    /// The bounds hold the largest growth that is allowed between them.
    Straddles,
    /// The bounds are far from one another.
    Wide,
    /// The second half of the window grows at this share of the first half's pace.
    SlowsDown(f64),
    /// One step makes up this share of the growth.
    Step(f64),
    /// This share of the growth was given back.
    Falls(f64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| whole((share.clamp(0.0, 10.0) * 100.0).round());
        match self {
            Self::NothingSeen => f.write_str("its memory was not seen"),
            Self::NoWork => f.write_str("no request was counted"),
            Self::Short => f.write_str("it was seen for too short a time after its warm-up"),
            Self::Falling => f.write_str("its memory is still falling, which may hide growth"),
            Self::Straddles => f.write_str("its growth is too uncertain for the limit"),
            Self::Wide => f.write_str("the bounds of its growth are far from one another"),
            Self::SlowsDown(share) => write!(
                f,
                "its growth is slowing down, to {} % of its pace in the later half of the window, as that of a warm-up does",
                percent(*share)
            ),
            Self::Step(share) => write!(f, "{} % of its growth came in one step", percent(*share)),
            Self::Falls(share) => write!(f, "it gave back as much as {} % of its growth by itself", percent(*share)),
        }
    }
}
