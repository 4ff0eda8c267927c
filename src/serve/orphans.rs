//! The duty of a PID namespace's first process: processes whose parents are gone become its children, and stay in the process
//! table as zombies until it has waited for them.

use rustix::process::{WaitOptions, getpid, wait};
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Whether this process is the first one of its PID namespace.
#[must_use]
pub fn is_first_process() -> bool {
    getpid().is_init()
}

/// Waits for every child that ends, for ever. For processes that start none themselves: how their own ended could no longer be
/// asked.
///
/// # Errors
/// When the system refuses the signal handler.
pub async fn reap() -> io::Result<()> {
    let mut ended = signal(SignalKind::child())?;
    loop {
        // Several may have ended with one signal, and before the first one could be heard.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        if ended.recv().await.is_none() {
            return Ok(());
        }
    }
}
