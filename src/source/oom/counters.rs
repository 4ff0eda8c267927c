//! What one cgroup has counted of kills, read at once when something happens in it, through descriptors that answer for as long
//! as the cgroup is there: 12 to 500 ms after its last process has gone.

use crate::analysis::sample::CgroupCounters;
use crate::source::cgroup::{Directory, Version, v1, v2};
use crate::source::descriptors::{Allowance, Place};
use crate::source::kept::read_all;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

/// Kept files of one cgroup.
#[derive(Debug)]
pub(super) struct KillFiles {
    version: Version,
    directory: Directory,
    /// v2: `memory.events`, which can be polled. v1: `memory.oom_control`, which cannot.
    events: File,
    /// The hierarchy's mount point: limits between it and the cgroup are those above.
    mount_point: PathBuf,
    /// What does not change: incarnation, parent, birth.
    constant: CgroupCounters,
    _place: Place,
}

impl KillFiles {
    /// Opens them; `None` where they cannot be, or no descriptors are left.
    pub(super) fn open(
        version: Version,
        directory: &Directory,
        mount_point: PathBuf,
        constant: CgroupCounters,
        allowance: &Allowance,
    ) -> Option<Self> {
        let place = allowance.take()?;
        let events = match version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        let events = directory.open_file(events).ok()?;
        Some(Self { version, directory: directory.clone(), events, mount_point, constant, _place: place })
    }

    /// The file that says by POLLPRI that something was counted.
    pub(super) fn polled(&self) -> Option<BorrowedFd<'_>> {
        (self.version == Version::V2).then(|| self.events.as_fd())
    }

    /// What is counted now; after a rise against `last`, and with `is_end`, also what costs more to read. ENODEV when the cgroup
    /// is gone.
    pub(super) fn read(
        &self,
        last: Option<&CgroupCounters>,
        is_end: bool,
        buffer: &mut Vec<u8>,
    ) -> io::Result<CgroupCounters> {
        let mut counters = self.constant;
        let length = read_all(&self.events, buffer)?;
        let text = buffer.get(..length).unwrap_or_default();
        if self.version == Version::V1 {
            v1::take_oom_control(text, &mut counters);
            return Ok(counters);
        }
        v2::take_events(text, &mut counters);
        if last.is_none_or(|last| is_end || last.oom_kills != counters.oom_kills) {
            counters.userspace_kills = self.directory.userspace_kills();
            counters.is_killed_as_group = self.directory.is_killed_as_group();
            counters.limit_hits_above = self.hits_above(buffer);
        } else if let Some(last) = last {
            (counters.is_killed_as_group, counters.limit_hits_above) = (last.is_killed_as_group, last.limit_hits_above);
            counters.userspace_kills = last.userspace_kills;
        }
        Ok(counters)
    }

    /// How often limits above have called for a kill, where they all can be seen; as `Ancestors::hits_from`.
    fn hits_above(&self, buffer: &mut Vec<u8>) -> Option<u64> {
        let folder = self.directory.host_path.as_ref()?.parent()?;
        let above =
            folder.ancestors().take_while(|path| *path != self.mount_point && path.starts_with(&self.mount_point));
        above
            .map(|path| {
                let mut read = |name: &str| {
                    let file = File::open(path.join(name)).ok()?;
                    let length = read_all(&file, buffer).ok()?;
                    Some(buffer.get(..length).unwrap_or_default().to_vec())
                };
                v2::hits(&read("memory.events.local")?)
            })
            .sum()
    }
}
