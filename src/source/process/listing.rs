//! Which processes there are, without listing them when none can have come.

use crate::source::read_error::ReadError;
use crate::source::roots::Roots;
use std::fs::File;
use std::io::Read;

/// A list is made at the latest after so many passes, whether or not a process has come: it also finds those that went.
const PASSES_BETWEEN_LISTS: u32 = 6;

/// Lists the pids of a procfs. Listing costs the kernel about a microsecond a process; the last pid that it has given
/// out, in `loadavg`, costs one small file: while it stays the same, no process has been born.
#[derive(Debug)]
pub(super) struct Listing {
    /// `loadavg` tells of the reader's pid namespace, whichever it is that this procfs shows.
    tells_of_births: bool,
    last_pid: Option<u64>,
    passes: u32,
}

impl Listing {
    pub(super) fn new(roots: &Roots) -> Self {
        let own = std::fs::read_link(roots.procfs.join("self")).ok().and_then(|link| link.to_str()?.parse().ok());
        Self { tells_of_births: own == Some(std::process::id()), last_pid: None, passes: 0 }
    }

    /// Whether a list is due in this pass.
    pub(super) fn is_due(&mut self, roots: &Roots) -> bool {
        let last_pid = if self.tells_of_births { last_pid(roots) } else { None };
        let unchanged = last_pid.is_some() && last_pid == self.last_pid;
        self.passes += 1;
        if unchanged && self.passes < PASSES_BETWEEN_LISTS {
            return false;
        }
        self.last_pid = last_pid;
        self.passes = 0;
        true
    }
}

impl Listing {
    /// Has the next pass make a list.
    pub(super) fn make_due(&mut self) {
        self.last_pid = None;
    }
}

/// All pids.
pub(super) fn list(roots: &Roots) -> Result<Vec<u32>, ReadError> {
    let entries = std::fs::read_dir(&roots.procfs).map_err(|error| ReadError::io(&roots.procfs, error))?;
    let numeric = entries.flatten().filter_map(|entry| pid_of(&entry.file_name()));
    Ok(numeric.collect())
}

/// A pid as the kernel writes it: no sign, no leading zero.
fn pid_of(name: &std::ffi::OsStr) -> Option<u32> {
    let name = name.to_str()?;
    name.starts_with(|first: char| first.is_ascii_digit() && first != '0').then(|| name.parse().ok()).flatten()
}

/// The fifth field of `loadavg`, in this pid namespace.
fn last_pid(roots: &Roots) -> Option<u64> {
    let mut text = [0_u8; 128];
    let length = File::open(roots.procfs.join("loadavg")).ok()?.read(&mut text).ok()?;
    let word = text.get(..length)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(4)?;
    // gVisor always says 0.
    crate::source::keyed::number(word).filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn tree(loadavg: Option<&str>) -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = loadavg {
            std::fs::write(folder.path().join("loadavg"), text).unwrap();
        }
        let roots = Roots { procfs: folder.path().to_owned(), ..Roots::default() };
        (folder, roots)
    }

    #[test]
    fn it_is_due_when_a_process_was_born_and_now_and_then() {
        let (folder, roots) = tree(Some("0.1 0.1 0.1 1/99 500\n"));
        let mut listing = Listing { tells_of_births: true, last_pid: None, passes: 0 };
        assert!(listing.is_due(&roots), "the first time");
        assert!(!listing.is_due(&roots));
        std::fs::write(folder.path().join("loadavg"), "0.1 0.1 0.1 1/99 501\n").unwrap();
        assert!(listing.is_due(&roots));
        let due: Vec<bool> = (0..7).map(|_| listing.is_due(&roots)).collect();
        assert_eq!(due, [false, false, false, false, false, true, false]);
    }

    #[test]
    fn without_a_usable_loadavg_it_is_always_due() {
        for loadavg in [None, Some(""), Some("0.00 0.00 0.00 0/0 x")] {
            let (_folder, roots) = tree(loadavg);
            let mut listing = Listing { tells_of_births: true, last_pid: None, passes: 0 };
            assert!(listing.is_due(&roots) && listing.is_due(&roots), "{loadavg:?}");
        }
    }

    #[test]
    fn births_in_another_pid_namespace_are_not_told() {
        let (folder, roots) = tree(Some("0.1 0.1 0.1 1/99 500\n"));
        std::os::unix::fs::symlink("1", folder.path().join("self")).unwrap();
        let mut foreign = Listing::new(&roots);
        assert!(foreign.is_due(&roots) && foreign.is_due(&roots));
        assert!(Listing::new(&Roots::default()).tells_of_births);
    }

    #[test]
    fn only_numbers_are_pids() {
        let (folder, roots) = tree(None);
        for name in ["1", "42", "self", "4294967296", "-1", "1a", "0007", "+5"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut pids = list(&roots).unwrap();
        pids.sort_unstable();
        assert_eq!(pids, [1, 42]);
    }
}
