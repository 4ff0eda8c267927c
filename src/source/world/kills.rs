//! Has the kills of all that is there waited for between the passes.

use super::World;
use crate::analysis::oom::{Evidence, KillSource, Sources};
use crate::analysis::sample::{CgroupCounters, Identity};
use crate::source::applications::Group;
use crate::source::cgroup::Reading;
use crate::source::oom::{Link, Place, Subject};
use std::collections::HashSet;
use std::sync::Arc;

impl World {
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

    /// Has the kills of all that is there waited for.
    pub(super) fn follow_kills(&mut self) {
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
    pub(super) fn kill_sources(&mut self, readings: &[Option<Reading>], has_vmstat: bool) -> Sources {
        let mut are_read = None;
        let groups = self.applications.groups.iter().zip(readings);
        for (_, reading) in groups.filter(|(group, _)| group.own_cgroup.is_some()) {
            are_read = Some(are_read.unwrap_or(true) && reading.is_some());
        }
        // While there is none the answer stays what it was.
        self.are_cgroups_read = are_read.unwrap_or(self.are_cgroups_read);
        let has_marks = readings.iter().flatten().any(|reading| reading.counters.userspace_kills.is_some());
        let mut sources = Sources::default();
        for (source, is_readable) in [
            (KillSource::Cgroup, self.are_cgroups_read),
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
}
