//! What the user asks to be watched.

use super::filter::Filter;
use crate::source::cgroup::{Membership, Placement, is_within};
use std::path::PathBuf;

/// What to watch.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Applications asked for by name; the first that fits a process has it.
    pub wanted: Vec<Wanted>,
    /// Whether everything else is found by itself: containers, units, programs.
    pub automatic: bool,
    /// What of that is watched.
    pub filter: Filter,
    /// Seconds that a program must have run before it is an application by its name alone: what a shell calls by the
    /// hundred would otherwise be as many series. Containers, units and what is asked for count at once.
    pub shortest_program_seconds: f64,
    /// The one environment variable from which a version may be read.
    pub version_variable: Option<String>,
}

/// One application asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: Box<str>,
    /// Its version, where the user says so.
    pub version: Option<Box<str>>,
    /// How it is found.
    pub selector: Selector,
}

/// How an application is found.
#[derive(Clone, Debug)]
pub enum Selector {
    /// By pid, with its descendants.
    Pid(u32),
    /// All processes below a process, without itself.
    Below(u32),
    /// By a file that holds the pid, read again when it changes.
    PidFile(PathBuf),
    /// By the command line, arguments joined by blanks, with descendants.
    CommandLine(regex::bytes::Regex),
    /// All processes in or below a cgroup; the path as in `/proc/PID/cgroup`.
    Cgroup(Box<[u8]>),
    /// All processes of a systemd unit; the name with or without `.service`.
    Unit(Box<[u8]>),
    /// All processes of a container, by its id or the beginning of it.
    Container(Box<str>),
}

impl Selector {
    /// Whether descendants belong to it, wherever they are.
    pub(super) fn takes_descendants(&self) -> bool {
        matches!(self, Self::Pid(_) | Self::Below(_) | Self::PidFile(_) | Self::CommandLine(_))
    }

    /// Whether a process is in it by its control groups.
    pub(super) fn holds(&self, membership: &Membership) -> bool {
        match self {
            Self::Cgroup(path) => membership.paths.iter().any(|own| is_within(own, path)),
            Self::Unit(unit) => {
                let unit = unit.strip_suffix(b".service").unwrap_or(unit);
                matches!(&membership.placement, Placement::Unit { name, .. } if **name == *unit)
            }
            Self::Container(id) => {
                matches!(&membership.placement, Placement::Container { container, .. } if container.id.starts_with(&**id))
            }
            Self::Pid(_) | Self::Below(_) | Self::PidFile(_) | Self::CommandLine(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_cgroups_are_told_by_whole_names() {
        let membership = Membership::parse(b"0::/system.slice/app.service/worker\n");
        let unit = |name: &str| Selector::Unit(name.as_bytes().into());
        let cgroup = |path: &str| Selector::Cgroup(path.as_bytes().into());
        assert!(unit("app").holds(&membership) && unit("app.service").holds(&membership));
        assert!(!unit("ap").holds(&membership));
        assert!(cgroup("/system.slice/app.service").holds(&membership) && cgroup("/system.slice").holds(&membership));
        assert!(!cgroup("/system.slice/app").holds(&membership));
    }
}
