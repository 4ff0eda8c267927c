//! What a pass has found out beside its sample: how each application is read, and which processes there are. For people who ask
//! why something is not seen.

use super::{World, observing};
use crate::analysis::sample::{Identity, Kind, Reason};
use crate::source::applications::Own;
use crate::source::cgroup::{Membership, Placement};
use crate::source::process::table::Process;
use crate::units::{Bytes, length_as_count};

/// Where an application lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In a container, and whether the node's files tell its name.
    Container {
        /// Whether they do.
        is_named: bool,
    },
    /// In a systemd unit.
    Unit,
    /// In neither.
    Elsewhere,
}

/// How an application is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// Its oldest process.
    pub(crate) main: u32,
    /// Where that lives.
    pub(crate) home: Home,
    /// The cgroup that is its own; absent where it shares one with others.
    pub(crate) cgroup: Option<Box<[u8]>>,
    /// Why that cannot be read.
    pub(crate) problem: Option<Reason>,
    /// Whether it is a memtrend.
    pub(crate) is_memtrend: bool,
    /// Whether the configuration names it.
    pub(crate) is_asked_for: bool,
}

/// All processes that are seen, kernel threads left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Processes.
    pub(crate) processes: u64,
    /// Of these, the ones that are neither memtrend nor in its container.
    pub(crate) others: u64,
    /// Other memtrends: those that serve, where one asks beside them.
    pub(crate) memtrends: Vec<u32>,
}

/// A process of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its pid.
    pub(crate) pid: u32,
    /// When it began, in clock ticks since boot: with the pid it is unique.
    pub(crate) start_ticks: u64,
    /// Its program, as the kernel has it.
    pub(crate) program: Box<str>,
    /// Anonymous and shared memory, resident or swapped out; absent while it cannot be read.
    pub(crate) held: Option<Bytes>,
}

impl World {
    /// The processes of an application in the last pass, the oldest first.
    pub(crate) fn members(&self, identity: &Identity) -> Vec<Member> {
        let group = self.applications.groups.iter().find(|group| *group.identity == *identity);
        let member = |pid: &u32| {
            let process = self.processes.get(*pid)?;
            let by_kind = observing::sum(&[process], self.page_size);
            let held = by_kind.get(Kind::Anon).map(|anon| {
                anon.saturating_add(by_kind.or_zero(Kind::Shmem)).saturating_add(by_kind.or_zero(Kind::Swap))
            });
            Some(Member { pid: *pid, start_ticks: process.start_ticks, program: process.program.clone(), held })
        };
        group.into_iter().flat_map(|group| &group.members).filter_map(member).collect()
    }

    /// How an application of the last pass is read.
    pub(crate) fn access(&self, identity: &Identity) -> Option<Access> {
        let group = self.applications.groups.iter().find(|group| *group.identity == *identity)?;
        let main = self.processes.get(group.main)?;
        let home = match &main.membership.placement {
            Placement::Container { path, .. } => {
                Home::Container { is_named: self.applications.container_name(path).is_some() }
            }
            Placement::Unit { .. } => Home::Unit,
            Placement::Monitor | Placement::Other => Home::Elsewhere,
        };
        Some(Access {
            main: group.main,
            home,
            cgroup: group.own_cgroup.as_ref().map(|(_, path)| path.clone()),
            problem: self.readers.get(identity).and_then(|known| known.problem),
            is_memtrend: is_memtrend(main),
            is_asked_for: self.applications.is_asked_for(identity),
        })
    }

    /// The processes of the last pass. Where memtrend is `in_container`, who is in the same control groups is in its container.
    pub(crate) fn census(&self, in_container: bool) -> Census {
        let own = Own::of(&self.roots, &self.processes);
        let own_groups = own.pid.and_then(|pid| self.processes.get(pid)).map(|process| &process.membership);
        // A sandbox may tell of no control groups at all.
        let own_groups = own_groups.filter(|groups| in_container && ***groups != Membership::default());
        let is_own = |pid: u32, process: &Process| {
            own.has(pid, &process.membership) || own_groups == Some(&process.membership) || is_memtrend(process)
        };
        let others = self.processes.iter().filter(|(pid, process)| !is_own(*pid, process)).count();
        let memtrends = self.processes.iter().filter(|(pid, process)| is_memtrend(process) && own.pid != Some(*pid));
        let memtrends = memtrends.map(|(pid, _)| pid).collect();
        Census { processes: length_as_count(self.processes.iter().count()), others: length_as_count(others), memtrends }
    }

    /// Name of the systemd unit and path of the control group that each process of the last pass is in.
    pub(crate) fn places(&self) -> impl Iterator<Item = (Option<&[u8]>, Option<&[u8]>)> {
        self.processes.iter().map(|(_, process)| {
            let unit = match &process.membership.placement {
                Placement::Unit { name, .. } => Some(&**name),
                _ => None,
            };
            (unit, process.membership.memory.as_ref().map(|(_, path)| &**path))
        })
    }

    /// Processes of the last pass that are neither memtrend nor in its container, nor have started it.
    pub(crate) fn strangers(&self) -> Vec<u32> {
        let own = Own::of(&self.roots, &self.processes);
        let is_own = |pid: u32, process: &Process| {
            own.has(pid, &process.membership) || own.ancestors.contains(&pid) || is_memtrend(process)
        };
        self.processes.iter().filter(|(pid, process)| !is_own(*pid, process)).map(|(pid, _)| pid).collect()
    }
}

fn is_memtrend(process: &Process) -> bool {
    &*process.program == "memtrend"
}
