//! What can go wrong with one read, and how it is counted.

use crate::analysis::sample::Reason;
use std::io;
use std::path::{Path, PathBuf};

/// One failed read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The kernel refused or the file is gone.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The content is not what the kernel documents.
    #[error("{path}: expected {expected}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What should have been there.
        expected: &'static str,
    },
}

impl ReadError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, expected: &'static str) -> Self {
        Self::Malformed { path: path.to_owned(), expected }
    }

    /// Its bounded reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Malformed { .. } => Reason::Malformed,
            Self::Io { source, .. } => reason_of(source),
        }
    }
}

fn reason_of(error: &io::Error) -> Reason {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::SRCH | Errno::NODEV) => Reason::Gone,
        Some(Errno::ACCESS | Errno::PERM) => Reason::Permission,
        Some(Errno::MFILE | Errno::NFILE) => Reason::Descriptors,
        _ => Reason::Io,
    }
}

/// Errors of one reader in one pass, by reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: [u64; Reason::ALL.len()],
}

impl Tally {
    /// Counts an error.
    pub(crate) fn count(&mut self, error: &ReadError) {
        if let Some(count) = self.counts.get_mut(error.reason().index()) {
            *count += 1;
        }
    }

    /// The value, or the error counted.
    pub(crate) fn ok<T>(&mut self, result: Result<T, ReadError>) -> Option<T> {
        result.inspect_err(|error| self.count(error)).ok()
    }
}
