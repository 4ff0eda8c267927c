//! `memtrend leak`: a program that leaks at a known rate, for the demo and for tests.

mod serving;

use crate::cli::LeakFlags;
use anyhow::Context;
use std::time::{Duration, Instant};

/// One allocation of it.
const PIECE: usize = 16 * 1024;

/// Time between allocations.
const STEP: Duration = Duration::from_millis(10);

/// Leaks until it is killed, or ends by itself at `--stop-at`.
///
/// # Errors
/// When the cgroup cannot be joined, or the address not listened on.
pub fn run(flags: &LeakFlags) -> anyhow::Result<()> {
    // It must not outlive whoever started it, even if that is killed.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    if let Some(folder) = &flags.join {
        let procs = folder.join("cgroup.procs");
        std::fs::write(&procs, "0").with_context(|| format!("--join: cannot write {}", procs.display()))?;
    }
    if let Some(address) = &flags.serve {
        return serving::serve(address, flags.per_request);
    }
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let begun = Instant::now();
    loop {
        let grown = crate::units::whole(begun.elapsed().as_secs_f64() * crate::units::count_as_f64(flags.rate));
        let wanted = flags.start.saturating_add(grown);
        if flags.stop_at.is_some_and(|limit| wanted >= limit) {
            return Ok(());
        }
        while crate::units::length_as_count(kept.len() * PIECE) < wanted {
            // Written, so that the pages are really there.
            kept.push(vec![1; PIECE]);
        }
        std::thread::sleep(STEP);
    }
}
