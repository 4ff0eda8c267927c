//! One line on standard error for those who wait at a terminal.

use crate::analysis::gate::amounts;
use crate::analysis::gate::report::Unit;
use crate::analysis::gate::verdict::Verdict;
use crate::check::Progress;
use crate::command::plain;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Between two changes of the line.
const PACE: Duration = Duration::from_millis(250);

/// The line.
#[derive(Debug)]
pub(super) struct Line {
    is_shown: bool,
    last: Option<Instant>,
    unit: Unit,
}

impl Line {
    /// Shown at a terminal, unless that is not wanted.
    pub(super) fn new(is_quiet: bool, unit: Unit) -> Self {
        Self { is_shown: !is_quiet && stderr().is_terminal(), last: None, unit }
    }

    /// Changes it.
    pub(super) fn show(&mut self, progress: &Progress) {
        if !self.is_shown || self.last.is_some_and(|last| last.elapsed() < PACE) {
            return;
        }
        self.last = Some(Instant::now());
        let text = match progress {
            Progress::Waiting(what) => format!("waiting for {}", plain(what)),
            Progress::Load { seconds, longest, held, verdict } => {
                let so_far = match verdict {
                    Verdict::Open(_, None) => "warming up".to_owned(),
                    Verdict::Open(_, Some(growth)) | Verdict::Leak(growth) | Verdict::NoLeak(growth) => {
                        amounts::growth(*growth, self.unit)
                    }
                };
                format!("load: {seconds:.0} s of at most {longest:.0} s, {held}, {so_far}")
            }
            Progress::Resting(seconds) => format!("at rest for {seconds:.0} s more"),
            Progress::Looked(_) => return,
            Progress::Ending => "ending the program".to_owned(),
        };
        // Nobody may read it.
        drop(write!(stderr(), "\r\u{1b}[Kmemtrend: {text}"));
    }

    /// Takes it away.
    pub(super) fn clear(&self) {
        if self.last.is_some() {
            drop(write!(stderr(), "\r\u{1b}[K"));
        }
    }
}
