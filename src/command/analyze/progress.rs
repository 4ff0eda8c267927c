//! A bar on a terminal's standard error while long work goes on.

use crate::units::{count_as_f64, whole};
use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// From one drawing to the next.
const PAUSE: Duration = Duration::from_millis(200);

const WIDTH: usize = 30;

/// How far the work is; drawn only where someone looks.
#[derive(Debug)]
pub(super) struct Progress {
    unit: &'static str,
    total: u64,
    /// Done for each unit that is shown.
    per_unit: u64,
    done: Cell<u64>,
    next: Cell<Instant>,
    is_drawn: Cell<bool>,
    is_visible: bool,
}

impl Progress {
    /// Of `total` units, each of `per_unit` steps; never drawn when there is none.
    pub(super) fn new(unit: &'static str, total: u64, per_unit: u64) -> Self {
        Self {
            unit,
            total,
            per_unit: per_unit.max(1),
            done: Cell::new(0),
            next: Cell::new(Instant::now() + PATIENCE),
            is_drawn: Cell::new(false),
            is_visible: total > 0 && std::io::stderr().is_terminal(),
        }
    }

    /// Notes `steps` more.
    pub(super) fn add(&self, steps: u64) {
        self.done.set(self.done.get().saturating_add(steps));
        if self.is_visible && Instant::now() >= self.next.get() {
            self.next.set(Instant::now() + PAUSE);
            self.is_drawn.set(true);
            // A terminal that is gone is no reason to stop.
            let _ = write!(std::io::stderr(), "\r{}\x1b[K", bar(self.done.get(), self.total, self.per_unit, self.unit));
        }
    }

    /// Takes the bar away, before something else is written.
    pub(super) fn clear(&self) {
        if self.is_drawn.replace(false) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(done: u64, total: u64, per_unit: u64, unit: &str) -> String {
    let units = (done / per_unit).min(total);
    let all = count_as_f64(total.max(1)) * count_as_f64(per_unit);
    let share = (count_as_f64(done) / all).min(1.0);
    let full = usize::try_from(whole(share * 30.0)).unwrap_or(WIDTH).min(WIDTH);
    let (filled, empty) = ("█".repeat(full), "░".repeat(WIDTH - full));
    format!("{filled}{empty} {:3.0} %, {units} of {total} {unit}", (share * 100.0).floor())
}

/// A reader that counts what is read.
#[derive(Debug)]
pub(super) struct Counted<'a, R> {
    pub(super) inner: R,
    pub(super) progress: &'a Progress,
}

impl<R: std::io::Read> std::io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_never_longer() {
        let half = format!("{}{}  50 %, 1 of 2 MB", "█".repeat(15), "░".repeat(15));
        assert_eq!(bar(1_000_000, 2, 1_000_000, "MB"), half);
        assert_eq!(bar(9, 3, 1, "pages"), format!("{} 100 %, 3 of 3 pages", "█".repeat(30)));
        assert_eq!(bar(0, 0, 1, "MB"), format!("{}   0 %, 0 of 0 MB", "░".repeat(30)));
    }
}
