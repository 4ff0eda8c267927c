//! The folder that the file is in.

use super::format::Document;
use crate::analysis::engine::SavedKills;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "kills.json";

/// Where a file that cannot be read is put aside.
const ASIDE: &str = "kills.json.damaged";

/// Tells one boot of the kernel from others.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// How files are called that are not whole yet.
const UNFINISHED: &str = ".kills-";

/// Keeps the counters of kills.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    boot: String,
    kept: Option<(SavedKills, bool)>,
}

/// A folder that state cannot be kept in.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be written to.
    #[error("state.dir: cannot write to {folder}: {source}: make it a folder that memtrend may write to, or name another", folder = folder.display())]
    Write {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// What was kept is there and cannot be read: to begin anew would lose it.
    #[error("state.dir: cannot read {file}: {source}: make it readable, or move it away", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Store {
    /// Opens the folder, which must be one that can be written to, and reads what was kept there. A file that is damaged is put
    /// aside and said.
    ///
    /// # Errors
    /// When it cannot be written to, or the file in it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let boot = std::fs::read_to_string(BOOT).unwrap_or_default().trim_end().to_owned();
        // Left by one that was killed while it wrote.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        if let Err(source) = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder) {
            return Err(StoreError::Write { folder: folder.to_owned(), source });
        }
        let kept = load(folder, &boot)?;
        Ok(Self { folder: folder.to_owned(), boot, kept })
    }

    /// What was kept when it was opened, and whether the kernel has been the same since; `None` where nothing was.
    pub fn kept(&self) -> Option<&(SavedKills, bool)> {
        self.kept.as_ref()
    }

    /// Keeps `kills`: whatever happens meanwhile, the file is the one before or this one.
    ///
    /// # Errors
    /// When it cannot be written; the one before is then still there.
    pub fn save(&self, kills: SavedKills) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        file.write_all(&Document::new(kills, &self.boot).to_json())?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(FILE)).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }
}

/// The file that is kept in a folder.
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn load(folder: &Path, boot: &str) -> Result<Option<(SavedKills, bool)>, StoreError> {
    let file = folder.join(FILE);
    let json = match std::fs::read(&file) {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Read { file, source }),
    };
    match Document::parse(&json) {
        Ok(document) => {
            let is_same_boot = document.is_of_boot(boot);
            Ok(Some((document.into_saved(), is_same_boot)))
        }
        Err(problem) => {
            let aside = folder.join(ASIDE);
            std::fs::rename(&file, &aside).map_err(|source| StoreError::Read { file: file.clone(), source })?;
            tracing::warn!(
                ?file,
                problem,
                ?aside,
                "kept counters of kills are damaged: put aside, counting begins anew"
            );
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::oom::Figures;

    fn kept(folder: &Path) -> Option<(SavedKills, bool)> {
        Store::open(folder).unwrap().kept().cloned()
    }

    #[test]
    fn what_is_kept_is_there_again_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.kept().is_none());
        let kills = |count| SavedKills { node: Figures::from([("owned".into(), count)]), applications: Vec::new() };
        store.save(kills(1)).unwrap();
        store.save(kills(2)).unwrap();
        std::fs::write(folder.path().join(".kills-x"), "cut off").unwrap();
        assert_eq!(kept(folder.path()), Some((kills(2), true)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let later = Store { boot: "another".to_owned(), ..store };
        later.save(kills(3)).unwrap();
        assert_eq!(kept(folder.path()), Some((kills(3), false)));
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_one_that_cannot_be_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(kept(folder.path()).is_none());
        assert_eq!(std::fs::read(folder.path().join(ASIDE)).unwrap(), b"{");
        assert!(kept(folder.path()).is_none(), "and it is said once");
        std::fs::create_dir(folder.path().join(FILE)).unwrap();
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("state.dir: cannot read "), "{error}");
    }

    #[test]
    fn a_folder_that_is_none_is_refused_with_what_to_do() {
        let error = Store::open(Path::new("/proc/none")).unwrap_err().to_string();
        assert!(error.starts_with("state.dir: cannot write to /proc/none: "), "{error}");
    }
}
