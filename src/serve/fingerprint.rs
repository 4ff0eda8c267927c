//! Whether files changed, told without reading them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file which changed this recently may still be in the middle of a change,
/// or change again without its times showing it.
const SETTLED: Duration = Duration::from_millis(200);

/// The state of some files at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<(PathBuf, Option<FileState>)>);

/// The state of one file: times in seconds and nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// Looks at the files; symbolic links are followed.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        Self(files.iter().map(|f| (f.clone(), state(f))).collect())
    }

    /// The files looked at.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.0.iter().map(|(file, _)| file.clone()).collect()
    }

    /// Whether no file changed shortly before the given time, or after it.
    /// A file much in the future, from a clock set back, counts as settled.
    pub(super) fn settled_at(&self, time: SystemTime) -> bool {
        self.0.iter().filter_map(|(_, state)| state.as_ref()?.changed_at()).all(|changed| {
            match time.duration_since(changed) {
                Ok(age) => age > SETTLED,
                Err(future) => future.duration() > Duration::from_secs(60),
            }
        })
    }
}

impl FileState {
    fn changed_at(&self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(u64::try_from(self.changed.0).ok()?);
        let rest = Duration::from_nanos(u64::try_from(self.changed.1).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(seconds)?.checked_add(rest)
    }
}

fn state(file: &Path) -> Option<FileState> {
    let data = std::fs::metadata(file).ok()?;
    Some(FileState {
        device: data.dev(),
        inode: data.ino(),
        size: data.size(),
        modified: (data.mtime(), data.mtime_nsec()),
        changed: (data.ctime(), data.ctime_nsec()),
    })
}
