//! Reads one cgroup through kept descriptors.

use super::directory::Directory;
use super::{Version, v1, v2};
use crate::analysis::sample::{Basis, ByKind, Ceiling, CgroupCounters, Kind, LimitSource};
use crate::source::descriptors::Allowance;
use crate::source::kept::Kept;
use crate::source::node::NodeMemory;
use crate::units::{Bytes, Limit};
use std::io;

/// What one pass reads of a cgroup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) by_kind: ByKind,
    pub(crate) limits: Limits,
    pub(crate) counters: CgroupCounters,
    /// CPU time of all its processes, where it is counted here.
    pub(crate) cpu_seconds: Option<f64>,
}

/// The limits of one cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// On memory alone.
    pub(crate) memory: Limit,
    /// On swap beside it; what may be swapped is bounded by the machine's swap too.
    pub(crate) swap: Limit,
    /// The tightest limit above, where the cgroup itself tells (v1's `hierarchical_memory_limit`).
    pub(crate) above: Limit,
}

impl Limits {
    /// The limit as a ceiling over what the cgroup holds; swap that may still be filled is part of it.
    pub(crate) fn ceiling(&self, source: LimitSource, by_kind: &ByKind, node: Option<&NodeMemory>) -> Option<Ceiling> {
        let Limit::At(memory) = self.memory else { return None };
        Some(with_swap(memory, self.swap, source, by_kind, node))
    }

    /// The limit from above, where only its figure is known: others' share of it is not.
    pub(crate) fn ceiling_above(&self, by_kind: &ByKind, node: Option<&NodeMemory>) -> Option<Ceiling> {
        let Limit::At(above) = self.above else { return None };
        let is_tighter = !matches!(self.memory, Limit::At(own) if own <= above);
        is_tighter.then(|| with_swap(above, self.swap, LimitSource::Ancestor, by_kind, node))
    }
}

fn with_swap(memory: Bytes, swap: Limit, source: LimitSource, by_kind: &ByKind, node: Option<&NodeMemory>) -> Ceiling {
    let in_use = by_kind.or_zero(Kind::Swap);
    let fillable = node.map_or(Bytes(0), |node| node.swap_free).saturating_add(in_use);
    let allowed = match swap {
        Limit::Unlimited => fillable,
        Limit::At(limit) => limit.min(fillable),
    };
    let swap_included = allowed > Bytes(0);
    let used = by_kind.resident_unreclaimable();
    Ceiling {
        source,
        limit: memory.saturating_add(allowed),
        used: if swap_included { used.saturating_add(in_use) } else { used },
        swap_included,
    }
}

const MOST_FILES: usize = if v1::FILES.len() > v2::FILES.len() { v1::FILES.len() } else { v2::FILES.len() };

/// A cgroup that is read on every pass.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) directory: Directory,
    pub(crate) version: Version,
    kept: [Kept; MOST_FILES],
    /// Files that the kernel has not: asked for once.
    absent: u16,
    /// Kills when it was last asked whether they take the whole group, and the answer.
    grouped: Option<(u64, bool)>,
}

/// Contents of a cgroup's files by place in its version's list of files.
pub(crate) trait Contents {
    /// The content of a file, `None` where the kernel has no such file.
    fn content(&mut self, place: usize) -> io::Result<Option<&[u8]>>;
}

struct Opened<'a> {
    reader: &'a mut Reader,
    buffer: &'a mut Vec<u8>,
    allowance: &'a Allowance,
}

impl Contents for Opened<'_> {
    fn content(&mut self, place: usize) -> io::Result<Option<&[u8]>> {
        let files: &[&str] = match self.reader.version {
            Version::V1 => &v1::FILES,
            Version::V2 => &v2::FILES,
        };
        let (Some(name), Some(kept)) = (files.get(place), self.reader.kept.get_mut(place)) else { return Ok(None) };
        if self.reader.absent & (1 << place) != 0 {
            return Ok(None);
        }
        let directory = &self.reader.directory;
        let was_kept = kept.is_kept();
        match kept.read(self.buffer, self.allowance, || directory.open_file(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if place > 0 && !was_kept && error.kind() == io::ErrorKind::NotFound => {
                self.reader.absent |= 1 << place;
                Ok(None)
            }
            // PSI is compiled in but switched off (psi=0).
            Err(error) if place > 0 && error.raw_os_error() == Some(95) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Reader {
    pub(crate) fn new(directory: Directory, version: Version) -> Self {
        Self { directory, version, kept: Default::default(), absent: 0, grouped: None }
    }

    /// Where its figures come from.
    pub(crate) fn basis(&self) -> Basis {
        match self.version {
            Version::V1 => Basis::CgroupV1,
            Version::V2 => Basis::CgroupV2,
        }
    }

    /// All of it.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> io::Result<Reading> {
        let (version, incarnation) = (self.version, self.directory.inode);
        let mut contents = Opened { reader: self, buffer, allowance };
        let mut reading = match version {
            Version::V1 => v1::read(&mut contents)?,
            Version::V2 => v2::read(&mut contents)?,
        };
        reading.counters.incarnation = incarnation;
        if version == Version::V2 {
            reading.counters.userspace_kills = self.directory.userspace_kills();
            reading.counters.is_killed_as_group = self.is_killed_as_group(reading.counters.oom_kills.unwrap_or(0));
        }
        Ok(reading)
    }

    /// Whether a kill takes all of its processes; asked anew when there was one.
    fn is_killed_as_group(&mut self, kills: u64) -> bool {
        let known = self.grouped.filter(|(asked_at, _)| *asked_at == kills);
        let is_grouped = known.map_or_else(|| self.directory.is_killed_as_group(), |(_, is_grouped)| is_grouped);
        self.grouped = Some((kills, is_grouped));
        is_grouped
    }

    /// How often its own limit called for a kill, where the kernel tells.
    pub(crate) fn read_hits(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> io::Result<Option<u64>> {
        match self.version {
            Version::V1 => Ok(None),
            Version::V2 => v2::read_hits(&mut Opened { reader: self, buffer, allowance }),
        }
    }

    /// The limit alone, to spare the rest where there is none.
    pub(crate) fn read_limit(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> io::Result<Limit> {
        let version = self.version;
        let mut contents = Opened { reader: self, buffer, allowance };
        match version {
            Version::V1 => v1::read_limit(&mut contents),
            Version::V2 => v2::read_limit(&mut contents),
        }
    }
}
