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
mod read;
mod served;
mod surroundings;
#[cfg(test)]
mod tests;

use super::serve::settings;
use crate::cli::{Command, ServeFlags, parse};
use crate::command::plain;
use anyhow::Context;
use facts::Facts;
use finding::Level;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Looks once, and says what it has found.
///
/// # Errors
/// When the configuration is wrong, or what is found cannot be told.
pub fn run(flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let asked = Asked::by(flags);
    let facts = match asked.from {
        None => look(asked.flags, &asked.words)?,
        Some(pid) => {
            let flags = served::written(&asked.words);
            let told = || format!("by the flags of the memtrend that serves here as pid {pid} ({flags})");
            let facts = look(asked.flags, &asked.words).with_context(told)?;
            facts.map(|facts| Facts { taken: Some((pid, flags)), ..facts })
        }
    };
    let Some(facts) = facts else { return Ok(ExitCode::SUCCESS) };
    let findings = findings::of(&facts);
    match std::io::stdout().lock().write_all(page::write(&facts, &findings).as_bytes()) {
        // A reader who has left is no reason to end otherwise.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error).context("standard output"),
        _ => {}
    }
    let is_missing = findings.iter().any(|finding| finding.level == Level::Missing);
    Ok(if is_missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `None` when a check of the configuration was all that was asked for.
fn look(flags: ServeFlags, words: &[OsString]) -> anyhow::Result<Option<Facts>> {
    settings(flags)?.map(|settings| collect::collect(settings, words)).transpose()
}

/// The flags by which it looks.
struct Asked {
    flags: ServeFlags,
    words: Vec<OsString>,
    /// Whose they are, if not doctor's own.
    from: Option<u32>,
}

impl Asked {
    /// Those given, and where none are, those of the memtrend that serves in the same container.
    fn by(flags: ServeFlags) -> Self {
        // After the program and the subcommand.
        let words: Vec<OsString> = std::env::args_os().skip(2).collect();
        if words.is_empty()
            && let Some((pid, words)) = served::beside().filter(|(_, words)| !words.is_empty())
            && let Some(flags) = parsed(&words)
        {
            return Self { flags, words, from: Some(pid) };
        }
        Self { flags, words, from: None }
    }
}

fn parsed(words: &[OsString]) -> Option<ServeFlags> {
    let line: Vec<OsString> = ["memtrend", "doctor"].map(Into::into).into_iter().chain(words.iter().cloned()).collect();
    match parse(&line, plain).ok()?.command {
        Command::Doctor(flags) => Some(*flags),
        _ => None,
    }
}
