//! What was found out, as values: all that the findings are drawn from.

use crate::analysis::oom::Sources;
use crate::analysis::sample::{Basis, LimitSource};
use crate::source::{Census, Home};
use crate::units::Bytes;

/// Who has started memtrend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Nobody that can be told: a shell, an init.
    Host,
    /// systemd, as the unit of this name.
    Unit(String),
    Docker,
    Podman,
    /// Another container engine.
    Container,
    Kubernetes,
}

impl Engine {
    pub(super) fn is_container(&self) -> bool {
        !matches!(self, Self::Host | Self::Unit(_))
    }
}

/// As whom it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Capabilities as bits: those in effect, and those that could be.
    pub(super) effective: u64,
    pub(super) bounding: u64,
}

/// Capabilities by their number in `linux/capability.h`.
pub(super) const DAC_READ_SEARCH: u32 = 2;
pub(super) const SYS_PTRACE: u32 = 19;
pub(super) const SYSLOG: u32 = 34;

impl User {
    pub(super) fn has(&self, capability: u32) -> bool {
        self.effective & (1 << capability) != 0
    }

    /// Whether it was added to the container, and is good for nothing: only root's are in effect.
    pub(super) fn has_in_vain(&self, capability: u32) -> bool {
        self.uid != 0 && !self.has(capability) && self.bounding & (1 << capability) != 0
    }
}

/// How control groups are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    V1,
    /// Version 1 with version 2 beside it, which has no controllers.
    Hybrid,
    V2,
}

/// What of the control groups is below `--path.sysfs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// All of the machine's.
    Whole,
    /// memtrend's own alone.
    Own,
    Nothing,
}

/// Control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) layout: Option<Layout>,
    pub(super) view: View,
    /// Whether the kernel counts memory in them.
    pub(super) counts_memory: bool,
}

/// How an application's memory is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// From its control group.
    Group(Basis),
    /// Summed: it shares its control group with others.
    Shared,
    /// Summed: its control group is refused.
    Refused,
    /// Summed: its control group is not to be found, or is none.
    NotFound,
    /// Not at all.
    Not,
}

/// Its version by `--version-env`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Known,
    NotSet,
    Refused,
}

/// An application that is found.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) name: String,
    /// Of its main process; absent where a sandbox does not tell.
    pub(super) user: Option<(u32, u32)>,
    pub(super) home: Home,
    pub(super) reading: Reading,
    pub(super) limit: Option<(LimitSource, Bytes)>,
    /// Kinds of memory that are told apart.
    pub(super) kinds: usize,
    pub(super) has_namespace: bool,
    pub(super) has_pressure: bool,
    pub(super) has_descriptors: bool,
    pub(super) version: Version,
    /// Whether its control group is as the systemd driver names them; absent outside of containers.
    pub(super) is_by_systemd: Option<bool>,
}

/// An application that is asked for and not found.
#[derive(Clone, Debug)]
pub(super) struct Absent {
    pub(super) name: String,
    /// The flag that asks for it, and its value.
    pub(super) flag: &'static str,
    pub(super) value: String,
    /// Some of what the flag could have named.
    pub(super) there: Vec<String>,
    /// What is wrong with a pid file.
    pub(super) problem: Option<String>,
}

/// What there is where nothing that is found by itself is watched.
#[derive(Clone, Debug, Default)]
pub(super) struct Unwatched {
    /// Applications, whatever their names and age.
    pub(super) names: Vec<String>,
    pub(super) namespaces: Vec<String>,
    pub(super) containers: Vec<String>,
}

/// The folder of `--state.dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotAskedFor,
    Writable(String),
    Absent(String),
    /// It is no folder, or cannot be looked at.
    Unreachable {
        folder: String,
        why: String,
    },
    ReadOnly(String),
    /// Who owns it, and its mode.
    Refused {
        folder: String,
        owner: (u32, u32),
        mode: u32,
    },
    /// A file that was kept there.
    Unreadable(String),
}

/// A memtrend that serves here.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub(super) pid: u32,
    pub(super) user: User,
    /// Its flags, where they are not those of doctor.
    pub(super) flags: Option<String>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) engine: Engine,
    /// Whether it is meant to watch all of a node from a container.
    pub(super) is_agent: bool,
    /// Whether the kernel is gVisor's.
    pub(super) is_sandbox: bool,
    pub(super) kernel: String,
    pub(super) user: User,
    pub(super) census: Census,
    /// Whether the machine's own pids are seen.
    pub(super) sees_machine: bool,
    /// How procfs is mounted where it hides processes of other users.
    pub(super) hidden_by: Option<String>,
    pub(super) has_machine_memory: bool,
    pub(super) sysfs: String,
    pub(super) groups: Groups,
    pub(super) has_pressure: bool,
    pub(super) applications: Vec<Seen>,
    pub(super) most_applications: usize,
    pub(super) absent: Vec<Absent>,
    /// `None` where something is watched, or nothing is to be found by itself.
    pub(super) unwatched: Option<Unwatched>,
    /// The flags that choose among what is found by itself.
    pub(super) filters: Vec<&'static str>,
    /// When a program counts as an application.
    pub(super) program_age: String,
    pub(super) sources: Sources,
    pub(super) version_variable: Option<String>,
    pub(super) state: State,
    pub(super) serving: Option<Serving>,
    /// Where doctor looks by the flags of a memtrend that serves: its pid, and they.
    pub(super) taken: Option<(u32, String)>,
}
