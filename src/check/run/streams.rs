//! Where the outputs of programs go.

use super::super::output;
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;

/// Both outputs of a program go where memtrend's own errors go: its report is alone on standard output.
pub(super) fn on_standard_error() -> io::Result<[Stdio; 2]> {
    let errors = || io::stderr().as_fd().try_clone_to_owned().map(Stdio::from);
    Ok([errors()?, errors()?])
}

/// The same, through a pipe whose text is looked at.
pub(super) fn piped(take: impl FnMut(&[u8]) + Send + 'static) -> io::Result<[Stdio; 2]> {
    let (reader, writer) = io::pipe()?;
    output::follow(reader, take)?;
    Ok([Stdio::from(writer.try_clone()?), Stdio::from(writer)])
}
