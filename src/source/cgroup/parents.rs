//! The cgroup right above an application's own, the pod's, the slice's: it counts the kills below it (v2), and is still there
//! when the application's is gone.

use super::directory::Directory;
use super::v2;
use crate::analysis::sample::{CgroupCounters, ParentCount};
use crate::source::descriptors::Allowance;
use crate::source::kept::Kept;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Passes for which one is still read when nothing below it is watched any more.
const LINGER_PASSES: u32 = 12;

/// Reads each once before the cgroups below it and once after, in each pass.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    known: HashMap<PathBuf, Parent>,
}

#[derive(Debug)]
struct Parent {
    directory: Directory,
    file: Kept,
    before: u64,
    unasked_passes: u32,
    above: Option<u64>,
}

impl Parent {
    fn open(path: &Path, buffer: &mut Vec<u8>, allowance: &Allowance) -> Option<Self> {
        let directory = Directory::open(path).ok()?;
        if !counts_what_is_below(&directory) {
            return None;
        }
        let mut parent = Self { directory, file: Kept::default(), before: 0, unasked_passes: 0, above: None };
        parent.before = parent.read(buffer, allowance)?;
        Some(parent)
    }

    fn read(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> Option<u64> {
        let directory = &self.directory;
        let text = self.file.read(buffer, allowance, || directory.open_file("memory.events")).ok()?;
        let mut counters = CgroupCounters::default();
        v2::take_events(text, &mut counters);
        counters.oom_kills
    }
}

/// Whether a cgroup counts the kills below it: from kernel 5.2 on, unless its file system is mounted so that it does not.
fn counts_what_is_below(directory: &Directory) -> bool {
    static IS_MOUNTED_TO: OnceLock<bool> = OnceLock::new();
    let is_mounted_to = || {
        let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
        !mounts.windows(MOUNTED_LOCAL.len()).any(|part| part == MOUNTED_LOCAL)
    };
    *IS_MOUNTED_TO.get_or_init(is_mounted_to) && directory.open_file("memory.events.local").is_ok()
}

/// The option of a cgroup2 mount that makes `memory.events` count what is in one cgroup alone.
const MOUNTED_LOCAL: &[u8] = b"memory_localevents";

impl Parents {
    /// Begins a pass, before any cgroup is read; one that is gone is dropped.
    pub(crate) fn begin_pass(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) {
        self.known.retain(|_, parent| {
            parent.unasked_passes += 1;
            let read = parent.read(buffer, allowance);
            parent.before = read.unwrap_or(parent.before);
            read.is_some() && parent.unasked_passes <= LINGER_PASSES
        });
    }

    /// The one right above a cgroup of the host's tree, to be asked before that is read; `None` where it counts nothing: at
    /// the root.
    pub(crate) fn above(&mut self, path: &Path, buffer: &mut Vec<u8>, allowance: &Allowance) -> Option<u64> {
        let path = path.parent()?;
        if !self.known.contains_key(path) {
            self.known.insert(path.to_owned(), Parent::open(path, buffer, allowance)?);
        }
        // At the root there is none.
        let above = self.above(path, buffer, allowance);
        let parent = self.known.get_mut(path)?;
        (parent.unasked_passes, parent.above) = (0, above);
        Some(parent.directory.inode)
    }

    /// Ends a pass, after every cgroup was read.
    pub(crate) fn end_pass(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> Vec<ParentCount> {
        let counts = self.known.values_mut().map(|parent| {
            let after = parent.read(buffer, allowance).unwrap_or(parent.before);
            ParentCount { incarnation: parent.directory.inode, above: parent.above, before: parent.before, after }
        });
        counts.collect()
    }
}
