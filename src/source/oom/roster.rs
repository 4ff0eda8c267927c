//! Who is who, for the kernel log: it names victims by pid and cgroup.

use super::kernel_log::Killed;
use crate::analysis::oom::{CalledBy, Victim};
use crate::analysis::sample::{Identity, clean_label};
use crate::source::cgroup::{Hierarchies, Membership, Version, is_within};
use crate::source::process::read_stat;
use crate::source::roots::Roots;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// Whether the kernel's log speaks of the same things as procfs here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Views {
    /// Pids are the kernel's: those of its first PID namespace.
    pub(super) are_pids_shared: bool,
    /// Paths of cgroups are the kernel's: memtrend is in its first cgroup namespace.
    pub(super) are_paths_shared: bool,
}

/// The applications of one pass.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    all: Vec<Known>,
    /// Main processes, with the place of their application; of applications without a cgroup of their own all processes. Sorted
    /// when it is complete.
    by_pid: Vec<(u32, u32)>,
    by_cgroup: BTreeMap<Box<[u8]>, u32>,
}

/// An application.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) identity: Arc<Identity>,
    /// Its own cgroup, with what tells it from a later one of the same path.
    pub(crate) cgroup: Option<(Version, Box<[u8]>, u64)>,
}

impl Roster {
    /// Enters an application.
    pub(crate) fn enter(&mut self, known: Known, pids: impl IntoIterator<Item = u32>) {
        let Ok(place) = u32::try_from(self.all.len()) else { return };
        if let Some((_, path, _)) = &known.cgroup {
            self.by_cgroup.insert(path.clone(), place);
        }
        self.by_pid.extend(pids.into_iter().map(|pid| (pid, place)));
        self.all.push(known);
    }

    /// Notes that all have been entered.
    pub(crate) fn complete(mut self) -> Self {
        self.by_pid.sort_unstable();
        self.by_pid.shrink_to_fit();
        self.all.shrink_to_fit();
        self
    }

    fn at(&self, place: u32) -> Option<&Known> {
        self.all.get(usize::try_from(place).ok()?)
    }

    fn with_pid(&self, pid: u32) -> Option<&Known> {
        let found = self.by_pid.binary_search_by_key(&pid, |(pid, _)| *pid).ok()?;
        self.at(self.by_pid.get(found)?.1)
    }

    /// An application by its name.
    pub(super) fn called(&self, identity: &Arc<Identity>) -> Option<&Known> {
        self.all.iter().find(|known| known.identity == *identity)
    }

    /// The application whose own cgroup holds `path`: the nearest one.
    fn holding(&self, path: &[u8]) -> Option<&Known> {
        let mut end = path.len();
        loop {
            if let Some(place) = self.by_cgroup.get(path.get(..end)?) {
                return self.at(*place);
            }
            end = path.get(..end)?.iter().rposition(|byte| *byte == b'/').filter(|end| *end > 0)?;
        }
    }
}

/// What is known of a victim beside its line in the log: it is on its way out, but may still be there.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub(super) path: Option<Box<[u8]>>,
    /// Its parent, where that is in the same cgroup: who starts containers is parent to what is none of its own.
    parent: Option<u32>,
}

impl Traces {
    /// Looks for them.
    pub(super) fn of(killed: &Killed, roots: &Roots, views: Views) -> Self {
        let logged = || killed.task_path.clone().filter(|_| views.are_paths_shared).map(Vec::into_boxed_slice);
        if !views.are_pids_shared {
            return Self { path: logged(), parent: None };
        }
        let path = path_of_dying(roots, killed.pid).or_else(logged);
        let parent = read_stat(roots, killed.pid, &mut Vec::new()).ok().and_then(|stat| u32::try_from(stat.ppid).ok());
        let is_of_the_same = |parent: &u32| path.is_some() && path_of_dying(roots, *parent) == path;
        Self { parent: parent.filter(is_of_the_same), path }
    }
}

/// The cgroup of a process that is on its way out: v1 then tells the root, v2 marks one that is gone already.
fn path_of_dying(roots: &Roots, pid: u32) -> Option<Box<[u8]>> {
    path_in(&std::fs::read(roots.of_process(pid, "cgroup")).ok()?)
}

fn path_in(membership: &[u8]) -> Option<Box<[u8]>> {
    let (_, path) = Membership::parse(membership).memory?;
    let path: Box<[u8]> = path.strip_suffix(b" (deleted)").map_or_else(|| path.clone(), Into::into);
    (*path != *b"/").then_some(path)
}

/// The application of a victim, among those of the last passes.
pub(super) fn find<'a>(
    killed: &Killed,
    traces: &Traces,
    rosters: &'a [Arc<Roster>],
    views: Views,
) -> Option<&'a Known> {
    let by_path = |roster: &'a Arc<Roster>| roster.holding(traces.path.as_deref()?);
    let by_pid = |roster: &'a Arc<Roster>| {
        let own = Some(killed.pid).filter(|_| views.are_pids_shared).and_then(|pid| roster.with_pid(pid));
        own.or_else(|| roster.with_pid(traces.parent?))
    };
    rosters.iter().find_map(by_path).or_else(|| rosters.iter().find_map(by_pid))
}

impl Known {
    /// What is to be told of a victim of it; `path` is the cgroup that it was in.
    pub(super) fn victim(
        &self,
        killed: &Killed,
        path: Option<&[u8]>,
        hierarchies: &Hierarchies,
        views: Views,
    ) -> Victim {
        let number = |version: Version, path: &[u8]| {
            std::fs::metadata(hierarchies.host_path(version, path)).ok().map(|folder| folder.ino())
        };
        let incarnation = self.cgroup.as_ref().and_then(|(version, own, incarnation)| match path {
            // The log tells the nearest cgroup that memory is counted in: it may be one above.
            Some(path) if !is_within(path, own) && !is_within(own, path) => number(*version, path),
            // Another may have come in its place since.
            _ => number(*version, own).or(Some(*incarnation)),
        });
        // Where the log's paths are not those seen here, the victim's own in it stands for the application's.
        let logged = killed.task_path.as_deref().filter(|_| !views.are_paths_shared);
        let own = logged.or(self.cgroup.as_ref().map(|(_, own, _)| &**own));
        let called_by = match (&killed.limit_path, own) {
            _ if killed.is_node => CalledBy::Node,
            (Some(limit), Some(own)) if is_within(limit, own) => CalledBy::Own,
            (Some(_), _) => CalledBy::Above,
            (None, _) => CalledBy::OneOfThem,
        };
        Victim {
            process: clean_label(&killed.process),
            pid: killed.pid,
            resident: killed.resident,
            called_by: Some(called_by),
            incarnation,
            is_killed_as_group: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_on_its_way_out_is_in_no_cgroup_that_it_was_not_in() {
        let path = |text: &str| path_in(text.as_bytes()).map(|path| String::from_utf8_lossy(&path).into_owned());
        assert_eq!(path("4:memory:/docker/a\n0::/\n").as_deref(), Some("/docker/a"));
        assert_eq!(path("4:memory:/\n0::/\n"), None, "what v1 tells of a zombie");
        assert_eq!(path("0::/pod/a (deleted)\n").as_deref(), Some("/pod/a"));
    }

    #[test]
    fn the_nearest_application_above_holds_a_path() {
        let mut roster = Roster::default();
        for (name, path) in [("pod", "/pod"), ("container", "/pod/a")] {
            let identity = Identity { application: name.into(), namespace: None, pod: None, container: None };
            let cgroup = Some((Version::V2, path.as_bytes().into(), 1));
            roster.enter(Known { identity: Arc::new(identity), cgroup }, [1]);
        }
        let holding = |path: &str| roster.holding(path.as_bytes()).map(|known| known.identity.application.to_string());
        assert_eq!(holding("/pod/a/b/c").as_deref(), Some("container"));
        assert_eq!(holding("/pod/ab").as_deref(), Some("pod"));
        assert_eq!(holding("/podx").as_deref(), None);
        assert_eq!(holding("").as_deref(), None);
    }
}
