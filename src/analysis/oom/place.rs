//! One cgroup that an application lives in, or one life of an application that has none of its own.

use super::figures::Walk;
use super::group_kills::Incidents;
use crate::sample::{CgroupCounters, MemoryEvent};
use crate::units::Moment;

/// What one source tells of a kill another may tell so many seconds later: its thread may have to wait for a core.
const LATEST_SECONDS: f64 = 2.0;

/// What each source has counted here. All count the same kills, none one that was not: the most of them is what is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The cgroup's, 0 where there is none.
    pub(super) incarnation: u64,
    /// Its counters when they were last read.
    pub(super) last: Option<Box<CgroupCounters>>,
    counted: u64,
    logged: u64,
    /// What must have been killed here, since it was killed nowhere else.
    inferred: u64,
    known: u64,
    /// When a kill was last told; since memtrend began where none was.
    told_at: Option<Moment>,
    /// Strokes that its own counter has told of.
    group_kills: u64,
    incidents: Incidents,
}

/// What is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Processes killed, as the kernel counts them.
    pub(super) processes: u64,
    /// Incidents: a group kill is one.
    pub(super) incidents: u64,
}

impl Place {
    pub(super) fn new(incarnation: u64) -> Self {
        Self { incarnation, ..Self::default() }
    }

    /// Processes that are known to have been killed here.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// Goes through its figures.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        let mut was_read = self.last.is_some();
        walk.flag("place.was_read", &mut was_read);
        walk.count("place.incarnation", &mut self.incarnation);
        walk.count("place.counted", &mut self.counted);
        walk.count("place.logged", &mut self.logged);
        walk.count("place.inferred", &mut self.inferred);
        walk.count("place.known", &mut self.known);
        walk.count("place.group_kills", &mut self.group_kills);
        self.incidents.walk(walk);
        if !was_read {
            return;
        }
        let incarnation = self.incarnation;
        let last =
            self.last.get_or_insert_with(|| Box::new(CgroupCounters { incarnation, ..CgroupCounters::default() }));
        walk.optional("cgroup.oom_kills", &mut last.oom_kills);
        walk.optional("cgroup.userspace_kills", &mut last.userspace_kills);
        // They change without kills.
        if walk.is_digest() {
            return;
        }
        walk.optional("cgroup.own_limit_hits", &mut last.own_limit_hits);
        walk.optional("cgroup.limit_hits_above", &mut last.limit_hits_above);
        for (value, event) in last.events.iter_mut().zip(MemoryEvent::ALL) {
            walk.optional(&format!("cgroup.events.{}", event.name()), value);
        }
    }

    /// Its counter has counted `kills` more processes, and group kills.
    pub(super) fn count(&mut self, kills: u64, group_kills: u64, at: Moment) -> News {
        self.counted = self.counted.saturating_add(kills);
        self.group_kills = self.group_kills.saturating_add(group_kills);
        self.news(self.is_grouped(), at)
    }

    /// Its counter stands still. Once that has been so for a while, what it has counted is all that there is, and the sources
    /// that have missed some of it miss no more.
    pub(super) fn settle(&mut self, at: Moment) {
        if at.0 - self.told_at.get_or_insert(at).0 >= LATEST_SECONDS {
            (self.counted, self.logged, self.inferred) = (self.known, self.known, self.known);
        }
    }

    /// The kernel log has named one more victim, which may have died with its whole group.
    pub(super) fn log(&mut self, is_grouped: bool, at: Moment) -> News {
        self.logged = self.logged.saturating_add(1);
        self.news(is_grouped || self.is_grouped(), at)
    }

    fn is_grouped(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.is_killed_as_group)
    }

    /// `kills` more than are known must have been here.
    pub(super) fn infer(&mut self, kills: u64, at: Moment) -> News {
        self.inferred = self.known.saturating_add(kills);
        self.news(self.is_grouped(), at)
    }

    fn news(&mut self, is_grouped: bool, at: Moment) -> News {
        let known = self.counted.max(self.logged).max(self.inferred).max(self.known);
        let processes = known - self.known;
        if processes > 0 {
            self.told_at = Some(at);
        }
        self.known = known;
        News { processes, incidents: self.incidents.add(processes, is_grouped, self.group_kills, at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment(0.0);

    fn processes(news: News) -> u64 {
        assert_eq!(news.processes, news.incidents, "nothing is grouped here");
        news.processes
    }

    #[test]
    fn what_several_sources_tell_is_counted_once_in_whatever_order() {
        let mut place = Place::new(1);
        assert_eq!(processes(place.log(false, AT)), 1);
        assert_eq!(processes(place.count(1, 0, AT)), 0, "the same kill");
        assert_eq!(processes(place.count(2, 0, AT)), 2);
        assert_eq!(processes(place.log(false, AT)), 0);
        assert_eq!(processes(place.log(false, AT)), 0);
        assert_eq!(processes(place.log(false, AT)), 1, "the cgroup went before it could be read");
    }

    #[test]
    fn sources_that_have_missed_different_kills_agree_again_when_the_counter_stands_still() {
        let mut place = Place::new(1);
        assert_eq!(processes(place.count(1, 0, AT)), 1, "the log was not read then");
        place.settle(Moment(LATEST_SECONDS));
        assert_eq!(processes(place.log(false, AT)), 1, "another, which the counter did not live to tell");
    }

    #[test]
    fn a_log_that_is_read_late_tells_of_the_kill_that_the_counter_has_told() {
        let mut place = Place::new(1);
        assert_eq!(processes(place.count(1, 0, AT)), 1);
        place.settle(Moment(0.3));
        assert_eq!(processes(place.log(false, Moment(0.4))), 0);
        // Kept and taken up again in between.
        let mut resumed = Place { known: 1, counted: 1, ..Place::new(1) };
        resumed.settle(Moment(100.0));
        assert_eq!(processes(resumed.log(false, Moment(100.1))), 0);
    }

    #[test]
    fn what_is_inferred_is_not_counted_again_when_a_source_tells_it_late() {
        let mut place = Place::new(1);
        place.count(3, 0, AT);
        assert_eq!(processes(place.infer(1, AT)), 1);
        assert_eq!(processes(place.count(1, 0, AT)), 0);
    }

    #[test]
    fn a_group_kill_is_many_processes_and_one_incident() {
        let grouped = CgroupCounters { is_killed_as_group: true, ..CgroupCounters::default() };
        let mut place = Place { last: Some(Box::new(grouped)), ..Place::new(1) };
        assert_eq!(place.count(3, 1, AT), News { processes: 3, incidents: 1 });
        assert_eq!(place.count(3, 1, Moment(1.0)), News { processes: 3, incidents: 1 }, "its counter tells of another");
        for victim in 0..6 {
            assert_eq!(place.log(false, Moment(1.0)), News::default(), "{victim}");
        }
        assert_eq!(place.log(false, Moment(9.0)), News { processes: 1, incidents: 1 }, "the log alone, of a group");
        assert_eq!(place.log(false, Moment(9.1)), News { processes: 1, incidents: 0 }, "the same stroke");
    }

    #[test]
    fn victims_that_the_log_says_went_with_their_group_are_one_incident() {
        let mut place = Place::new(1);
        assert_eq!(place.log(true, AT), News { processes: 1, incidents: 1 });
        assert_eq!(place.log(true, AT), News { processes: 1, incidents: 0 });
    }
}
