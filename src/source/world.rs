//! One pass over the world: the order of the readers, and what their findings add up to.

use super::applications::{Applications, Group, Selection};
use super::cgroup::{Ancestors, Hierarchies, Parents, Placement, Reader, Reading, Version};
use super::clock::{page_size, ticks_per_second};
use super::descriptors::Allowance;
use super::node::{NodeReader, NodeReading};
use super::oom::{Link, Place, Subject};
use super::own::read_own;
use super::process::table::{Process, ProcessTable};
use super::read_error::{ReadError, Tally};
use super::roots::Roots;
use crate::analysis::oom::{Evidence, KillSource, Sources};
use crate::analysis::sample::{
    Basis, ByKind, Ceiling, CgroupCounters, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation,
    Outcome, Population, Reason, Sample, Source,
};
use crate::units::{Bytes, Clock, Timestamp, count_as_f64, length_as_count};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Passes for which the cgroup of an application that has no process any more is still read: its counters tell of kills
/// for as long as it exists.
const LINGER_PASSES: u32 = 180;

/// The machine as memtrend sees it; kept from pass to pass.
#[derive(Debug)]
pub struct World {
    page_size: u64,
    ticks_per_second: f64,
    hierarchies: Hierarchies,
    allowance: Allowance,
    buffer: Vec<u8>,
    node: NodeReader,
    processes: ProcessTable,
    applications: Applications,
    ancestors: Ancestors,
    parents: Parents,
    readers: HashMap<Arc<Identity>, GroupReader>,
    /// Waits for kills between the passes.
    kills: Option<Link>,
    is_grouped: bool,
    /// When it was first read, in seconds since boot.
    began: Option<f64>,
    roots: Roots,
}

/// The cgroup of an application.
#[derive(Debug)]
struct GroupReader {
    /// `None` when it could not be opened for the present life.
    reader: Option<Reader>,
    path: Box<[u8]>,
    lifetime: Lifetime,
    last: Option<Observation>,
    passes_without_process: u32,
    passes_until_retry: u32,
    /// The cgroup above that counts its kills too.
    parent: Option<u64>,
    is_born_since: bool,
}

/// Passes after which a cgroup that could not be opened is tried again: an entry point that runs as root and then as the
/// application's user opens the way.
const PASSES_BETWEEN_TRIES: u32 = 12;

impl World {
    /// The world below these roots.
    pub fn new(roots: &Roots, selection: Selection) -> Self {
        let allowance = Allowance::of_this_process();
        Self {
            page_size: page_size(),
            ticks_per_second: ticks_per_second(),
            hierarchies: Hierarchies::new(roots),
            buffer: Vec::new(),
            node: NodeReader::new(roots),
            processes: ProcessTable::new(roots, allowance.clone()),
            applications: Applications::new(roots, selection),
            ancestors: Ancestors::default(),
            parents: Parents::default(),
            readers: HashMap::new(),
            kills: None,
            is_grouped: false,
            began: None,
            roots: roots.clone(),
            allowance,
        }
    }

    /// From now on does not only read at passes what tells of kills, but also tells it as soon as it is there, until `tell` says that
    /// nobody wants to know any more.
    ///
    /// # Errors
    /// When the system refuses a thread or a descriptor.
    pub fn watch_kills(&mut self, tell: impl Fn(Evidence) -> bool + Send + 'static) -> std::io::Result<()> {
        self.kills = Some(Link::start(&self.roots, self.allowance.clone(), Box::new(tell))?);
        self.is_grouped = false;
        Ok(())
    }

    /// One pass.
    pub fn read(&mut self, clock: Clock) -> Sample {
        let mut outcomes = Vec::with_capacity(Source::ALL.len());
        // The node's count of kills first: see `Sample::node_oom_kills`.
        let mut stage = Stage::begin(Source::Node);
        let node = self.node.read(&mut self.buffer, &self.allowance, &mut stage.tally);
        let boot_time = self.node.boot_time(&mut stage.tally);
        outcomes.push(stage.end(node.memory.is_some()));

        let mut stage = Stage::begin(Source::Processes);
        let since_boot = node.uptime_seconds.unwrap_or(clock.moment.0);
        self.began.get_or_insert(since_boot);
        let changed = self.processes.refresh(since_boot, &mut self.buffer, &mut stage.tally);
        outcomes.push(stage.end(self.processes.succeeded()));

        let mut stage = Stage::begin(Source::Applications);
        if changed || !self.is_grouped || self.applications.must_look_at(since_boot) {
            self.applications.regroup(&self.processes, since_boot, &mut stage.tally);
            self.is_grouped = false;
        }
        outcomes.push(stage.end(true));

        let mut stage = Stage::begin(Source::Cgroups);
        let readings = self.read_cgroups(&mut stage.tally);
        if !self.is_grouped {
            let wanted = wanted_processes(&self.applications.groups, &readings);
            self.processes.measure_only(&wanted, &mut self.buffer, &mut stage.tally);
            self.follow_kills();
            self.is_grouped = true;
        }
        let applications = self.observe_all(clock, &node, boot_time, &readings);
        outcomes.push(stage.end(true));
        Sample {
            clock,
            applications,
            missing: self.applications.missing.clone(),
            node_oom_kills: node.oom_kills,
            node_oom_kills_after: self.node.oom_kills(&mut self.buffer, &self.allowance),
            parents: self.parents.end_pass(&mut self.buffer, &self.allowance),
            kill_sources: self.kill_sources(&readings, node.oom_kills.is_some()),
            outcomes,
            own_process: read_own(boot_time),
        }
    }

    /// Reads the cgroup of each group that has one of its own, by the group's place.
    fn read_cgroups(&mut self, tally: &mut Tally) -> Vec<Option<Reading>> {
        self.ancestors.begin_pass();
        self.parents.begin_pass(&mut self.buffer, &self.allowance);
        let groups = std::mem::take(&mut self.applications.groups);
        let readings = groups.iter().map(|group| self.read_cgroup(group, tally)).collect();
        self.applications.groups = groups;
        readings
    }

    fn read_cgroup(&mut self, group: &Group, tally: &mut Tally) -> Option<Reading> {
        let (version, path) = group.own_cgroup.as_ref()?;
        let is_current = self.readers.get_mut(&group.identity).is_some_and(|known| {
            known.passes_until_retry = known.passes_until_retry.saturating_sub(1);
            let is_settled = known.lifetime == group.lifetime && known.passes_until_retry > 0;
            known.path == *path && (known.reader.is_some() || is_settled)
        });
        if !is_current {
            let is_told = self.readers.get(&group.identity).is_some_and(|known| known.reader.is_none());
            let opened = GroupReader {
                reader: self.open_cgroup(group, *version, path, is_told, tally),
                path: path.clone(),
                lifetime: group.lifetime,
                last: None,
                passes_without_process: 0,
                passes_until_retry: PASSES_BETWEEN_TRIES,
                parent: None,
                is_born_since: false,
            };
            self.readers.insert(Arc::clone(&group.identity), opened);
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

    /// Has the kills of all that is there waited for.
    fn follow_kills(&mut self) {
        let Some(mut kills) = self.kills.take() else { return };
        let subjects: Vec<Subject<'_>> = self.applications.groups.iter().map(|group| self.subject(group)).collect();
        let lingering: HashSet<Arc<Identity>> = self.readers.keys().cloned().collect();
        kills.follow(&subjects, &lingering, |version| self.hierarchies.mount_point(version));
        self.kills = Some(kills);
    }

    fn subject<'a>(&'a self, group: &'a Group) -> Subject<'a> {
        let start = |pid: &u32| Some((*pid, self.processes.get(*pid)?.start_ticks));
        let known = self.readers.get(&group.identity);
        let cgroup = known.and_then(|known| {
            let reader = known.reader.as_ref()?;
            let constant = CgroupCounters {
                incarnation: reader.directory.inode,
                is_born_since: known.is_born_since,
                parent: known.parent,
                ..CgroupCounters::default()
            };
            Some(Place { version: reader.version, path: &known.path, directory: &reader.directory, constant })
        });
        Subject {
            identity: &group.identity,
            lifetime: group.lifetime,
            processes: group.members.iter().filter_map(start).collect(),
            cgroup,
        }
    }

    /// Which sources of kills could be read.
    fn kill_sources(&mut self, readings: &[Option<Reading>], has_vmstat: bool) -> Sources {
        let groups = self.applications.groups.iter().zip(readings);
        let is_every_cgroup_read =
            groups.clone().all(|(group, reading)| group.own_cgroup.is_none() || reading.is_some());
        let has_marks = readings.iter().flatten().any(|reading| reading.counters.userspace_kills.is_some());
        let mut sources = Sources::default();
        for (source, is_readable) in [
            (KillSource::Cgroup, is_every_cgroup_read),
            (KillSource::KernelLog, self.kills.as_ref().is_some_and(Link::has_log)),
            (KillSource::Vmstat, has_vmstat),
            (KillSource::ProcessExit, self.kills.as_ref().is_some_and(Link::waits)),
            (KillSource::Userspace, has_marks),
        ] {
            if let Some(slot) = sources.readable.get_mut(source.index()) {
                *slot = is_readable;
            }
        }
        sources.log_is_whole = self.kills.as_mut().is_some_and(Link::is_log_whole);
        sources
    }

    fn open_cgroup(
        &self,
        group: &Group,
        version: Version,
        path: &[u8],
        is_told: bool,
        tally: &mut Tally,
    ) -> Option<Reader> {
        let opened = self.hierarchies.open(version, path, Some(group.main));
        let error = match opened {
            Ok(directory) => return Some(Reader::new(directory, version)),
            // What was refused is the way through the process's root; on the node's side there is no such folder.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                ReadError::io(&self.hierarchies.root_of(group.main), error)
            }
            Err(error) => ReadError::io(&self.hierarchies.host_path(version, path), error),
        };
        tally.count(&error);
        if is_told {
            return None;
        }
        let remedy = match error.reason() {
            Reason::Permission => {
                "run memtrend as the application's user, or as root with SYS_PTRACE (or all of the application's capabilities)"
            }
            _ => "mount the node's /sys read-only and name it by --path.sysfs",
        };
        tracing::warn!(
            application = ?group.identity.application,
            pid = group.main,
            %error,
            remedy,
            "memory control group not readable: memory is summed from processes, kills are not counted"
        );
        None
    }

    fn observe_all(
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
        let machine = node.memory.as_ref().map(super::node::NodeMemory::ceiling);
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

    /// Applications without a process whose cgroup is still there.
    fn observe_lingering(&mut self, groups: &[Group], seen: &mut Vec<Observation>) {
        let alive: std::collections::HashSet<&Arc<Identity>> = groups.iter().map(|group| &group.identity).collect();
        let (buffer, allowance) = (&mut self.buffer, &self.allowance);
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
    }
}

/// Times one reader and counts its errors.
struct Stage {
    source: Source,
    begun: Instant,
    tally: Tally,
}

impl Stage {
    fn begin(source: Source) -> Self {
        Self { source, begun: Instant::now(), tally: Tally::default() }
    }

    fn end(self, success: bool) -> Outcome {
        let duration_seconds = self.begun.elapsed().as_secs_f64();
        Outcome { source: self.source, duration_seconds, errors: self.tally.counts, success }
    }
}

/// Which processes matter: all members for their details, and those whose memory must be read on every pass (of groups
/// without a cgroup all, of the others the main one, so that its end is noticed).
fn wanted_processes(groups: &[Group], readings: &[Option<Reading>]) -> HashMap<u32, bool> {
    let mut wanted = HashMap::new();
    for (group, reading) in groups.iter().zip(readings) {
        for pid in &group.members {
            wanted.insert(*pid, reading.is_none() || *pid == group.main);
        }
    }
    wanted
}

/// Memory summed over processes. Shared pages count once for each process that has them.
fn sum(members: &[&Process], page_size: u64) -> ByKind {
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
