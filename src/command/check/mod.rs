//! `memtrend check`: the leak gate for CI. Flags become settings, the run a report, and that texts, files and an exit code.

mod asked;
mod progress;
mod self_test;
mod trace;
mod written;

use crate::check;
use crate::cli::CheckFlags;
use anyhow::Context;
use progress::Line;
use std::process::ExitCode;
use trace::Trace;
use written::Places;

/// Runs it.
///
/// # Errors
/// When a flag is wrong, a file cannot be written, or the system refuses what memtrend itself needs.
pub fn run(flags: CheckFlags) -> anyhow::Result<ExitCode> {
    if flags.self_test {
        return self_test::run(&flags);
    }
    // Before the program is started: a report that cannot be written is known in time.
    let places = Places::of(&flags.report)?;
    let settings = asked::settings(&flags)?;
    let mut line = Line::new(flags.report.quiet, settings.bounds.unit);
    let mut trace = flags.report.trace.as_deref().map(Trace::begin).transpose()?;
    let report = check::run(settings, &mut |progress| {
        line.show(progress);
        if let (Some(trace), check::Progress::Looked(looked)) = (&mut trace, progress) {
            trace.row(looked);
        }
    });
    let report = report.context("check")?;
    line.clear();
    // Of what cannot be written nothing holds up the rest.
    let written = places.write(&report);
    trace.map_or(Ok(()), Trace::end).and(written)?;
    Ok(ExitCode::from(report.conclusion.exit_code()))
}
