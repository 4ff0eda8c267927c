//! Whose want of memory called for a kill.

use super::evidence::CalledBy;
use crate::sample::{CgroupCounters, LimitSource, named_enum};
use crate::units::Moment;

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

/// A hit is counted before the kill that it calls for: how long before, at the most, in seconds.
const HIT_TO_KILL_SECONDS: f64 = 10.0;

/// What has been seen of late of limits that were hit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    own: Option<Moment>,
    above: Option<Moment>,
    /// What the kernel log has said, which knows.
    logged: Option<(Moment, CalledBy)>,
}

impl Hits {
    /// Takes in what has been counted since the last reading of the same cgroup.
    pub(super) fn observe(&mut self, now: &CgroupCounters, before: &CgroupCounters, at: Moment) {
        let has_risen =
            |now: Option<u64>, before: Option<u64>| now.zip(before).is_some_and(|(now, before)| now > before);
        if has_risen(now.own_limit_hits, before.own_limit_hits) {
            self.own = Some(at);
        }
        if has_risen(now.limit_hits_above, before.limit_hits_above) {
            self.above = Some(at);
        }
    }

    /// Takes in what the kernel log says of a victim.
    pub(super) fn log(&mut self, called_by: Option<CalledBy>, at: Moment) {
        self.logged = called_by.map(|called_by| (at, called_by)).or(self.logged);
    }

    /// The scope of a kill that is seen now. `counters` are the last of its cgroup; `tightest` is the limit with the least
    /// room, which decides where nothing else does.
    pub(super) fn scope(&self, counters: Option<&CgroupCounters>, tightest: Option<LimitSource>, at: Moment) -> Scope {
        let is_recent = |moment: Moment| at.0 - moment.0 <= HIT_TO_KILL_SECONDS;
        let [own, above] = [self.own, self.above].map(|hit| hit.is_some_and(is_recent));
        match self.logged.filter(|(moment, _)| is_recent(*moment)).map(|(_, called_by)| called_by) {
            Some(CalledBy::Own) => return Scope::Own,
            Some(CalledBy::Above) => return Scope::Ancestor,
            Some(CalledBy::Node) => return Scope::Node,
            Some(CalledBy::OneOfThem) if above && !own || tightest == Some(LimitSource::Ancestor) => {
                return Scope::Ancestor;
            }
            Some(CalledBy::OneOfThem) => return Scope::Own,
            None => {}
        }
        let tells_own_hits = counters.is_some_and(|counters| counters.own_limit_hits.is_some());
        let tells_hits_above = counters.is_some_and(|counters| counters.limit_hits_above.is_some());
        match tightest {
            _ if own => Scope::Own,
            _ if above => Scope::Ancestor,
            // Every limit that there is has been looked at.
            _ if tells_own_hits && tells_hits_above => Scope::Node,
            Some(LimitSource::Node) => Scope::Node,
            Some(LimitSource::Ancestor) => Scope::Ancestor,
            // Not the own one, and the machine has more room: one that cannot be seen.
            Some(LimitSource::Own) if tells_own_hits => Scope::Ancestor,
            Some(LimitSource::Own) => Scope::Own,
            Some(LimitSource::Rlimit) | None => Scope::Unknown,
        }
    }
}

impl Hits {
    /// The scope of a kill that nothing was read of any more: of the limit that is known to have been hit, else of the cgroup's
    /// limit with the least room.
    pub(super) fn guess(&self, tightest: Option<LimitSource>, at: Moment) -> Scope {
        match self.scope(None, tightest, at) {
            // The machine may have the least room left and be far from short of it.
            Scope::Node if self.logged.is_none() => Scope::Unknown,
            scope => scope,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(100.0);

    fn counters(own: Option<u64>, above: Option<u64>) -> CgroupCounters {
        CgroupCounters { own_limit_hits: own, limit_hits_above: above, ..CgroupCounters::default() }
    }

    fn scope(before: CgroupCounters, now: CgroupCounters, tightest: Option<LimitSource>) -> Scope {
        let mut hits = Hits::default();
        hits.observe(&now, &before, NOW);
        hits.scope(Some(&now), tightest, NOW)
    }

    #[test]
    fn the_limit_that_was_hit_decides_then_the_one_with_the_least_room() {
        use LimitSource::{Ancestor, Node, Own, Rlimit};
        let zero = counters(Some(0), Some(0));
        for (now, tightest, expected) in [
            (counters(Some(1), Some(0)), Some(Node), Scope::Own),
            (counters(Some(0), Some(1)), Some(Own), Scope::Ancestor),
            (counters(Some(1), Some(1)), Some(Node), Scope::Own),
            (counters(Some(0), Some(0)), Some(Own), Scope::Node),
            (counters(Some(0), None), Some(Own), Scope::Ancestor),
            (counters(Some(0), None), Some(Node), Scope::Node),
            (counters(None, None), Some(Own), Scope::Own),
            (counters(None, None), Some(Ancestor), Scope::Ancestor),
            (counters(None, None), Some(Rlimit), Scope::Unknown),
            (counters(None, None), None, Scope::Unknown),
        ] {
            assert_eq!(scope(zero, now, tightest), expected, "{now:?} {tightest:?}");
        }
    }

    #[test]
    fn what_is_guessed_is_never_the_machines_doing() {
        let hits = Hits::default();
        assert_eq!(hits.guess(Some(LimitSource::Own), NOW), Scope::Own);
        assert_eq!(hits.guess(Some(LimitSource::Ancestor), NOW), Scope::Ancestor);
        assert_eq!(hits.guess(Some(LimitSource::Node), NOW), Scope::Unknown);
        assert_eq!(hits.guess(None, NOW), Scope::Unknown);
        let mut told = Hits::default();
        told.log(Some(CalledBy::Node), NOW);
        assert_eq!(told.guess(Some(LimitSource::Node), NOW), Scope::Node, "unless the log says so");
    }

    #[test]
    fn a_hit_is_remembered_for_a_while_and_the_kernel_log_knows_better() {
        let mut hits = Hits::default();
        hits.observe(&counters(Some(1), None), &counters(Some(0), None), NOW);
        let later = |seconds: f64| Moment(NOW.0 + seconds);
        let now = counters(Some(1), None);
        assert_eq!(hits.scope(Some(&now), Some(LimitSource::Node), later(9.0)), Scope::Own);
        assert_eq!(hits.scope(Some(&now), Some(LimitSource::Node), later(11.0)), Scope::Node);
        hits.log(Some(CalledBy::Above), later(9.0));
        assert_eq!(hits.scope(Some(&now), Some(LimitSource::Node), later(9.0)), Scope::Ancestor);
        assert_eq!(hits.scope(Some(&now), Some(LimitSource::Node), later(20.0)), Scope::Node, "that was another");
    }

    #[test]
    fn of_a_cgroups_limit_that_the_log_leaves_unnamed_the_hits_tell_whose_it_was() {
        let scope = |own: u64, above: u64, tightest: LimitSource| {
            let mut hits = Hits::default();
            hits.observe(&counters(Some(own), Some(above)), &counters(Some(0), Some(0)), NOW);
            hits.log(Some(CalledBy::OneOfThem), NOW);
            hits.scope(None, Some(tightest), NOW)
        };
        assert_eq!(scope(1, 0, LimitSource::Own), Scope::Own);
        assert_eq!(scope(1, 1, LimitSource::Own), Scope::Own);
        assert_eq!(scope(0, 1, LimitSource::Own), Scope::Ancestor);
        assert_eq!(scope(0, 0, LimitSource::Ancestor), Scope::Ancestor, "no hit was read yet");
        assert_eq!(scope(0, 0, LimitSource::Own), Scope::Own);
    }
}
