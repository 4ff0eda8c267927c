//! What was seen at one instant: the value that every source yields and the engine observes.

use crate::oom::Sources;
use crate::units::{Bytes, Clock, LABEL_LENGTH, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Declares a fieldless enum with its list of all values and their names in the public contract.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order in which it is published.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the public contract.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Its place in [`Self::ALL`].
            #[expect(clippy::as_conversions, reason = "a fieldless enum's discriminant is its place")]
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// Kinds of memory; disjoint, so that they may be summed.
    Kind {
        /// Anonymous pages: heap, stacks, private mappings written to.
        Anon => "anon",
        /// Page cache and file mappings, without shared memory.
        File => "file",
        /// Shared memory: tmpfs, memfd, System V.
        Shmem => "shmem",
        /// Swapped out.
        Swap => "swap",
        /// Kernel slab that can be reclaimed (dentries, inodes).
        SlabReclaimable => "slab_reclaimable",
        /// Kernel slab that cannot.
        SlabUnreclaimable => "slab_unreclaimable",
        /// Page tables.
        PageTables => "page_tables",
        /// Kernel stacks of its threads.
        KernelStack => "kernel_stack",
        /// Per-CPU kernel memory.
        Percpu => "percpu",
        /// Socket buffers.
        Sock => "sock",
        /// Kernel memory charged to it that no other kind names.
        KernelOther => "kernel_other",
    }
}

/// Amounts by kind; a kind that cannot be told here is absent, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct ByKind {
    amounts: [Bytes; Kind::ALL.len()],
    present: u16,
}

impl ByKind {
    /// The amount of one kind, if it is known.
    pub fn get(&self, kind: Kind) -> Option<Bytes> {
        let known = self.present & (1 << kind.index()) != 0;
        self.amounts.get(kind.index()).copied().filter(|_| known)
    }

    /// The amount of one kind, zero if it is not known.
    pub fn or_zero(&self, kind: Kind) -> Bytes {
        self.get(kind).unwrap_or_default()
    }

    /// Sets one kind.
    pub fn set(&mut self, kind: Kind, amount: Bytes) {
        if let Some(slot) = self.amounts.get_mut(kind.index()) {
            *slot = amount;
            self.present |= 1 << kind.index();
        }
    }

    /// Adds to one kind, making it known.
    pub fn add(&mut self, kind: Kind, amount: Bytes) {
        self.set(kind, self.or_zero(kind).saturating_add(amount));
    }

    /// Lowers each kind to what it is in `other`; a kind that is known there alone is taken over.
    pub fn lower(&mut self, other: &Self) {
        let mut left = other.present;
        // Of eleven kinds a process has four and a trace one.
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let place = usize::try_from(bit.trailing_zeros()).unwrap_or(usize::MAX);
            if let (Some(lowest), Some(amount)) = (self.amounts.get_mut(place), other.amounts.get(place)) {
                *lowest = if self.present & bit != 0 { *amount.min(lowest) } else { *amount };
            }
            left ^= bit;
        }
        self.present |= other.present;
    }

    /// What no one but the application can give back: anonymous and shared memory and unreclaimable kernel memory,
    /// without swap.
    pub fn resident_unreclaimable(&self) -> Bytes {
        use Kind::{Anon, KernelOther, KernelStack, PageTables, Percpu, Shmem, SlabUnreclaimable, Sock};
        [Anon, Shmem, SlabUnreclaimable, PageTables, KernelStack, Percpu, Sock, KernelOther]
            .into_iter()
            .map(|kind| self.or_zero(kind))
            .sum()
    }
}

named_enum! {
    /// Whose limit it is.
    LimitSource {
        /// The application's own cgroup.
        Own => "own",
        /// A cgroup above it: the pod, the slice.
        Ancestor => "ancestor",
        /// The machine's memory.
        Node => "node",
        /// A resource limit of its main process (RLIMIT_AS, RLIMIT_DATA).
        Rlimit => "rlimit",
    }
}

/// One limit above the application's memory, with what already counts against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Whose it is.
    pub source: LimitSource,
    /// The limit; includes the swap that may be used, where any may.
    pub limit: Bytes,
    /// What counts against it and cannot be dropped, whoever holds it.
    pub used: Bytes,
    /// Whether swap in use counts against it.
    pub swap_included: bool,
}

/// A limit that is exceeded by so much is not enforced.
const EXCEEDED: f64 = 1.1;

impl Ceiling {
    /// Whether it is held; nothing is urgent because of one that is not.
    pub fn is_held(&self) -> bool {
        self.used.as_f64() <= EXCEEDED * self.limit.as_f64()
    }

    /// What is left until it is hit.
    pub fn room(&self) -> Bytes {
        self.limit.saturating_sub(self.used)
    }
}

named_enum! {
    /// Where the figures of an application come from.
    Basis {
        /// Its own cgroup, version 2.
        CgroupV2 => "cgroup_v2",
        /// Its own cgroup, version 1.
        CgroupV1 => "cgroup_v1",
        /// The sum over its processes: shared pages count once for each.
        Processes => "processes",
    }
}

/// An application's memory at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Amounts by kind.
    pub by_kind: ByKind,
    /// Where they come from.
    pub basis: Basis,
    /// The limit with the least room left; absent when nothing limits it.
    pub ceiling: Option<Ceiling>,
}

impl Memory {
    /// The series that the trend is judged on: anonymous memory, swapped out or not.
    pub fn heap(&self) -> Bytes {
        self.by_kind.or_zero(Kind::Anon).saturating_add(self.by_kind.or_zero(Kind::Swap))
    }

    /// What counts against the limit and cannot be dropped.
    pub fn unreclaimable(&self) -> Bytes {
        let swap = match self.ceiling {
            Some(ceiling) if ceiling.swap_included => self.by_kind.or_zero(Kind::Swap),
            _ => Bytes(0),
        };
        self.by_kind.resident_unreclaimable().saturating_add(swap)
    }
}

named_enum! {
    /// Events of a memory cgroup, named as in cgroup v2's `memory.events`.
    MemoryEvent {
        /// Reclaimed though below its `memory.low`.
        Low => "low",
        /// Throttled above `memory.high`.
        High => "high",
        /// The limit was about to be exceeded.
        Max => "max",
        /// The limit was hit and reclaim failed.
        Oom => "oom",
        /// All of its processes were killed together.
        OomGroupKill => "oom_group_kill",
    }
}

/// Counters that live and die with one cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupCounters {
    /// Tells this cgroup from a later one of the same path (its inode).
    pub incarnation: u64,
    /// Processes killed by the kernel for want of memory.
    pub oom_kills: Option<u64>,
    /// How often its own limit, not one above it, called for a kill; absent where the kernel does not tell apart.
    pub own_limit_hits: Option<u64>,
    /// How often a limit above it did, of all that there are; absent where they cannot all be seen.
    pub limit_hits_above: Option<u64>,
    /// Processes killed by killers in user space, by the mark that they leave.
    pub userspace_kills: Option<u64>,
    /// Whether a kill takes all of its processes together (`memory.oom.group`, its own or one above).
    pub is_killed_as_group: bool,
    /// Whether this cgroup was made since memtrend began: then it has counted nothing before.
    pub is_born_since: bool,
    /// The cgroup above that outlives it and counts its kills too (see [`ParentCount`]).
    pub parent: Option<u64>,
    /// Events by [`MemoryEvent`].
    pub events: [Option<u64>; MemoryEvent::ALL.len()],
    /// Pressure stall time in microseconds: some, full.
    pub pressure_microseconds: Option<[u64; 2]>,
}

/// What a cgroup above applications has counted of theirs: it is still there when they are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParentCount {
    /// Tells it from others (its inode).
    pub incarnation: u64,
    /// The one above it, where that counts too.
    pub above: Option<u64>,
    /// Processes killed in it, read **before** the counters of the applications in it.
    pub before: u64,
    /// The same, read after them.
    pub after: u64,
}

/// Who an application is, for as long as anyone remembers it: never a pid or a container's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Identity {
    /// Its name, clean (see [`clean_label`]).
    pub application: Box<str>,
    /// Kubernetes namespace, where the node knows it.
    pub namespace: Option<Box<str>>,
    /// Kubernetes pod, where the node knows it.
    pub pod: Option<Box<str>>,
    /// Container name, where it is known.
    pub container: Option<Box<str>>,
}

/// What else is known of it and may change between its lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Version, from configuration or an allow-listed environment variable.
    pub version: Option<Box<str>>,
    /// Language runtime, by the program's name.
    pub runtime: Option<Box<str>>,
    /// Container image.
    pub image: Option<Box<str>>,
}

/// One life of an application: from the start of its main process to the end of its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Lifetime {
    /// The main process's pid as seen here; with the start time it is unique.
    pub pid: u32,
    /// Its start in clock ticks since boot.
    pub start_ticks: u64,
}

/// Counters of the work that an application has done in its present life; growth that goes with them is no leak.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadCounters {
    /// Requests served.
    pub requests: Option<f64>,
    /// CPU time in seconds, user and system.
    pub cpu_seconds: Option<f64>,
}

impl LoadCounters {
    /// The better known of them: requests, else CPU time.
    pub fn best(&self) -> Option<f64> {
        self.requests.or(self.cpu_seconds)
    }
}

/// Head counts of an application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Processes.
    pub processes: u64,
    /// Threads of all of them.
    pub threads: Option<u64>,
    /// Open file descriptors of all of them.
    pub open_fds: Option<u64>,
    /// The sum of their descriptor limits.
    pub max_fds: Option<u64>,
}

/// One application as seen in one pass.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Who it is.
    pub identity: Arc<Identity>,
    /// What else is known.
    pub about: Arc<About>,
    /// Which life this is.
    pub lifetime: Lifetime,
    /// When that life began, on the wall clock.
    pub started: Timestamp,
    /// How long that life has lasted, in seconds.
    pub age_seconds: f64,
    /// Its memory; absent when it could not be read.
    pub memory: Option<Memory>,
    /// What lived in its heap after the last full collection; absent where the runtime does not tell.
    pub live_heap: Option<Bytes>,
    /// Work that it has done.
    pub load: LoadCounters,
    /// Its cgroup's counters, where it has one of its own.
    pub counters: Option<CgroupCounters>,
    /// Head counts.
    pub population: Population,
}

impl Observation {
    /// Whether there is a process of it; its cgroup may outlast the last one.
    pub fn is_alive(&self) -> bool {
        self.population.processes > 0
    }
}

named_enum! {
    /// The readers; each tells how its last pass went.
    Source {
        /// Machine-wide figures: memory, out-of-memory kills.
        Node => "node",
        /// The process table.
        Processes => "processes",
        /// Which process belongs to which application, and their names.
        Applications => "applications",
        /// Control groups.
        Cgroups => "cgroups",
    }
}

named_enum! {
    /// Why a read failed: a bounded set.
    Reason {
        /// It went away while being read.
        Gone => "gone",
        /// Not permitted.
        Permission => "permission",
        /// The content is not what the kernel documents.
        Malformed => "malformed",
        /// No descriptor left.
        Descriptors => "descriptors",
        /// Any other error.
        Io => "io",
    }
}

/// How one reader's pass went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The reader.
    pub source: Source,
    /// Time taken in seconds.
    pub duration_seconds: f64,
    /// Errors by [`Reason`] in this pass.
    pub errors: [u64; Reason::ALL.len()],
    /// Whether it could do its work at all.
    pub success: bool,
}

/// memtrend's own process, for the conventional `process_*` metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnProcess {
    /// User and system CPU time in seconds.
    pub cpu_seconds: f64,
    /// Resident memory.
    pub resident: Bytes,
    /// Address space.
    pub virtual_size: Bytes,
    /// Open descriptors.
    pub open_fds: u64,
    /// Limit on descriptors.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
    /// Start time.
    pub started: Timestamp,
}

/// Everything seen in one pass.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// When.
    pub clock: Clock,
    /// Applications found.
    pub applications: Vec<Observation>,
    /// Applications that the configuration asks for and that were not found.
    pub missing: Vec<Arc<Identity>>,
    /// Out-of-memory kills on the node since boot, where the kernel tells; read **before** the applications' counters, so
    /// that what nobody owns is not one of theirs that came between.
    pub node_oom_kills: Option<u64>,
    /// The same, read after them.
    pub node_oom_kills_after: Option<u64>,
    /// What the cgroups above applications have counted.
    pub parents: Vec<ParentCount>,
    /// What can be read of the sources of kills.
    pub kill_sources: Sources,
    /// How the readers fared.
    pub outcomes: Vec<Outcome>,
    /// memtrend itself.
    pub own_process: Option<OwnProcess>,
}

/// Makes a label value of untrusted bytes: invalid UTF-8 replaced, at most [`LABEL_LENGTH`] characters.
/// Quotes, backslashes and newlines stay: each output escapes for itself.
pub fn clean_label(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).chars().take(LABEL_LENGTH).collect::<String>().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_of_each_kind_is_kept_and_what_is_not_known_stays_so() {
        let of = |amounts: &[(Kind, u64)]| {
            let mut by_kind = ByKind::default();
            amounts.iter().for_each(|(kind, bytes)| by_kind.set(*kind, Bytes(*bytes)));
            by_kind
        };
        let mut lowest = of(&[(Kind::File, 5), (Kind::Swap, 7)]);
        lowest.lower(&of(&[(Kind::File, 6), (Kind::Swap, 3), (Kind::KernelOther, 9)]));
        assert_eq!(lowest, of(&[(Kind::File, 5), (Kind::Swap, 3), (Kind::KernelOther, 9)]));
    }

    #[test]
    fn a_kind_that_is_not_known_is_absent_and_counts_as_zero_in_sums() {
        let mut by_kind = ByKind::default();
        by_kind.set(Kind::Anon, Bytes(10));
        by_kind.set(Kind::File, Bytes(1000));
        by_kind.add(Kind::Shmem, Bytes(5));
        assert_eq!(by_kind.get(Kind::Sock), None);
        assert_eq!(by_kind.get(Kind::Shmem), Some(Bytes(5)));
        assert_eq!(by_kind.resident_unreclaimable(), Bytes(15), "page cache can be dropped");
    }

    #[test]
    fn swap_counts_against_a_limit_that_includes_it_and_always_belongs_to_the_heap() {
        let mut by_kind = ByKind::default();
        by_kind.set(Kind::Anon, Bytes(10));
        by_kind.set(Kind::Swap, Bytes(7));
        let ceiling = Ceiling { source: LimitSource::Own, limit: Bytes(100), used: Bytes(17), swap_included: true };
        let memory = Memory { by_kind, basis: Basis::CgroupV1, ceiling: Some(ceiling) };
        assert_eq!((memory.heap(), memory.unreclaimable(), ceiling.room()), (Bytes(17), Bytes(17), Bytes(83)));
        let without = Memory { ceiling: None, ..memory };
        assert_eq!((without.heap(), without.unreclaimable()), (Bytes(17), Bytes(10)));
    }

    #[test]
    fn labels_are_repaired_and_capped() {
        assert_eq!(&*clean_label(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(clean_label("é".repeat(300).as_bytes()).chars().count(), LABEL_LENGTH);
    }
}
