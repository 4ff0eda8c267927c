//! What the readers' findings add up to for each application.

use super::World;
use crate::analysis::sample::{
    Basis, ByKind, Ceiling, CgroupCounters, Kind, LimitSource, LoadCounters, Memory, Observation, Population,
};
use crate::source::applications::Group;
use crate::source::cgroup::{Reader, Reading, Version};
use crate::source::node::{NodeMemory, NodeReading};
use crate::source::process::table::Process;
use crate::units::{Bytes, Clock, Timestamp, count_as_f64, length_as_count};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

impl World {
    pub(super) fn observe_all(
        &mut self,
        clock: Clock,
        node: &NodeReading,
        boot_time: Option<Timestamp>,
        readings: &[Option<Reading>],
    ) -> Vec<Observation> {
        let groups = std::mem::take(&mut self.applications.groups);
        let mut seen: Vec<Observation> = groups
            .iter()
            .zip(readings)
            .filter_map(|(group, reading)| self.observe(group, reading.as_ref(), clock, node, boot_time))
            .collect();
        for observation in &seen {
            if let Some(known) = self.readers.get_mut(&observation.identity) {
                known.last = Some(observation.clone());
            }
        }
        self.observe_lingering(&groups, &mut seen);
        self.applications.groups = groups;
        seen
    }

    fn observe(
        &mut self,
        group: &Group,
        reading: Option<&Reading>,
        clock: Clock,
        node: &NodeReading,
        boot_time: Option<Timestamp>,
    ) -> Option<Observation> {
        let above = self.ceiling_above(group, reading, node);
        let hits_above = self.hits_above(group);
        let members: Vec<&Process> = group.members.iter().filter_map(|pid| self.processes.get(*pid)).collect();
        let main = self.processes.get(group.main)?;
        let (by_kind, basis) = match reading {
            Some(reading) => {
                let reader = self.readers.get(&group.identity).and_then(|known| known.reader.as_ref());
                (reading.by_kind, reader.map_or(Basis::CgroupV2, Reader::basis))
            }
            None => (sum(&members, self.page_size), Basis::Processes),
        };
        let is_readable = by_kind.get(Kind::Anon).is_some();
        let rlimit = rlimit_ceiling(main, self.page_size);
        let population = population(&members);
        let cpu_seconds = reading.and_then(|reading| reading.cpu_seconds).or_else(|| {
            let ticks: Option<u64> = members.iter().map(|process| process.details.cpu_ticks).sum();
            ticks.map(|ticks| count_as_f64(ticks) / self.ticks_per_second)
        });
        let own = reading.and_then(|reading| reading.limits.ceiling(LimitSource::Own, &by_kind, node.memory.as_ref()));
        let machine = node.memory.as_ref().map(NodeMemory::ceiling);
        // Of two with the same room the first counts: the nearest.
        let ceiling = [own, above, machine, rlimit].into_iter().flatten().min_by_key(Ceiling::room);
        let started_after_boot = count_as_f64(main.start_ticks) / self.ticks_per_second;
        let age_seconds = (node.uptime_seconds.unwrap_or(clock.moment.0) - started_after_boot).max(0.0);
        let started = boot_time.map_or(clock.wall.0 - age_seconds, |boot| boot.0 + started_after_boot);
        Some(Observation {
            identity: Arc::clone(&group.identity),
            about: Arc::clone(&group.about),
            lifetime: group.lifetime,
            started: Timestamp(started),
            age_seconds,
            memory: is_readable.then_some(Memory { by_kind, basis, ceiling }),
            live_heap: None,
            load: LoadCounters { requests: None, cpu_seconds },
            counters: reading.map(|reading| CgroupCounters { limit_hits_above: hits_above, ..reading.counters }),
            population,
        })
    }

    /// The tightest limit above: on the host's side from the folders above, else as far as the cgroup itself tells.
    fn ceiling_above(&mut self, group: &Group, reading: Option<&Reading>, node: &NodeReading) -> Option<Ceiling> {
        let node = node.memory.as_ref();
        let reader = self.readers.get(&group.identity).and_then(|known| known.reader.as_ref());
        let (folder, version) = match (reading, reader) {
            (Some(reading), Some(reader)) => match &reader.directory.host_path {
                Some(path) => (path.parent().map(Path::to_owned)?, reader.version),
                None => return reading.limits.ceiling_above(&reading.by_kind, node),
            },
            _ => {
                let (version, path) = self.processes.get(group.main)?.membership.memory.as_ref()?;
                (self.hierarchies.host_path(*version, path), *version)
            }
        };
        let access = (&mut self.buffer, &self.allowance);
        self.ancestors.tightest_from(&folder, version, &self.hierarchies, node, access)
    }

    /// How often limits above its own cgroup have called for a kill.
    fn hits_above(&self, group: &Group) -> Option<u64> {
        let reader = self.readers.get(&group.identity)?.reader.as_ref()?;
        let folder = reader.directory.host_path.as_ref()?.parent()?;
        (reader.version == Version::V2)
            .then(|| self.ancestors.hits_from(folder, reader.version, &self.hierarchies))
            .flatten()
    }
}

/// Which processes matter: all members for their details, and those whose memory must be read on every pass (of groups
/// without a cgroup all, of the others the main one, so that its end is noticed).
pub(super) fn wanted_processes(groups: &[Group], readings: &[Option<Reading>]) -> HashMap<u32, bool> {
    let mut wanted = HashMap::new();
    for (group, reading) in groups.iter().zip(readings) {
        for pid in &group.members {
            wanted.insert(*pid, reading.is_none() || *pid == group.main);
        }
    }
    wanted
}

/// Memory summed over processes. Shared pages count once for each process that has them.
pub(super) fn sum(members: &[&Process], page_size: u64) -> ByKind {
    let mut by_kind = ByKind::default();
    for process in members {
        let Some(statm) = process.statm else { continue };
        by_kind.add(Kind::Anon, statm.anonymous(page_size));
        let file_and_shmem = statm.file_and_shmem(page_size);
        // Where a sandbox does not tell them apart it is all counted as file.
        let shmem = process.details.shmem.unwrap_or_default().min(file_and_shmem);
        by_kind.add(Kind::File, file_and_shmem.saturating_sub(shmem));
        if process.details.shmem.is_some() {
            by_kind.add(Kind::Shmem, shmem);
        }
        if let Some(swap) = process.details.swap {
            by_kind.add(Kind::Swap, swap);
        }
    }
    by_kind
}

/// The resource limits of the main process; what it fails to get by them it is not killed for, but it fails.
fn rlimit_ceiling(main: &Process, page_size: u64) -> Option<Ceiling> {
    let statm = main.statm?;
    let limits = [(main.details.address_space_limit, statm.size), (main.details.data_limit, statm.data)];
    let ceilings = limits.into_iter().filter_map(|(limit, pages)| {
        let used = Bytes::from_pages(pages, page_size);
        Some(Ceiling { source: LimitSource::Rlimit, limit: limit?, used, swap_included: true })
    });
    ceilings.min_by_key(Ceiling::room)
}

fn population(members: &[&Process]) -> Population {
    let total =
        |take: fn(&Process) -> Option<u64>| -> Option<u64> { members.iter().map(|process| take(process)).sum() };
    Population {
        processes: length_as_count(members.len()),
        threads: total(|process| process.details.threads),
        open_fds: total(|process| process.details.open_fds),
        max_fds: total(|process| process.details.max_fds),
    }
}
