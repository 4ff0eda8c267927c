//! `memtrend keep`: the process in which `memtrend check` keeps what it starts.

use crate::check::keep;
use crate::cli::KeepFlags;
use anyhow::Context;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Keeps a program; its standard input is the line to who has started it.
///
/// # Errors
/// When the line is none, or the system refuses to make this process the parent of orphans.
pub fn run(flags: &KeepFlags) -> anyhow::Result<()> {
    let line = std::io::stdin().as_fd().try_clone_to_owned()?;
    keep(UnixStream::from(line), &flags.command)
        .context("keep: started by `memtrend check`, with its line as standard input")
}
