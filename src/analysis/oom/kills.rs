//! The kills of a machine: the accounts that its applications share.

use super::account::Account;
use super::evidence::{KillSource, Sources};
use super::figures::{Figures, Walk};
use super::ledger::Told;
use crate::sample::Sample;
use std::collections::BTreeMap;

/// The deepest nesting of cgroups that is followed.
const DEEPEST: usize = 32;

/// What the node and the cgroups above applications have counted, against what the applications own.
#[derive(Clone, Debug, Default)]
pub struct Kills {
    /// The whole node.
    pub node: Account,
    /// Cgroups above applications, each with the one above it.
    above: BTreeMap<u64, (Option<u64>, Account)>,
    /// What could be read in the last pass.
    pub sources: Sources,
}

impl Kills {
    /// What is to be kept over a restart of memtrend.
    pub(crate) fn save(&mut self) -> Figures {
        let mut figures = Figures::new();
        self.node.walk(&mut Walk::Save(&mut figures));
        figures
    }

    /// One number that changes when what is to be kept does.
    pub(crate) fn digest(&mut self, digest: &mut u64) {
        self.node.walk(&mut Walk::Digest(digest));
    }

    /// Goes on where [`Self::save`] was left.
    pub(crate) fn restore(figures: &Figures, is_same_boot: bool) -> Self {
        let mut kills = Self::default();
        kills.node.walk(&mut Walk::Restore(figures));
        if !is_same_boot {
            kills.node.begin_boot();
        }
        kills
    }

    /// Begins a pass with what was read before the applications.
    pub(crate) fn begin_pass(&mut self, sample: &Sample) {
        self.sources = sample.kill_sources;
        if let Some(total) = sample.node_oom_kills {
            self.node.observe_node(total);
        }
        self.above.retain(|incarnation, _| sample.parents.iter().any(|parent| parent.incarnation == *incarnation));
        for parent in &sample.parents {
            let (above, account) = self.above.entry(parent.incarnation).or_default();
            *above = parent.above;
            account.observe_node(parent.before);
        }
    }

    /// Ends a pass with what was read after them; `sought` kills are still being looked for.
    pub(crate) fn end_pass(&mut self, sample: &Sample, sought: u64) {
        self.node.close(sought);
        if let Some(total) = sample.node_oom_kills_after {
            self.node.observe_node(total);
        }
        for parent in &sample.parents {
            self.above.entry(parent.incarnation).or_default().1.observe_node(parent.after);
        }
    }

    /// Takes in what an application's cgroup has told; `parent` is the one above.
    pub(crate) fn take(&mut self, told: Told, parent: Option<u64>) {
        self.node.note(KillSource::Cgroup, told.counted);
        self.node.note(KillSource::Userspace, told.by_userspace);
        self.own(told.new, parent);
    }

    /// Takes in processes that were killed in an application.
    pub(crate) fn own(&mut self, processes: u64, parent: Option<u64>) {
        self.node.own(processes);
        let mut next = parent;
        for _ in 0..DEEPEST {
            let Some((above, account)) = next.and_then(|parent| self.above.get_mut(&parent)) else { return };
            account.own(processes);
            next = *above;
        }
    }

    /// What a cgroup above accounts for.
    pub(crate) fn above(&self, parent: Option<u64>) -> Option<&Account> {
        self.above.get(&parent?).map(|(_, account)| account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::ParentCount;

    /// A pass in which the node and two cgroups, one above the other, have counted so many.
    fn pass(kills: &mut Kills, counted: u64) {
        let parent = |incarnation, above| ParentCount { incarnation, above, before: counted, after: counted };
        let parents = vec![parent(1, Some(2)), parent(2, None)];
        kills.begin_pass(&Sample { node_oom_kills: Some(counted), parents, ..Sample::default() });
    }

    /// What nobody owns: on the node, in the lower and in the upper cgroup, since `before`.
    fn unowned_since(kills: &Kills, before: &Kills) -> [Option<u64>; 3] {
        let of = |kills: &Kills| {
            [Some(&kills.node), kills.above(Some(1)), kills.above(Some(2))].map(|account| account?.unowned())
        };
        let (now, before) = (of(kills), of(before));
        std::array::from_fn(|place| Some(now[place]?.since(before[place]?)))
    }

    #[test]
    fn what_an_application_owns_is_owned_in_every_cgroup_above_it_and_on_the_node() {
        let mut kills = Kills::default();
        pass(&mut kills, 5);
        let before = kills.clone();
        pass(&mut kills, 8);
        assert_eq!(unowned_since(&kills, &before), [Some(3); 3]);
        kills.take(Told { counted: 2, new: 2, by_userspace: 0 }, Some(1));
        assert_eq!(unowned_since(&kills, &before), [Some(1); 3]);
        kills.own(1, Some(2));
        assert_eq!(unowned_since(&kills, &before), [Some(0), Some(1), Some(0)], "one in the upper cgroup itself");
    }

    #[test]
    fn a_cgroup_that_is_no_longer_above_anything_is_forgotten() {
        let mut kills = Kills::default();
        pass(&mut kills, 5);
        kills.begin_pass(&Sample::default());
        assert!(kills.above(Some(1)).is_none());
    }

    #[test]
    fn each_source_is_noted_for_itself() {
        let mut kills = Kills::default();
        kills.take(Told { counted: 3, new: 1, by_userspace: 1 }, None);
        let seen = [KillSource::Cgroup, KillSource::Userspace].map(|source| kills.node.seen_by(source));
        assert_eq!(seen, [Some(3), Some(1)]);
    }
}
