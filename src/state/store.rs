//! What is kept, in two files: counters of kills, which nothing may lose, as soon as they change; and trends, once a minute.

use super::folder::{Folder, StoreError};
use super::kills::Document;
use super::trends::{self, Trends};
use crate::analysis::engine::{Engine, SavedKills};
use crate::units::Clock;
use std::io;
use std::path::{Path, PathBuf};

/// The file of the counters of kills.
pub(super) const KILLS: &str = "kills";

/// The file of lives, floors and verdicts.
pub(super) const TRENDS: &str = "trends";

/// Where state is kept when nothing else is asked for, if there is such a folder.
pub const DEFAULT_FOLDER: &str = "/var/lib/memtrend";

/// Tells one boot of the kernel from others.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Keeps what outlives memtrend.
#[derive(Debug)]
pub struct Store {
    folder: Folder,
    boot: String,
}

/// What was kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// Counters of kills, and whether the kernel has been the same since.
    pub kills: Option<(SavedKills, bool)>,
    /// Lives, floors and verdicts.
    pub trends: Option<Trends>,
}

impl Store {
    /// Takes a folder, and reads what was kept there. What is damaged, or of another version, is put aside and said.
    ///
    /// # Errors
    /// When there is no such folder, or another memtrend has it.
    pub fn open(folder: &Path) -> Result<(Self, Kept), StoreError> {
        let boot = std::fs::read_to_string(BOOT).unwrap_or_default().trim_end().to_owned();
        let folder = Folder::take(folder)?;
        let kills = folder.read(KILLS, Document::decode).map(|document| {
            let is_same_boot = document.is_of_boot(&boot);
            (document.into_saved(), is_same_boot)
        });
        let kept = Kept { kills, trends: folder.read(TRENDS, trends::decode) };
        Ok((Self { folder, boot }, kept))
    }

    /// The present boot of the kernel; empty where it has no name.
    pub fn boot(&self) -> &str {
        &self.boot
    }

    /// The trends of an engine as they are kept: a few KiB for each application.
    ///
    /// # Errors
    /// Never, as far as is known: what is kept can be spelt.
    pub fn encode_trends(boot: &str, engine: &Engine, clock: Clock) -> io::Result<Vec<u8>> {
        trends::encode(engine, boot, clock).map_err(io::Error::other)
    }

    /// Keeps counters of kills.
    ///
    /// # Errors
    /// When the file cannot be written; the one before is then still there.
    pub fn save_kills(&self, kills: SavedKills) -> io::Result<()> {
        self.folder.replace(KILLS, &Document::new(kills, &self.boot).encode())
    }

    /// Keeps trends.
    ///
    /// # Errors
    /// When the file cannot be written; the one before is then still there.
    pub fn save_trends(&self, trends: &[u8]) -> io::Result<()> {
        self.folder.replace(TRENDS, trends)
    }
}

/// The file that is kept at once in a folder.
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join(KILLS)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::oom::Figures;

    fn kept(folder: &Path) -> Option<(SavedKills, bool)> {
        Store::open(folder).unwrap().1.kills
    }

    fn kills(count: u64) -> SavedKills {
        SavedKills { node: Figures::from([("owned".into(), count)]), applications: Vec::new() }
    }

    #[test]
    fn what_is_kept_is_there_again_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (store, kept_before) = Store::open(folder.path()).unwrap();
        assert!(kept_before.kills.is_none());
        store.save_kills(kills(1)).unwrap();
        store.save_kills(kills(2)).unwrap();
        std::fs::write(folder.path().join(".unfinished-x"), "cut off").unwrap();
        drop(store);
        assert_eq!(kept(folder.path()), Some((kills(2), true)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let (store, _) = Store::open(folder.path()).unwrap();
        let later = Store { boot: "another".to_owned(), ..store };
        later.save_kills(kills(3)).unwrap();
        drop(later);
        assert_eq!(kept(folder.path()), Some((kills(3), false)));
    }

    #[test]
    fn what_is_no_state_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let (kills, aside) = (folder.path().join(KILLS), folder.path().join("kills.aside"));
        std::fs::write(&kills, "{").unwrap();
        assert!(kept(folder.path()).is_none());
        assert_eq!(std::fs::read(&aside).unwrap(), b"{");
        assert!(kept(folder.path()).is_none(), "and it is said once");
        std::fs::remove_file(&aside).unwrap();
        std::fs::create_dir(&kills).unwrap();
        assert!(kept(folder.path()).is_none());
        assert!(aside.is_dir());
    }

    #[test]
    fn a_folder_that_is_none_or_another_s_is_refused_with_what_to_do() {
        let error = Store::open(Path::new("/proc/none")).unwrap_err().to_string();
        assert!(error.starts_with("state.dir: cannot use /proc/none: "), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let taken = Store::open(folder.path()).unwrap();
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("state.dir: another memtrend keeps its state in "), "{error}");
        drop(taken);
        assert!(Store::open(folder.path()).is_ok());
    }
}
