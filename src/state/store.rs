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

/// Keeps the counters of kills.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    boot: String,
}

/// A folder that state cannot be kept in.
#[derive(Debug, thiserror::Error)]
#[error("state.dir: cannot write to {folder}: {source}: make it a folder that memtrend may write to, or name another", folder = folder.display())]
pub struct StoreError {
    folder: PathBuf,
    source: io::Error,
}

impl Store {
    /// Opens the folder, which must be one that can be written to.
    ///
    /// # Errors
    /// When it cannot.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let boot = std::fs::read_to_string(BOOT).unwrap_or_default().trim_end().to_owned();
        match tempfile::Builder::new().prefix("kills").tempfile_in(folder) {
            Ok(_) => Ok(Self { folder: folder.to_owned(), boot }),
            Err(source) => Err(StoreError { folder: folder.to_owned(), source }),
        }
    }

    /// What was kept, and whether the kernel has been the same since; `None` where nothing was. A file that cannot be read is
    /// put aside and said.
    pub fn load(&self) -> Option<(SavedKills, bool)> {
        let path = self.folder.join(FILE);
        let problem = match std::fs::read(&path) {
            Ok(json) => match Document::parse(&json) {
                Ok(document) => {
                    let is_same_boot = document.is_of_boot(&self.boot);
                    return Some((document.into_saved(), is_same_boot));
                }
                Err(problem) => problem,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => error.to_string(),
        };
        let aside = self.folder.join(ASIDE);
        let moved = std::fs::rename(&path, &aside);
        tracing::warn!(
            file = ?path,
            problem,
            aside = ?moved.is_ok().then_some(aside),
            "the kept counters of kills cannot be read: counting begins anew"
        );
        None
    }

    /// Keeps `kills`: whatever happens meanwhile, the file is the one before or this one.
    ///
    /// # Errors
    /// When it cannot be written; the one before is then still there.
    pub fn save(&self, kills: SavedKills) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix("kills").tempfile_in(&self.folder)?;
        file.write_all(&Document::new(kills, &self.boot).to_json())?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(FILE)).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::oom::Figures;

    #[test]
    fn what_is_kept_is_there_again_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.load().is_none());
        let kills = |count| SavedKills { node: Figures::from([("owned".into(), count)]), applications: Vec::new() };
        store.save(kills(1)).unwrap();
        store.save(kills(2)).unwrap();
        assert_eq!(Store::open(folder.path()).unwrap().load(), Some((kills(2), true)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let later = Store { boot: "another".to_owned(), ..store };
        assert_eq!(later.load(), Some((kills(2), false)));
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.load().is_none());
        assert_eq!(std::fs::read(folder.path().join(ASIDE)).unwrap(), b"{");
        assert!(store.load().is_none(), "and it is said once");
    }

    #[test]
    fn a_folder_that_is_none_is_refused_with_what_to_do() {
        let error = Store::open(Path::new("/proc/none")).unwrap_err().to_string();
        assert!(error.starts_with("state.dir: cannot write to /proc/none: "), "{error}");
    }
}
