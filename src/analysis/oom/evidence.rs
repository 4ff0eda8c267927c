//! What the sources tell of kills, between passes and in them.

use crate::sample::{CgroupCounters, Identity, Lifetime, named_enum};
use crate::units::{Bytes, Clock};
use std::sync::Arc;

named_enum! {
    /// Where kills are seen.
    KillSource {
        /// Counters of the applications' cgroups.
        Cgroup => "cgroup",
        /// The kernel's log.
        KernelLog => "kernel_log",
        /// The node's counter in vmstat.
        Vmstat => "vmstat",
        /// How main processes ended.
        ProcessExit => "process_exit",
        /// Killers in user space, by the mark that they leave on a cgroup.
        Userspace => "userspace",
    }
}

/// What can be read of the sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Which of them can be read, by [`KillSource`].
    pub readable: [bool; KillSource::ALL.len()],
    /// Whether no kill can have escaped the kernel log: it is read, its pids are those of the applications, and the ring
    /// was not overrun.
    pub log_is_whole: bool,
}

/// How a process ended, as far as one may know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// It is gone.
    #[default]
    Unknown,
    /// By SIGKILL, whoever sent it; or as one whose child was.
    Killed,
    /// By itself, or by another signal: not by a killer.
    Otherwise,
}

/// Whose limit called for a kill, as the kernel log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledBy {
    /// The limit of the victim's own cgroup, or of one that is part of it.
    Own,
    /// The limit of a cgroup above.
    Above,
    /// One of the two: the line that names it is left out by the kernel after ten in five seconds.
    OneOfThem,
    /// The machine.
    Node,
}

/// A victim that the kernel log names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Its process's name, clean.
    pub process: Box<str>,
    /// Its pid as the kernel has it.
    pub pid: u32,
    /// What it held.
    pub resident: Option<Bytes>,
    /// Whose limit was hit.
    pub called_by: Option<CalledBy>,
    /// The cgroup whose counter counts it, where that is known.
    pub incarnation: Option<u64>,
    /// Whether its whole group was killed with it.
    pub is_killed_as_group: bool,
}

/// One thing that was seen of an application.
#[derive(Clone, Debug)]
pub enum Fact {
    /// Its cgroup's counters.
    Counters(CgroupCounters),
    /// Its main process is gone; told again when it is known how it went.
    Ended(Lifetime, Exit),
    /// The kernel log names one of its processes.
    Victim(Victim),
}

/// What was seen between two passes.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// When.
    pub clock: Clock,
    /// Each with the application that it is about, in the order in which they were seen.
    pub facts: Vec<(Arc<Identity>, Fact)>,
    /// Victims in the kernel log that are of no application, for certain.
    pub strangers: u64,
    /// Victims in the kernel log of whom nothing tells whose they were.
    pub nameless: u64,
    /// Whether cgroups have come: of applications that no pass has seen.
    pub has_births: bool,
}

impl Evidence {
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.strangers + self.nameless == 0 && !self.has_births
    }

    /// Whether a main process was seen to end: a pass will tell what has come of it.
    pub fn tells_of_an_end(&self) -> bool {
        self.facts.iter().any(|(_, fact)| matches!(fact, Fact::Ended(..)))
    }
}
