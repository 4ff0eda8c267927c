//! Parses the command line; a value that came from the environment is blamed on its variable.

use super::Cli;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;

/// Parses, or prints what is wrong (or the help asked for) and exits: 2 for an error, 0 for help.
pub fn parse(arguments: Vec<OsString>) -> Cli {
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return cli,
        Err(error) => error,
    };
    let Some((shown, variable)) = variable_to_blame(&error, &arguments) else { error.exit() };
    let text = error.render().to_string();
    eprint!("{}", text.replacen(&format!("'{shown}'"), &format!("'{shown}' (from {variable})"), 1));
    std::process::exit(2)
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
