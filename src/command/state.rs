//! `memtrend state show`: what is kept in a folder, for people and tools; nothing in it is changed.

use crate::cli::{StateCommand, StateFlags};
use crate::state::{DEFAULT_FOLDER, shown};
use anyhow::Context;
use std::io::Write;
use std::path::Path;

/// Runs it.
///
/// # Errors
/// When there is nothing to show, or it is damaged.
pub fn run(flags: &StateFlags) -> anyhow::Result<()> {
    match &flags.command {
        StateCommand::Show(flags) => {
            let folder = flags.state_dir.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER));
            let shown = shown(folder)?;
            writeln!(std::io::stdout(), "{shown:#}").context("standard output")
        }
    }
}
