//! The applications' own cgroups: opened when they come, read in each pass, and for a while after their last process has gone.

use super::World;
use crate::analysis::sample::{CgroupCounters, Identity, Kind, Lifetime, Observation, Population, Reason};
use crate::source::applications::Group;
use crate::source::cgroup::{Placement, Reader, Reading, Version};
use crate::source::read_error::{ReadError, Tally};
use crate::source::remedy;
use crate::units::count_as_f64;
use std::collections::HashSet;
use std::sync::Arc;

/// Passes for which the cgroup of an application that has no process any more is still read: its counters tell of kills
/// for as long as it exists.
const LINGER_PASSES: u32 = 180;

/// Passes after which a cgroup that could not be opened is tried again: an entry point that runs as root and then as the
/// application's user opens the way.
const PASSES_BETWEEN_TRIES: u32 = 12;

/// Applications of which it is said that their cgroup cannot be read.
const MOST_TOLD: usize = 1024;

/// The cgroup of an application.
#[derive(Debug)]
pub(super) struct GroupReader {
    /// `None` when it could not be opened for the present life.
    pub(super) reader: Option<Reader>,
    /// Why not.
    pub(super) problem: Option<Reason>,
    pub(super) path: Box<[u8]>,
    lifetime: Lifetime,
    pub(super) last: Option<Observation>,
    passes_without_process: u32,
    passes_until_retry: u32,
    /// The cgroup above that counts its kills too.
    pub(super) parent: Option<u64>,
    pub(super) is_born_since: bool,
}

impl World {
    /// Reads the cgroup of each group that has one of its own, by the group's place.
    pub(super) fn read_cgroups(&mut self, tally: &mut Tally) -> Vec<Option<Reading>> {
        self.ancestors.begin_pass();
        self.parents.begin_pass(&mut self.buffer, &self.allowance);
        let groups = std::mem::take(&mut self.applications.groups);
        let readings = groups.iter().map(|group| self.read_cgroup(group, tally)).collect();
        self.leave_to_heirs(&groups);
        self.applications.groups = groups;
        readings
    }

    /// A cgroup that is another application's now is no longer read for one that has gone from it: its kills are counted once.
    fn leave_to_heirs(&mut self, groups: &[Group]) {
        let present: HashSet<&Arc<Identity>> = groups.iter().map(|group| &group.identity).collect();
        if self.readers.len() == present.len() {
            return;
        }
        let inode = |known: &GroupReader| known.reader.as_ref().map(|reader| reader.directory.inode);
        let living = self.readers.iter().filter(|(identity, _)| present.contains(identity));
        let taken: HashSet<u64> = living.filter_map(|(_, known)| inode(known)).collect();
        let before = self.readers.len();
        self.readers.retain(|identity, known| {
            present.contains(identity) || inode(known).is_none_or(|inode| !taken.contains(&inode))
        });
        self.is_grouped &= self.readers.len() == before;
    }

    fn read_cgroup(&mut self, group: &Group, tally: &mut Tally) -> Option<Reading> {
        let (version, path) = group.own_cgroup.as_ref()?;
        let is_current = self.readers.get_mut(&group.identity).is_some_and(|known| {
            known.passes_until_retry = known.passes_until_retry.saturating_sub(1);
            let is_settled = known.lifetime == group.lifetime && known.passes_until_retry > 0;
            known.path == *path && (known.reader.is_some() || is_settled)
        });
        if !is_current {
            let opened = self.open_cgroup(group, *version, path, tally);
            let problem = opened.as_ref().err().copied();
            let opened = GroupReader {
                reader: opened.ok(),
                problem,
                path: path.clone(),
                lifetime: group.lifetime,
                last: None,
                passes_without_process: 0,
                passes_until_retry: PASSES_BETWEEN_TRIES,
                parent: None,
                is_born_since: false,
            };
            self.readers.insert(Arc::clone(&group.identity), Box::new(opened));
            self.is_grouped = false;
        }
        let is_born_since = self.is_born_since(group, path);
        let known = self.readers.get_mut(&group.identity)?;
        known.lifetime = group.lifetime;
        known.passes_without_process = 0;
        let reader = known.reader.as_mut()?;
        known.parent = match (&reader.directory.host_path, version) {
            (Some(path), Version::V2) => self.parents.above(path, &mut self.buffer, &self.allowance),
            _ => None,
        };
        let read = reader.read(&mut self.buffer, &self.allowance).or_else(|error| {
            // A unit or container that was started anew has a new cgroup in the old one's place.
            *reader =
                Reader::new(self.hierarchies.open(*version, path, Some(group.main)).map_err(|_| error)?, *version);
            reader.read(&mut self.buffer, &self.allowance)
        });
        let host_path = || self.hierarchies.host_path(*version, path);
        let reading = match read {
            Ok(reading) if reading.by_kind.get(Kind::Anon).is_none() => {
                // Nothing that a kernel wrote: the processes are asked instead, for as long as they live.
                known.reader = None;
                known.problem = Some(Reason::Malformed);
                Err(ReadError::malformed(&host_path(), "memory.stat with anonymous memory"))
            }
            Ok(mut reading) => {
                known.is_born_since = is_born_since;
                (reading.counters.is_born_since, reading.counters.parent) = (is_born_since, known.parent);
                Ok(reading)
            }
            Err(error) => {
                // Another may have come in its place: opened anew in the next pass.
                self.readers.remove(&group.identity);
                Err(ReadError::io(&host_path(), error))
            }
        };
        let reading = tally.ok(reading);
        self.is_grouped &= reading.is_some();
        reading
    }

    /// Whether a cgroup was made since memtrend began: one of a container, which has none before it runs.
    fn is_born_since(&self, group: &Group, path: &[u8]) -> bool {
        let main = self.processes.get(group.main);
        main.zip(self.began).is_some_and(|(main, began)| {
            let placement = &main.membership.placement;
            let is_container = matches!(placement, Placement::Container { .. }) && placement.path() == Some(path);
            is_container && count_as_f64(main.start_ticks) / self.ticks_per_second > began
        })
    }

    fn open_cgroup(
        &mut self,
        group: &Group,
        version: Version,
        path: &[u8],
        tally: &mut Tally,
    ) -> Result<Reader, Reason> {
        let opened = self.hierarchies.open(version, path, Some(group.main));
        let error = match opened {
            Ok(directory) => return Ok(Reader::new(directory, version)),
            // What was refused is the way through the process's root; on the node's side there is no such folder.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                ReadError::io(&self.hierarchies.root_of(group.main), error)
            }
            Err(error) => ReadError::io(&self.hierarchies.host_path(version, path), error),
        };
        tally.count(&error);
        let reason = error.reason();
        // Once for each application, not for each of its lives.
        if self.told.len() >= MOST_TOLD || !self.told.insert(Arc::clone(&group.identity)) {
            return Err(reason);
        }
        let remedy = match reason {
            Reason::Permission => remedy::GROUP_REFUSED,
            _ => remedy::GROUP_NOT_FOUND,
        };
        tracing::warn!(
            application = ?group.identity.application,
            pid = group.main,
            %error,
            remedy,
            "memory control group not readable: memory is summed from processes, kills are told as unknown"
        );
        Err(reason)
    }

    /// Applications without a process whose cgroup is still there.
    pub(super) fn observe_lingering(&mut self, groups: &[Group], seen: &mut Vec<Observation>) {
        let alive: HashSet<&Arc<Identity>> = groups.iter().map(|group| &group.identity).collect();
        let (buffer, allowance) = (&mut self.buffer, &self.allowance);
        let before = self.readers.len();
        self.readers.retain(|identity, known| {
            if alive.contains(identity) {
                return true;
            }
            known.passes_without_process += 1;
            let Some((reader, last)) = known.reader.as_mut().zip(known.last.as_ref()) else { return false };
            let Ok(reading) = reader.read(buffer, allowance) else { return false };
            seen.push(Observation {
                memory: None,
                counters: Some(CgroupCounters { parent: known.parent, ..reading.counters }),
                population: Population::default(),
                ..last.clone()
            });
            known.passes_without_process < LINGER_PASSES
        });
        // What waits for their kills is told.
        self.is_grouped &= self.readers.len() == before;
    }
}
