//! Parses, dispatches, and turns the outcome into an exit code: 0 fine, 1 something leaks, 2 could not run.

use anyhow::Error;
use memtrend::cli::{Command, parse};
use memtrend::command::{self, in_one_line, plain};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match parse(&with_default_subcommand(std::env::args_os().collect()), plain) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let outcome = match cli.command {
        Command::Serve(flags) => command::serve::run(*flags).map(|()| ExitCode::SUCCESS),
        // Names of files and series are in it.
        Command::Analyze(flags) => {
            command::analyze::run(&flags).map_err(|error| Error::msg(plain(&in_one_line(&error))))
        }
        Command::Check(flags) => command::check::run(*flags).map_err(|error| Error::msg(plain(&in_one_line(&error)))),
        Command::Keep(flags) => command::keep::run(&flags).map(|()| ExitCode::SUCCESS),
        Command::Health(flags) => command::health::run(flags),
        Command::State(flags) => command::state::run(&flags).map(|()| ExitCode::SUCCESS),
        Command::Doctor(flags) => command::doctor::run(*flags),
        Command::Pause => command::pause::run().map(|()| ExitCode::SUCCESS),
        Command::Demo(flags) => command::demo::run(&flags).map(|()| ExitCode::SUCCESS),
        Command::Leak(flags) => command::leak::run(&flags).map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Nobody may read it: the code says so too.
            let _ = writeln!(std::io::stderr(), "memtrend: {}", in_one_line(&error));
            ExitCode::from(2)
        }
    }
}

/// `memtrend --match app=x` means `memtrend serve --match app=x`; help and version are the program's own.
fn with_default_subcommand(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let names_none = arguments.get(1).is_none_or(|first| first.to_str().is_some_and(|first| first.starts_with('-')));
    let is_own = |first: &OsString| ["-h", "--help", "-V", "--version"].iter().any(|own| first == own);
    if names_none && !arguments.get(1).is_some_and(is_own) {
        arguments.insert(1.min(arguments.len()), OsString::from("serve"));
    }
    arguments
}
