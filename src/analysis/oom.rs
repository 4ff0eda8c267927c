//! Counting kills and events over the lives of an application: a cgroup's counters end with it, these do not.

use super::sample::{CgroupCounters, LimitSource, MemoryEvent, named_enum};

named_enum! {
    /// What called for a kill.
    Scope {
        /// The application's own limit.
        Own => "own",
        /// The limit of a cgroup above it.
        Ancestor => "ancestor",
        /// The machine ran out of memory.
        Node => "node",
        /// A killer in user space.
        Userspace => "userspace",
        /// Cannot be told.
        Unknown => "unknown",
    }
}

named_enum! {
    /// What ended a life that was followed by another.
    Cause {
        /// An out-of-memory kill.
        Oom => "oom",
        /// Anything else, seen for certain.
        Exit => "exit",
        /// Cannot be told.
        Unknown => "unknown",
    }
}

/// Counters accumulated over the cgroups that an application has lived in; they never go down.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Processes killed, by [`Scope`].
    pub kills: [u64; Scope::ALL.len()],
    /// Events, by [`MemoryEvent`]; absent where the kernel does not count them.
    pub events: [Option<u64>; MemoryEvent::ALL.len()],
    /// Pressure stall time in microseconds: some, full.
    pub pressure_microseconds: Option<[u64; 2]>,
    last: Option<CgroupCounters>,
}

impl Ledger {
    /// Takes in the counters of the present cgroup; returns the kills that are new. A counter that cannot be read for a
    /// pass is not new when it is back.
    ///
    /// What a cgroup had counted before it was first seen is history and sets the zero; a later cgroup of the same
    /// application began at zero itself. `tightest` is the limit with the least room, which names the scope where the
    /// cgroup's own limit was not hit.
    pub fn observe(&mut self, now: &CgroupCounters, tightest: Option<LimitSource>) -> u64 {
        let previous = match self.last {
            Some(last) if last.incarnation == now.incarnation => last,
            Some(_) => CgroupCounters { own_limit_hits: Some(0), ..CgroupCounters::default() },
            None => *now,
        };
        for ((total, now), before) in self.events.iter_mut().zip(now.events).zip(previous.events) {
            if let Some(now) = now {
                *total = Some(total.unwrap_or(0).saturating_add(now.saturating_sub(before.unwrap_or(0))));
            }
        }
        if let Some(now) = now.pressure_microseconds {
            let before = previous.pressure_microseconds.unwrap_or([0; 2]);
            let total = self.pressure_microseconds.get_or_insert([0; 2]);
            for ((total, now), before) in total.iter_mut().zip(now).zip(before) {
                *total = total.saturating_add(now.saturating_sub(before));
            }
        }
        let kills = now.oom_kills.unwrap_or(0).saturating_sub(previous.oom_kills.unwrap_or(0));
        let scope = scope_of(now.own_limit_hits, previous.own_limit_hits, tightest);
        if let Some(total) = self.kills.get_mut(scope.index()) {
            *total = total.saturating_add(kills);
        }
        self.last = Some(now.or(&previous));
        kills
    }

    /// Whether these counters are of the cgroup that was read last: then nothing was missed since.
    pub fn continues(&self, now: &CgroupCounters) -> bool {
        now.oom_kills.is_some() && self.last.is_some_and(|last| last.incarnation == now.incarnation)
    }

    /// All kills.
    pub fn total_kills(&self) -> u64 {
        self.kills.iter().copied().fold(0, u64::saturating_add)
    }
}

impl CgroupCounters {
    /// These counters, and where one is absent or has gone back, what it was before.
    fn or(&self, before: &Self) -> Self {
        let mut merged = *self;
        merged.oom_kills = self.oom_kills.max(before.oom_kills);
        merged.own_limit_hits = self.own_limit_hits.max(before.own_limit_hits);
        for (now, before) in merged.events.iter_mut().zip(before.events) {
            *now = (*now).max(before);
        }
        merged.pressure_microseconds = self.pressure_microseconds.max(before.pressure_microseconds);
        merged
    }
}

fn scope_of(hits: Option<u64>, hits_before: Option<u64>, tightest: Option<LimitSource>) -> Scope {
    // The hit may have been counted a pass before the kill: the tightest limit is then still the one that was hit.
    match tightest {
        _ if hits.is_some_and(|hits| hits > hits_before.unwrap_or(0)) => Scope::Own,
        Some(LimitSource::Own) => Scope::Own,
        Some(LimitSource::Ancestor) => Scope::Ancestor,
        Some(LimitSource::Node) => Scope::Node,
        Some(LimitSource::Rlimit) | None => Scope::Unknown,
    }
}

/// Kills that the node counted and no application owns; never goes down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unattributed {
    first: Option<u64>,
    node: u64,
    total: u64,
}

impl Unattributed {
    /// Takes in the node's counter, read **before** the applications' counters (so that a kill between the two reads is
    /// never counted as unowned), and the kills attributed since the beginning.
    pub fn observe(&mut self, node_total: u64, attributed: u64) {
        let first = *self.first.get_or_insert(node_total);
        self.node = self.node.max(node_total.saturating_sub(first));
        self.total = self.total.max(self.node.saturating_sub(attributed));
    }

    /// Kills that no application owns, once the node's counter was seen.
    pub fn total(&self) -> Option<u64> {
        self.first.map(|_| self.total)
    }

    /// Kills on the node since it was first seen.
    pub fn node_total(&self) -> Option<u64> {
        self.first.map(|_| self.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(incarnation: u64, oom_kills: u64, own_limit_hits: u64) -> CgroupCounters {
        CgroupCounters {
            incarnation,
            oom_kills: Some(oom_kills),
            own_limit_hits: Some(own_limit_hits),
            ..CgroupCounters::default()
        }
    }

    #[test]
    fn history_before_the_first_look_is_not_counted_and_what_follows_is() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.observe(&counters(1, 3, 3), None), 0);
        assert_eq!(ledger.observe(&counters(1, 5, 5), None), 2);
        assert_eq!(ledger.kills, [2, 0, 0, 0, 0]);
    }

    #[test]
    fn a_new_cgroup_begins_at_zero_and_the_count_goes_on() {
        let mut ledger = Ledger::default();
        ledger.observe(&counters(1, 0, 0), None);
        ledger.observe(&counters(1, 1, 1), None);
        assert_eq!(ledger.observe(&counters(2, 1, 1), None), 1, "killed before the new cgroup was first read");
        assert_eq!(ledger.observe(&counters(2, 0, 0), None), 0, "a counter that goes back adds nothing");
        assert_eq!(ledger.total_kills(), 2);
    }

    #[test]
    fn the_scope_is_own_when_the_own_limit_was_hit_and_else_that_of_the_tightest_limit() {
        for (hits, tightest, expected) in [
            (1, Some(LimitSource::Node), Scope::Own),
            (0, Some(LimitSource::Ancestor), Scope::Ancestor),
            (0, Some(LimitSource::Node), Scope::Node),
            (0, Some(LimitSource::Own), Scope::Own),
            (0, None, Scope::Unknown),
        ] {
            let mut ledger = Ledger::default();
            ledger.observe(&counters(1, 0, 0), tightest);
            ledger.observe(&counters(1, 1, hits), tightest);
            assert_eq!(ledger.kills.get(expected.index()), Some(&1), "{hits} {tightest:?}");
        }
    }

    #[test]
    fn what_no_application_owns_never_goes_down() {
        let mut unattributed = Unattributed::default();
        assert_eq!(unattributed.total(), None);
        unattributed.observe(10, 0);
        assert_eq!(unattributed.total(), Some(0));
        unattributed.observe(13, 1);
        assert_eq!(unattributed.total(), Some(2));
        unattributed.observe(13, 3);
        assert_eq!(unattributed.total(), Some(2));
    }
}
