//! How much is measured: all of it in minutes, or a quick look for CI.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Sizes and repetitions.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) out: Option<PathBuf>,
    /// Processes in the tables over which a pass is measured.
    pub(crate) crowds: &'static [usize],
    /// Numbers of programs that they are.
    pub(crate) programs: &'static [usize],
    /// Processes in the table at which the default interval is tried too.
    pub(crate) at_default_interval: Option<usize>,
    /// memtrend's base block and interval while passes are measured.
    pub(crate) block: &'static str,
    pub(crate) interval: Duration,
    /// What is left out after a start.
    pub(crate) warm_up: Duration,
    /// Windows over which passes are counted, and passes in each.
    pub(crate) windows: usize,
    pub(crate) passes: u32,
    /// Applications at which memory and scrapes are measured, with these flags.
    pub(crate) applications: &'static [usize],
    pub(crate) memory_flags: &'static str,
    /// The window of 60 such blocks, as it is published.
    pub(crate) memory_window: &'static str,
    pub(crate) start_ups: usize,
    begun: Instant,
    at_most: Duration,
}

impl Plan {
    /// Cargo passes `--bench`; what else is not known is an error.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Self {
        let (mut out, mut is_quick) = (None, false);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--quick" => is_quick = true,
                "--out" => out = Some(PathBuf::from(arguments.next().expect("--out FILE"))),
                other => panic!("{other}: expected --quick or --out FILE"),
            }
        }
        Self { out, ..if is_quick { Self::quick() } else { Self::full() } }
    }

    fn full() -> Self {
        Self {
            out: None,
            crowds: &[100, 1000, 5000],
            programs: &[1, 20],
            at_default_interval: Some(1000),
            block: "2s",
            interval: Duration::from_millis(200),
            warm_up: Duration::from_secs(5),
            windows: 5,
            passes: 15,
            applications: &[10, 100, 1000],
            memory_flags: "--trend.block 1s",
            memory_window: "1m",
            start_ups: 20,
            begun: Instant::now(),
            at_most: Duration::from_secs(480),
        }
    }

    fn quick() -> Self {
        Self {
            crowds: &[100, 1000],
            programs: &[1],
            at_default_interval: None,
            block: "1s",
            interval: Duration::from_millis(100),
            warm_up: Duration::from_secs(2),
            windows: 3,
            passes: 10,
            memory_flags: "--trend.block 100ms --interval 50ms",
            memory_window: "6s",
            start_ups: 5,
            at_most: Duration::from_secs(60),
            ..Self::full()
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Sleeps; panics when the benchmark has no time left, so that all that it has started ends with it.
    pub(crate) fn sleep(&self, time: Duration) {
        assert!(self.elapsed() + time < self.at_most, "not finished after {:?}", self.at_most);
        std::thread::sleep(time);
    }

    /// Waits until an answer is yes.
    pub(crate) fn wait_until(&self, mut is_so: impl FnMut() -> bool) {
        while !is_so() {
            self.sleep(Duration::from_millis(50));
        }
    }
}
