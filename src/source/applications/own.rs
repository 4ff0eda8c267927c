//! Which processes are memtrend itself: they are never an application.

use super::grouping::DEEPEST_TREE;
use crate::source::cgroup::{Membership, Placement};
use crate::source::process::table::ProcessTable;
use crate::source::roots::Roots;
use std::sync::Arc;

/// memtrend itself.
pub(crate) struct Own {
    pub(crate) pid: Option<u32>,
    /// Its parent, its parent's parent, and so on.
    pub(crate) ancestors: Vec<u32>,
    /// The container or unit that it runs in.
    path: Option<Box<[u8]>>,
    /// Where it is at the top of a private namespace, all that is at the top too is in its own container.
    is_at_private_top: bool,
}

impl Own {
    pub(crate) fn of(roots: &Roots, table: &ProcessTable) -> Self {
        let link = std::fs::read_link(roots.procfs.join("self")).ok();
        let pid = link.and_then(|link| link.to_str()?.parse().ok());
        let membership = pid.and_then(|pid| table.get(pid)).map(|process| Arc::clone(&process.membership));
        let path = membership.as_ref().and_then(|membership| membership.placement.path().map(Into::into));
        let is_at_top = membership.is_some_and(|membership| membership.paths.iter().all(|path| **path == *b"/"));
        let sees_outside =
            || table.iter().any(|(_, process)| process.membership.paths.iter().any(|path| path.starts_with(b"/..")));
        let parent = |pid: &u32| table.get(*pid).map(|process| process.parent);
        let ancestors = std::iter::successors(pid.as_ref().and_then(parent), parent).take(DEEPEST_TREE).collect();
        Self { pid, ancestors, path, is_at_private_top: is_at_top && sees_outside() }
    }

    pub(crate) fn has(&self, pid: u32, membership: &Membership) -> bool {
        // A unit (a desktop's session manager, a CI runner) may hold others beside memtrend.
        let is_container = matches!(membership.placement, Placement::Container { .. });
        let in_own_container =
            is_container && self.path.is_some() && membership.placement.path() == self.path.as_deref();
        let at_own_top = self.is_at_private_top && membership.paths.iter().all(|path| **path == *b"/");
        self.pid == Some(pid) || in_own_container || at_own_top
    }
}
