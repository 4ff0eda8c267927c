//! `memtrend pause`: owns the PID namespace that an application and memtrend share. When a namespace's first process ends, all
//! others are killed with it: so neither of the two should be it.

use crate::serve::orphans;
use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

/// Waits until SIGTERM or SIGINT, and lets no orphan stay a zombie.
///
/// # Errors
/// When the system refuses a signal handler.
pub fn run() -> anyhow::Result<()> {
    // By this name those who watch containers tell that it is none of the applications.
    rustix::thread::set_name(c"pause")?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            ended = orphans::reap() => Ok(ended?),
        }
    })
}
