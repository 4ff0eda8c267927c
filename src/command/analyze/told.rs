//! What is told, on standard output.

use anyhow::{Error, Result};
use std::io::{ErrorKind, Write};

/// Nothing more can be written there.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {0}")]
struct Unwritable(std::io::Error);

/// Writes whole lines.
///
/// # Errors
/// When they cannot be written; [`is_unheard`] says whether that is one to speak of.
pub(super) fn tell(output: &mut impl Write, lines: &[u8]) -> Result<()> {
    Ok(output.write_all(lines).and_then(|()| output.flush()).map_err(Unwritable)?)
}

/// Whether nobody reads on, as behind `| head`: there is no one to tell of it.
pub(super) fn is_unheard(error: &Error) -> bool {
    error.downcast_ref::<Unwritable>().is_some_and(|Unwritable(why)| why.kind() == ErrorKind::BrokenPipe)
}
