//! New cgroups, as the kernel tells of them: what lives for less than the time between two passes is looked at all the same.

use crate::source::descriptors::{Allowance, Place};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// The most folders that are watched: pods and slices, not containers.
const MOST_FOLDERS: usize = 1024;

/// Folders in which cgroups come.
#[derive(Debug)]
pub(super) struct Births {
    inotify: OwnedFd,
    watched: HashMap<PathBuf, i32>,
    _place: Place,
}

impl AsFd for Births {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

impl Births {
    /// `None` where the kernel has none to spare.
    pub(super) fn open(allowance: &Allowance) -> Option<Self> {
        let place = allowance.take()?;
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        Some(Self { inotify, watched: HashMap::new(), _place: place })
    }

    /// Watches these folders, which are sorted, and no others.
    pub(super) fn watch(&mut self, folders: Vec<PathBuf>) {
        let inotify = &self.inotify;
        self.watched.retain(|path, number| {
            let stays = folders.binary_search(path).is_ok();
            if !stays {
                // It may be gone already.
                let _ = inotify::remove_watch(inotify, *number);
            }
            stays
        });
        for folder in folders.into_iter().take(MOST_FOLDERS) {
            if self.watched.contains_key(&folder) {
                continue;
            }
            let flags = WatchFlags::CREATE | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
            if let Ok(number) = inotify::add_watch(&self.inotify, &folder, flags) {
                self.watched.insert(folder, number);
            }
        }
    }

    /// Whether cgroups have come since it was last asked.
    pub(super) fn have_come(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut have_come = false;
        loop {
            let (flags, number) = match reader.next() {
                Ok(event) => (event.events(), event.wd()),
                Err(Errno::INTR) => continue,
                Err(_) => return have_come,
            };
            if flags.contains(ReadFlags::IGNORED) {
                // The folder is gone; another may come in its place.
                self.watched.retain(|_, known| *known != number);
            }
            have_come |=
                flags.contains(ReadFlags::CREATE | ReadFlags::ISDIR) || flags.contains(ReadFlags::QUEUE_OVERFLOW);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn folders_that_come_are_told_files_and_those_elsewhere_are_not() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut births = Births::open(&Allowance::new(1)).unwrap();
        births.watch(vec![first.path().to_owned(), PathBuf::from("/none")]);
        std::fs::create_dir(second.path().join("a")).unwrap();
        std::fs::write(first.path().join("file"), "").unwrap();
        assert!(!births.have_come());
        std::fs::create_dir(first.path().join("a")).unwrap();
        assert!(births.have_come());
        assert!(!births.have_come(), "told once");
        std::fs::remove_dir(first.path().join("a")).unwrap();
        let nested = first.path().join("nested");
        for _ in 0..2 {
            std::fs::create_dir(&nested).unwrap();
            births.have_come();
            births.watch(vec![nested.clone()]);
            std::fs::create_dir(nested.join("a")).unwrap();
            assert!(births.have_come(), "also in one that came in the place of one that was watched");
            std::fs::remove_dir_all(&nested).unwrap();
            births.have_come();
        }
        births.watch(vec![second.path().to_owned()]);
        std::fs::create_dir(first.path().join("b")).unwrap();
        assert!(!births.have_come());
        std::fs::create_dir(second.path().join("b")).unwrap();
        assert!(births.have_come());
    }
}
