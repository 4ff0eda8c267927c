//! `memtrend doctor`: what memtrend can see here, what it cannot, and the line to change.
//!
//! `collect` finds out the facts, with the readers of `serve`; `findings` draws conclusions from them, and is pure.

mod collect;
mod facts;
mod finding;
mod findings;
mod fixes;
mod measures;
mod page;
mod surroundings;
#[cfg(test)]
mod tests;

use super::serve::settings;
use crate::cli::ServeFlags;
use finding::Level;
use std::io::Write;
use std::process::ExitCode;

/// Looks once, and says what it has found.
///
/// # Errors
/// When the configuration is wrong, or an application asked for by pid is not there.
pub fn run(flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let Some(settings) = settings(flags)? else { return Ok(ExitCode::SUCCESS) };
    // After the program and the subcommand.
    let arguments: Vec<_> = std::env::args_os().skip(2).collect();
    let facts = collect::collect(&settings, &arguments)?;
    let findings = findings::of(&facts);
    // A reader who has left is no reason to end otherwise.
    let _ = std::io::stdout().lock().write_all(page::write(&facts, &findings).as_bytes());
    let is_missing = findings.iter().any(|finding| finding.level == Level::Missing);
    Ok(if is_missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
