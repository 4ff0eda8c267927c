//! The folder: files are replaced at one stroke, what is damaged is put aside, and one memtrend at a time has it.

use super::sealed::Damage;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// How files are called that are not whole yet.
const UNFINISHED: &str = ".unfinished-";

/// What is larger was not written by memtrend: a thousand applications take 8 MiB at the most.
const LARGEST: u64 = 64 << 20;

/// A folder that state cannot be kept in.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none, or it cannot be looked into.
    #[error("state.dir: cannot use {folder}: {source}: make it a folder that memtrend may write to, or name another", folder = folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another memtrend has it.
    #[error("state.dir: another memtrend keeps its state in {folder}: name another folder for one of them", folder = folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
}

/// One that this process has to itself for as long as it lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    opened: File,
}

impl Folder {
    /// Takes it, and clears away what was not finished there.
    ///
    /// # Errors
    /// When there is none, or another process has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let no_folder = |source| StoreError::NoFolder { folder: path.to_owned(), source };
        let opened = File::open(path).map_err(no_folder)?;
        if !opened.metadata().map_err(no_folder)?.is_dir() {
            return Err(no_folder(ErrorKind::NotADirectory.into()));
        }
        // Where a file system knows no locks, nobody is kept out.
        if flock(&opened, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err(StoreError::Taken { folder: path.to_owned() });
        }
        for entry in fs::read_dir(path).map_err(no_folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                drop(fs::remove_file(entry.path()));
            }
        }
        Ok(Self { path: path.to_owned(), opened })
    }

    /// Replaces a file: whatever happens meanwhile, it is the one before or this one.
    ///
    /// # Errors
    /// When it cannot be written; the one before is then still there.
    pub(super) fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.path)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(self.path.join(name)).map_err(|error| error.error)?;
        self.opened.sync_all()
    }

    /// What a file holds; `None` where there is none, and where it is put aside because it is not what it should be, which is said.
    pub(super) fn read<T>(&self, name: &str, decode: impl FnOnce(&[u8]) -> Result<T, Damage>) -> Option<T> {
        let file = self.path.join(name);
        let problem = match content(&file) {
            Ok(None) => return None,
            Ok(Some(content)) => match decode(&content) {
                Ok(kept) => return Some(kept),
                Err(damage) => damage.to_string(),
            },
            Err(error) => error.to_string(),
        };
        let aside = self.path.join(format!("{name}.aside"));
        match fs::rename(&file, &aside) {
            Ok(()) => tracing::warn!(?file, problem, ?aside, "kept state cannot be used: put aside, {name} begin anew"),
            Err(error) => {
                tracing::warn!(?file, problem, %error, "kept state cannot be used nor put aside: {name} begin anew")
            }
        }
        None
    }
}

/// What a file holds; `None` where there is none.
///
/// # Errors
/// When it cannot be read, or is no file that memtrend writes.
pub(super) fn content(file: &Path) -> io::Result<Option<Vec<u8>>> {
    let kind = match fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Of a pipe the end may never come.
    if !kind.is_file() || kind.len() > LARGEST {
        return Err(io::Error::other("it is no file, or is larger than any that memtrend writes"));
    }
    let mut content = Vec::new();
    File::open(file)?.take(LARGEST).read_to_end(&mut content)?;
    Ok(Some(content))
}
