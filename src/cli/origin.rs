//! Parses the command line; a value that came from the environment is blamed on its variable.

use super::Cli;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Parses, or prints what is wrong, or the help asked for; `plain` takes from a line what could move a terminal's cursor.
///
/// # Errors
/// The exit code, when all has been said.
pub fn parse(arguments: &[OsString], plain: fn(&str) -> String) -> Result<Cli, ExitCode> {
    Cli::try_parse_from(arguments).map_err(|error| {
        let mut text = error.render().to_string();
        if let Some((shown, variable)) = variable_to_blame(&error, arguments) {
            text = text.replacen(&format!("'{shown}'"), &format!("'{shown}' (from {variable})"), 1);
        }
        if error.use_stderr() {
            // Nobody may read it.
            let _ = std::io::stderr().write_all(harmless(text, arguments, plain).as_bytes());
            return ExitCode::from(2);
        }
        let _ = std::io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    })
}

/// The text without what could move a terminal's cursor; what was given in it is on one line.
fn harmless(mut text: String, arguments: &[OsString], plain: fn(&str) -> String) -> String {
    for argument in arguments {
        let whole = argument.to_string_lossy();
        let value = whole.split_once('=').map_or("", |(_, value)| value);
        for given in [&*whole, value].into_iter().filter(|given| plain(given) != **given) {
            text = text.replace(given, &plain(given));
        }
    }
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// The flag as the error shows it, and its variable, where the flag itself is not on the command line.
fn variable_to_blame(error: &clap::Error, arguments: &[OsString]) -> Option<(String, String)> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = shown.split(' ').next()?;
    let is_given = |argument: &OsString| {
        argument.to_str().is_some_and(|argument| argument == flag || argument.starts_with(&format!("{flag}=")))
    };
    if arguments.iter().any(is_given) {
        return None;
    }
    let command = Cli::command();
    let mut flags = command.get_subcommands().flat_map(clap::Command::get_arguments);
    let argument = flags.find(|argument| argument.get_long().is_some_and(|long| format!("--{long}") == flag))?;
    let variable = argument.get_env()?.to_str()?.to_owned();
    std::env::var_os(&variable).map(|_| (shown.clone(), variable))
}
