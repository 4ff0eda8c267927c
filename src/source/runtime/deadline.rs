//! The time that one question may take in all.

use rustix::time::Timespec;
use std::time::{Duration, Instant};

/// No question may take longer, whatever is asked for.
const LONGEST: Duration = Duration::from_secs(3600);

/// An end that does not move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    began: Instant,
    within: Duration,
}

impl Deadline {
    pub(super) fn new(within: Duration) -> Self {
        Self { began: Instant::now(), within: within.min(LONGEST) }
    }

    /// The time that is left; `None` when there is none.
    pub(super) fn left(&self) -> Option<Duration> {
        self.within.checked_sub(self.taken()).filter(|left| !left.is_zero())
    }

    /// The time that is left, for `poll`.
    pub(super) fn left_to_poll(&self) -> Option<Timespec> {
        Timespec::try_from(self.left()?).ok()
    }

    pub(super) fn taken(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn within(&self) -> Duration {
        self.within
    }

    /// Sleeps, but not past the end.
    pub(super) fn pause(&self, time: Duration) {
        if let Some(left) = self.left() {
            std::thread::sleep(time.min(left));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_does_not_move_and_none_is_too_far() {
        assert!(Deadline::new(Duration::ZERO).left().is_none());
        let far = Deadline::new(Duration::MAX);
        assert!(far.left() <= Some(LONGEST) && far.left_to_poll().is_some());
        let near = Deadline::new(Duration::from_millis(5));
        near.pause(Duration::from_secs(60));
        assert!(near.left().is_none() && near.taken() < Duration::from_secs(5));
    }
}
