//! What an application's kills and events add up to, over the cgroups that it has lived in.

use super::evidence::Victim;
use super::figures::Walk;
use super::place::{News, Place};
use super::scope::{Hits, Scope};
use crate::sample::{CgroupCounters, LimitSource, MemoryEvent};
use crate::units::{Bytes, Clock, Timestamp};
use std::sync::Arc;

/// The last kill of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct LastKill {
    /// When it was seen.
    pub at: Timestamp,
    /// Whose limit was hit.
    pub scope: Scope,
    /// The limit with the least room at that time.
    pub limit: Option<Bytes>,
    /// The victim, where the kernel log names it.
    pub victim: Option<Victim>,
}

/// What a cgroup's counters have told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Processes that it has counted since it was last read.
    pub(crate) counted: u64,
    /// Of these, what no source had told before.
    pub(crate) new: u64,
    /// Kills by a killer in user space.
    pub(crate) by_userspace: u64,
}

/// The limit with the least room: whose it is and how much.
pub(crate) type Tightest = Option<(LimitSource, Bytes)>;

/// What an application's cgroups have counted in all; it never goes down.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Kills, by [`Scope`]; a group kill is one.
    pub kills: [u64; Scope::ALL.len()],
    /// Events, by [`MemoryEvent`]; absent where the kernel does not count them.
    pub events: [Option<u64>; MemoryEvent::ALL.len()],
    /// Pressure stall time in microseconds: some, full.
    pub pressure_microseconds: Option<[u64; 2]>,
    /// The last of the kills.
    pub last_kill: Option<LastKill>,
}

/// Counters accumulated over the cgroups that an application has lived in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Shared with the reports: they seldom change.
    pub(crate) totals: Arc<Totals>,
    /// Whether a cgroup of it was ever read.
    has_cgroup: bool,
    /// The highest number of a cgroup of it.
    newest: u64,
    present: Place,
    /// Those before it, of which something may yet be told.
    earlier: Vec<Place>,
    hits: Hits,
}

/// Cgroups of one application that are remembered beside the present one.
const MOST_EARLIER: usize = 2;

impl Ledger {
    /// Goes through its figures. Pressure is left to its own counters' reset.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        let (mut kills, mut events) = (self.totals.kills, self.totals.events);
        walk.counts("kills", Scope::ALL.iter().map(|scope| scope.name()), &mut kills);
        // They change without kills.
        let kept = if walk.is_digest() { &mut [][..] } else { &mut events[..] };
        for (total, event) in kept.iter_mut().zip(MemoryEvent::ALL) {
            walk.optional(&format!("events.{}", event.name()), total);
        }
        if (kills, events) != (self.totals.kills, self.totals.events) {
            let totals = Arc::make_mut(&mut self.totals);
            (totals.kills, totals.events) = (kills, events);
        }
        walk.flag("has_cgroup", &mut self.has_cgroup);
        walk.count("newest", &mut self.newest);
        self.present.walk(walk);
    }

    /// Forgets the cgroup that it was in: the machine has booted anew, what cgroups count began at zero.
    pub(super) fn begin_boot(&mut self) {
        (self.present, self.newest) = (Place::default(), 0);
    }

    /// Takes in the counters of a cgroup; a counter that cannot be read for a pass is not new when it is back. `is_pass` tells
    /// that a pass has read them: the application is there.
    ///
    /// What a cgroup had counted before it was first seen is history and sets the zero, unless it was made since memtrend
    /// began, or since the application's last one: kernels number cgroups upwards. `heirloom` is what another application has
    /// already counted there. `tightest` is the limit with the least room, which names the scope where no limit is known to
    /// have been hit.
    pub(crate) fn observe(
        &mut self,
        now: &CgroupCounters,
        heirloom: Option<CgroupCounters>,
        is_pass: bool,
        tightest: Tightest,
        clock: Clock,
    ) -> Told {
        let at = clock.moment;
        let is_newer = self.has_cgroup && now.incarnation > self.newest;
        let place = self.place_of(now.incarnation, is_pass);
        let is_first = place.last.is_none();
        let begins_at_zero = now.is_born_since || is_newer || place.known() > 0;
        let at_first = || if begins_at_zero { CgroupCounters::at_birth(now) } else { *now };
        let previous = place.last.as_deref().copied().or(heirloom).unwrap_or_else(at_first);
        place.last = Some(Box::new(now.or(&previous)));
        let more = |now: Option<u64>, before: Option<u64>| now.unwrap_or(0).saturating_sub(before.unwrap_or(0));
        let event =
            |counters: &CgroupCounters, event: MemoryEvent| counters.events.get(event.index()).copied().flatten();
        let group_kills = [now, &previous].map(|counters| event(counters, MemoryEvent::OomGroupKill));
        let counted = more(now.oom_kills, previous.oom_kills);
        let news = place.count(counted, more(group_kills[0], group_kills[1]), at);
        if is_pass && counted == 0 && !is_first {
            place.settle(at);
        }
        (self.has_cgroup, self.newest) = (true, self.newest.max(now.incarnation));
        self.add_up(now, &previous);
        self.hits.observe(now, &previous, at);
        // It kills all that is in a cgroup at one stroke.
        let by_userspace = more(now.userspace_kills, previous.userspace_kills).min(1);
        self.credit(by_userspace, Scope::Userspace, tightest, clock);
        Told { counted, new: self.take(news, Some(now), tightest, clock), by_userspace }
    }

    /// The place of a cgroup; with `comes_first` it is from now on that of the present life.
    #[expect(clippy::indexing_slicing, reason = "the place has just been found there")]
    fn place_of(&mut self, incarnation: u64, comes_first: bool) -> &mut Place {
        if self.present.incarnation == incarnation {
            return &mut self.present;
        }
        let known = self.earlier.iter().position(|place| place.incarnation == incarnation);
        match known {
            Some(known) if !comes_first => return &mut self.earlier[known],
            Some(known) => std::mem::swap(&mut self.present, &mut self.earlier[known]),
            None => {
                self.earlier.truncate(MOST_EARLIER - 1);
                self.earlier.insert(0, std::mem::replace(&mut self.present, Place::new(incarnation)));
            }
        }
        &mut self.present
    }

    /// Takes in a victim that the kernel log names; returns the killed processes that are new.
    pub(crate) fn log(&mut self, victim: &Victim, tightest: Tightest, clock: Clock) -> u64 {
        self.hits.log(victim.called_by, clock.moment);
        // A cgroup that came in the place of the last one, or another one of its, may not have been read yet.
        let incarnation = victim.incarnation.unwrap_or(self.present.incarnation);
        let news = self.place_of(incarnation, false).log(victim.is_killed_as_group, clock.moment);
        let counters = self.present.last.as_deref().copied();
        let new = self.take(news, counters.as_ref(), tightest, clock);
        if let Some(last) = &mut Arc::make_mut(&mut self.totals).last_kill {
            last.victim = Some(victim.clone());
        }
        new
    }

    /// Counts kills that must have been in a cgroup, since they were nowhere else; returns the killed processes that are new.
    /// Their scope is `unknown` unless they are certain.
    pub(crate) fn infer(
        &mut self,
        incarnation: u64,
        processes: u64,
        is_certain: bool,
        tightest: Tightest,
        clock: Clock,
    ) -> u64 {
        let news = self.place_of(incarnation, false).infer(processes, clock.moment);
        let limit = tightest.map(|(source, _)| source);
        let scope = if is_certain { self.hits.guess(limit, clock.moment) } else { Scope::Unknown };
        self.credit(news.incidents, scope, tightest, clock);
        news.processes
    }

    /// Begins a life that has no cgroup of its own.
    pub(crate) fn begin_life(&mut self) {
        if self.present.incarnation == 0 {
            self.present = Place::default();
        }
    }

    /// What has been counted in a cgroup, if it is known here.
    pub(crate) fn counted_in(&self, incarnation: u64) -> Option<CgroupCounters> {
        std::iter::once(&self.present)
            .chain(&self.earlier)
            .find(|place| place.incarnation == incarnation)?
            .last
            .as_deref()
            .copied()
    }

    /// The cgroup of the present life, as far as it was read; 0 where it has none.
    pub(crate) fn incarnation(&self) -> u64 {
        self.present.last.as_ref().map_or(0, |last| last.incarnation)
    }

    /// The cgroup above one that counts its kills too.
    pub(crate) fn parent_of(&self, incarnation: u64) -> Option<u64> {
        self.counted_in(incarnation)?.parent
    }

    /// All kills.
    pub(crate) fn total_kills(&self) -> u64 {
        self.totals.kills.iter().copied().fold(0, u64::saturating_add)
    }

    fn take(&mut self, news: News, counters: Option<&CgroupCounters>, tightest: Tightest, clock: Clock) -> u64 {
        let limit = tightest.map(|(source, _)| source);
        let scope = self.hits.scope(counters, limit, clock.moment);
        self.credit(news.incidents, scope, tightest, clock);
        news.processes
    }

    fn credit(&mut self, incidents: u64, scope: Scope, tightest: Tightest, clock: Clock) {
        if incidents == 0 {
            return;
        }
        let totals = Arc::make_mut(&mut self.totals);
        if let Some(total) = totals.kills.get_mut(scope.index()) {
            *total = total.saturating_add(incidents);
        }
        let limit = tightest.map(|(_, limit)| limit);
        totals.last_kill = Some(LastKill { at: clock.wall, scope, limit, victim: None });
    }

    fn add_up(&mut self, now: &CgroupCounters, previous: &CgroupCounters) {
        let (mut events, mut pressure) = (self.totals.events, self.totals.pressure_microseconds);
        for ((total, now), before) in events.iter_mut().zip(now.events).zip(previous.events) {
            if let Some(now) = now {
                *total = Some(total.unwrap_or(0).saturating_add(now.saturating_sub(before.unwrap_or(0))));
            }
        }
        if let Some(now) = now.pressure_microseconds {
            let before = previous.pressure_microseconds.unwrap_or([0; 2]);
            let total = pressure.get_or_insert([0; 2]);
            for ((total, now), before) in total.iter_mut().zip(now).zip(before) {
                *total = total.saturating_add(now.saturating_sub(before));
            }
        }
        if (events, pressure) != (self.totals.events, self.totals.pressure_microseconds) {
            let totals = Arc::make_mut(&mut self.totals);
            (totals.events, totals.pressure_microseconds) = (events, pressure);
        }
    }
}

impl CgroupCounters {
    /// Those of a cgroup when it was made; what limits above it have counted was there before, and is left out.
    fn at_birth(now: &Self) -> Self {
        Self { incarnation: now.incarnation, own_limit_hits: now.own_limit_hits.map(|_| 0), ..Self::default() }
    }

    /// These counters, and where one is absent or has gone back, what it was before.
    fn or(&self, before: &Self) -> Self {
        let mut merged = *self;
        merged.oom_kills = self.oom_kills.max(before.oom_kills);
        merged.own_limit_hits = self.own_limit_hits.max(before.own_limit_hits);
        merged.limit_hits_above = self.limit_hits_above.max(before.limit_hits_above);
        merged.userspace_kills = self.userspace_kills.max(before.userspace_kills);
        for (now, before) in merged.events.iter_mut().zip(before.events) {
            *now = (*now).max(before);
        }
        merged.pressure_microseconds = self.pressure_microseconds.max(before.pressure_microseconds);
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oom::evidence::CalledBy;
    use crate::units::Moment;

    const OWN: Tightest = Some((LimitSource::Own, Bytes(64)));

    fn at(seconds: f64) -> Clock {
        Clock { moment: Moment(seconds), wall: Timestamp(1e9 + seconds) }
    }

    fn counters(incarnation: u64, oom_kills: u64) -> CgroupCounters {
        let oom_kills = Some(oom_kills);
        CgroupCounters { incarnation, oom_kills, own_limit_hits: oom_kills, ..CgroupCounters::default() }
    }

    fn victim(incarnation: Option<u64>, called_by: CalledBy) -> Victim {
        Victim {
            process: "leak".into(),
            pid: 7,
            resident: Some(Bytes(60)),
            called_by: Some(called_by),
            incarnation,
            is_killed_as_group: false,
        }
    }

    /// What a pass that reads these counters finds to be new.
    fn pass(ledger: &mut Ledger, now: CgroupCounters, seconds: f64) -> u64 {
        ledger.observe(&now, None, true, OWN, at(seconds)).new
    }

    #[test]
    fn history_before_the_first_look_is_not_counted_and_what_follows_is() {
        let mut ledger = Ledger::default();
        assert_eq!(pass(&mut ledger, counters(1, 3), 0.0), 0);
        assert_eq!(pass(&mut ledger, counters(1, 5), 1.0), 2);
        assert_eq!(ledger.totals.kills, [2, 0, 0, 0, 0]);
        let no_history = CgroupCounters { is_born_since: true, ..counters(1, 3) };
        assert_eq!(pass(&mut Ledger::default(), no_history, 0.0), 3);
    }

    #[test]
    fn a_new_cgroup_begins_at_zero_and_the_count_goes_on() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        pass(&mut ledger, counters(1, 1), 1.0);
        assert_eq!(pass(&mut ledger, counters(2, 1), 2.0), 1, "killed before it was first read");
        assert_eq!(pass(&mut ledger, counters(2, 0), 3.0), 0, "a counter that goes back adds nothing");
        assert_eq!(ledger.total_kills(), 2);
    }

    #[test]
    fn a_cgroup_that_it_comes_back_to_or_that_is_older_is_not_counted_anew() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(5, 3), 0.0);
        pass(&mut ledger, counters(7, 0), 1.0);
        assert_eq!(pass(&mut ledger, counters(5, 4), 2.0), 1, "one since it left");
        assert_eq!(pass(&mut ledger, counters(4, 9), 3.0), 0, "one that was there before: its history");
        assert_eq!(pass(&mut ledger, counters(4, 10), 4.0), 1);
    }

    #[test]
    fn what_another_application_has_counted_there_is_not_counted_again() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        let told = ledger.observe(&counters(2, 5), Some(counters(2, 4)), true, OWN, at(1.0));
        assert_eq!(told.new, 1);
    }

    #[test]
    fn what_is_told_late_of_an_earlier_cgroup_is_counted_there() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        pass(&mut ledger, counters(2, 0), 1.0);
        assert_eq!(ledger.infer(1, 1, true, OWN, at(1.0)), 1, "the first one's end");
        assert_eq!(ledger.log(&victim(Some(1), CalledBy::Own), OWN, at(1.1)), 0, "the same kill");
        assert_eq!(ledger.observe(&counters(1, 1), None, false, OWN, at(1.2)).new, 0, "and again");
        assert_eq!(pass(&mut ledger, counters(2, 1), 2.0), 1, "the second one's first kill is its own");
        assert_eq!(ledger.total_kills(), 2);
    }

    #[test]
    fn a_victim_of_the_log_and_the_counter_are_one_kill_with_the_scope_that_the_log_knows() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        assert_eq!(ledger.log(&victim(Some(1), CalledBy::Node), OWN, at(1.0)), 1);
        assert_eq!(pass(&mut ledger, counters(1, 1), 1.0), 0);
        assert_eq!(ledger.totals.kills, [0, 0, 1, 0, 0]);
        let last = ledger.totals.last_kill.clone().unwrap_or_else(|| unreachable!());
        assert_eq!((last.scope, last.limit, last.at.0), (Scope::Node, Some(Bytes(64)), 1e9 + 1.0));
        assert_eq!(last.victim.as_ref().map(|victim| &*victim.process), Some("leak"));
    }

    #[test]
    fn a_victim_in_a_cgroup_that_was_not_read_yet_is_not_counted_again_when_it_is() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 4), 0.0);
        assert_eq!(ledger.log(&victim(Some(2), CalledBy::Own), OWN, at(1.0)), 1);
        assert_eq!(pass(&mut ledger, counters(2, 1), 2.0), 0);
        assert_eq!(pass(&mut ledger, counters(2, 2), 4.0), 1);
    }

    #[test]
    fn a_victim_in_a_cgroup_that_may_be_old_sets_its_zero() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.log(&victim(Some(5), CalledBy::Own), OWN, at(0.0)), 1);
        assert_eq!(pass(&mut ledger, counters(5, 1), 1.0), 0, "the one that was logged");
        assert_eq!(pass(&mut ledger, counters(5, 2), 2.0), 1, "one that the log has missed");
    }

    #[test]
    fn a_counter_that_cannot_be_read_for_a_pass_is_not_new_when_it_is_back() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 3), 0.0);
        pass(&mut ledger, CgroupCounters { oom_kills: None, ..counters(1, 0) }, 1.0);
        assert_eq!(pass(&mut ledger, counters(1, 3), 2.0), 0);
    }

    #[test]
    fn a_counter_that_has_not_come_to_a_logged_kill_yet_has_not_missed_it() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        assert_eq!(ledger.log(&victim(Some(1), CalledBy::Own), OWN, at(1.0)), 1);
        assert_eq!(ledger.observe(&counters(1, 0), None, false, OWN, at(1.1)).new, 0, "read at the event, too early");
        assert_eq!(pass(&mut ledger, counters(1, 1), 2.0), 0);
        assert_eq!(ledger.log(&victim(Some(2), CalledBy::Own), OWN, at(3.0)), 1);
        assert_eq!(pass(&mut ledger, counters(2, 0), 3.1), 0, "the first that is read of a new cgroup");
        assert_eq!(pass(&mut ledger, counters(2, 1), 4.0), 0);
    }

    #[test]
    fn what_is_told_late_of_an_earlier_cgroup_does_not_make_it_the_present_one() {
        let mut ledger = Ledger::default();
        pass(&mut ledger, counters(1, 0), 0.0);
        pass(&mut ledger, counters(2, 0), 1.0);
        ledger.observe(&counters(1, 1), None, false, OWN, at(1.1));
        assert_eq!(ledger.incarnation(), 2);
        pass(&mut ledger, counters(1, 1), 2.0);
        assert_eq!(ledger.incarnation(), 1, "a pass has found it there again");
    }

    #[test]
    fn the_first_kill_of_a_new_cgroup_is_of_the_limit_that_it_has_hit() {
        let mut ledger = Ledger::default();
        let node = Some((LimitSource::Node, Bytes(64)));
        ledger.observe(&counters(1, 0), None, true, node, at(0.0));
        ledger.observe(&counters(2, 1), None, true, node, at(1.0));
        assert_eq!(ledger.totals.kills, [1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_killer_in_user_space_leaves_a_mark_and_it_is_one_kill() {
        let marked = |kills: u64| CgroupCounters { userspace_kills: Some(kills), ..counters(1, 0) };
        let mut ledger = Ledger::default();
        pass(&mut ledger, marked(0), 0.0);
        assert_eq!(pass(&mut ledger, marked(3), 1.0), 0, "the kernel has killed nothing");
        assert_eq!(ledger.totals.kills, [0, 0, 0, 1, 0]);
    }

    #[test]
    fn what_is_inferred_is_unknown_unless_there_is_more_to_say() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.infer(0, 1, false, OWN, at(0.0)), 1);
        assert_eq!(ledger.infer(0, 1, true, OWN, at(1.0)), 1);
        assert_eq!(ledger.totals.kills, [1, 0, 0, 0, 1]);
    }

    #[test]
    fn lives_without_a_cgroup_are_counted_each_for_itself() {
        let mut ledger = Ledger::default();
        ledger.log(&victim(None, CalledBy::Node), OWN, at(0.0));
        ledger.begin_life();
        assert_eq!(ledger.infer(0, 1, false, OWN, at(9.0)), 1);
        ledger.begin_life();
        assert_eq!(ledger.log(&victim(None, CalledBy::Node), OWN, at(18.0)), 1, "not the one that was inferred");
        assert_eq!(ledger.total_kills(), 3);
    }
}
