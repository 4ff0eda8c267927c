//! Flags of `state`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Flags of `state`.
#[derive(Debug, Args)]
pub struct StateFlags {
    /// What to do.
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What can be done with kept state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Print it as JSON: counters of kills, verdicts and leaks; nothing is changed, also while a memtrend keeps it
    Show(StateShowFlags),
}

/// Flags of `state show`.
#[derive(Debug, Args)]
pub struct StateShowFlags {
    /// Folder that it is kept in [default: /var/lib/memtrend]
    #[arg(long = "state.dir", value_name = "PATH", env = "MEMTREND_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
}
