//! What went wrong, as one line on standard error.

use super::plain;
use std::io::Write;

/// An error with its causes, each said once: some name their cause themselves.
pub fn in_one_line(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |line, cause| match line.contains(&cause) {
        true => line,
        false if line.is_empty() => cause,
        false => format!("{line}: {cause}"),
    })
}

/// Tells of it where the work goes on; there may be untrusted names in it.
pub(super) fn complain(error: &anyhow::Error) {
    // A terminal that is gone is no reason to stop.
    let _ = writeln!(std::io::stderr(), "memtrend: {}", plain(&in_one_line(error)));
}
