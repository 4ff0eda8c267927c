//! How the lives of one application end: its kills, and what its restarts were for.

use super::ending::{Cause, Ending, Found, Nearness};
use super::evidence::{Exit, Fact, KillSource};
use super::figures::{Figures, Walk};
use super::kills::Kills;
use super::ledger::{Ledger, Tightest};
use crate::sample::{CgroupCounters, Lifetime, LimitSource};
use crate::units::{Bytes, Clock, Moment, length_as_count};

/// What is known of its kills and restarts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deaths {
    pub(crate) ledger: Ledger,
    pub(crate) restarts: [u64; Cause::ALL.len()],
    /// The limit with the least room when memory was last read: a kill is told when that is past.
    pub(crate) tightest: Tightest,
    present: Ending,
    is_over: bool,
    /// Why the present life ended, once that is settled.
    cause: Option<Cause>,
    /// The end of the life before, while a restart has been counted for no cause yet.
    owed: Option<Box<Owed>>,
    /// When a kill was counted in a cgroup that is not that of the present life: the next one's.
    killed_next: Option<Moment>,
}

/// What is known of how a life has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By an out-of-memory kill.
    Killed,
    /// Otherwise, for certain.
    NoKill,
    /// It cannot be told.
    Unknown,
}

/// The life that was there when memtrend was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) lifetime: Lifetime,
    pub(crate) was_at_limit: bool,
}

impl Remembered {
    pub(crate) fn new(lifetime: Lifetime, nearness: Nearness) -> Self {
        Self { lifetime, was_at_limit: nearness == Nearness::At }
    }

    /// It may have grown while memtrend was away.
    pub(crate) fn nearness(self) -> Nearness {
        if self.was_at_limit { Nearness::At } else { Nearness::Near }
    }
}

/// An end that is still being looked into though the next life has begun.
#[derive(Clone, Copy, Debug)]
struct Owed {
    ending: Ending,
    nearness: Nearness,
}

impl Deaths {
    /// What is to be kept over a restart of memtrend; `life` is the present one.
    pub(crate) fn save(&mut self, mut life: Option<Remembered>) -> Figures {
        let mut figures = Figures::new();
        self.walk(&mut Walk::Save(&mut figures), &mut life);
        figures
    }

    /// One number that changes when what is to be kept does; event counters aside.
    pub(crate) fn digest(&mut self, mut life: Option<Remembered>, digest: &mut u64) {
        self.walk(&mut Walk::Digest(digest), &mut life);
    }

    /// Goes on where [`Self::save`] was left; the life that was left is there again or it is over.
    pub(crate) fn restore(figures: &Figures, is_same_boot: bool) -> (Self, Option<Remembered>) {
        let (mut deaths, mut remembered) = (Self::default(), None);
        deaths.walk(&mut Walk::Restore(figures), &mut remembered);
        if !is_same_boot {
            deaths.ledger.begin_boot();
            remembered = None;
        }
        deaths.present.was_away = true;
        (deaths, remembered)
    }

    fn walk(&mut self, walk: &mut Walk<'_>, remembered: &mut Option<Remembered>) {
        self.ledger.walk(walk);
        walk.counts("restarts", Cause::ALL.iter().map(|cause| cause.name()), &mut self.restarts);
        self.present.walk(walk);
        let mut pid = remembered.map(|life| u64::from(life.lifetime.pid));
        let mut start = remembered.map(|life| life.lifetime.start_ticks);
        let mut was_at_limit = remembered.is_some_and(|life| life.was_at_limit);
        walk.optional("life.pid", &mut pid);
        walk.optional("life.start_ticks", &mut start);
        walk.flag("life.was_at_limit", &mut was_at_limit);
        let lifetime = pid.and_then(|pid| u32::try_from(pid).ok()).zip(start);
        *remembered =
            lifetime.map(|(pid, start_ticks)| Remembered { lifetime: Lifetime { pid, start_ticks }, was_at_limit });
        // With swap it changes all the time.
        if walk.is_digest() {
            return;
        }
        let mut limit = self.tightest.map(|(_, limit)| limit.0);
        let mut source = self.tightest.map(|(source, _)| length_as_count(source.index()));
        walk.optional("limit", &mut limit);
        walk.optional("limit.source", &mut source);
        let named = |place: u64| LimitSource::ALL.iter().copied().nth(usize::try_from(place).ok()?);
        self.tightest = source.and_then(named).zip(limit.map(Bytes));
    }

    /// Takes in its cgroup's counters, read in a pass; `heirloom` is what another application has already counted there.
    pub(crate) fn count(
        &mut self,
        counters: &CgroupCounters,
        heirloom: Option<CgroupCounters>,
        clock: Clock,
        kills: &mut Kills,
    ) {
        // A kill in a cgroup that was not read to its end would have gone with it.
        self.present.was_read |= self.continues(counters);
        self.take_counters(counters, heirloom, true, clock, kills);
    }

    /// Whether these are of the cgroup in which it was last seen alive: then nothing was missed since.
    fn continues(&self, counters: &CgroupCounters) -> bool {
        counters.oom_kills.is_some() && counters.incarnation == self.present.incarnation
    }

    fn take_counters(
        &mut self,
        counters: &CgroupCounters,
        heirloom: Option<CgroupCounters>,
        is_pass: bool,
        clock: Clock,
        kills: &mut Kills,
    ) {
        let before = self.ledger.total_kills();
        let told = self.ledger.observe(counters, heirloom, is_pass, self.tightest, clock);
        kills.take(told, self.ledger.parent_of(counters.incarnation));
        self.note_kills(self.ledger.total_kills() > before, counters.incarnation, clock);
    }

    /// Notes kills with the life that was in that cgroup.
    fn note_kills(&mut self, were_kills: bool, incarnation: u64, clock: Clock) {
        if !were_kills {
            return;
        }
        if let Some(owed) = self.owed.as_mut().filter(|owed| owed.ending.incarnation == incarnation) {
            owed.ending.note_kill(clock.moment);
        }
        if self.present.incarnation == incarnation || self.present.incarnation == 0 {
            self.present.note_kill(clock.moment);
        } else {
            self.killed_next = Some(clock.moment);
        }
    }

    /// Takes in what was seen between passes; `life` is the present one.
    pub(crate) fn learn(&mut self, fact: &Fact, life: Option<Lifetime>, clock: Clock, kills: &mut Kills) {
        match fact {
            Fact::Counters(counters) => {
                self.present.was_read |= self.present.main_gone_at.is_some() && self.continues(counters);
                self.take_counters(counters, None, false, clock, kills);
            }
            Fact::Ended(lifetime, exit) if Some(*lifetime) == life => {
                self.present.main_gone_at = Some(clock.moment);
                if *exit == Exit::Killed && self.present.exit != Exit::Killed {
                    kills.node.note(KillSource::ProcessExit, 1);
                }
                if *exit != Exit::Unknown {
                    self.present.exit = *exit;
                }
            }
            Fact::Ended(..) => {}
            Fact::Victim(victim) => {
                let before = self.ledger.total_kills();
                let incarnation = victim.incarnation.unwrap_or(self.ledger.incarnation());
                let new = self.ledger.log(victim, self.tightest, clock);
                kills.node.note(KillSource::KernelLog, 1);
                kills.own(new, self.ledger.parent_of(incarnation));
                self.note_kills(self.ledger.total_kills() > before, incarnation, clock);
            }
        }
    }

    /// Notes that its life is over, as the pass at hand has it.
    pub(crate) fn end_life(&mut self) {
        self.is_over = true;
    }

    /// Looks into the ends that are not settled; `nearness` is of the present life.
    pub(crate) fn look_into(&mut self, nearness: Nearness, clock: Clock, kills: &mut Kills) {
        if let Some(mut owed) = self.owed.take() {
            match self.found(&mut owed.ending, owed.nearness, clock, kills) {
                Some(cause) => self.count_restart(cause),
                None => self.owed = Some(owed),
            }
        }
        if self.is_over && self.cause.is_none() {
            let mut ending = self.present;
            self.cause = self.found(&mut ending, nearness, clock, kills);
            self.present = ending;
        }
    }

    fn found(&mut self, ending: &mut Ending, nearness: Nearness, clock: Clock, kills: &mut Kills) -> Option<Cause> {
        if ending.is_like_a_kill(nearness) {
            kills.node.note(KillSource::ProcessExit, 1);
        }
        match ending.find(nearness, kills) {
            Found::Cause(cause) => Some(cause),
            Found::NotYet => None,
            Found::Inferred(processes) => {
                let counted = self.ledger.counted_in(ending.incarnation);
                let has_counter = counted.is_some_and(|counted| counted.oom_kills.is_some());
                let is_certain = has_counter && (nearness == Nearness::At || ending.exit == Exit::Killed);
                let new = self.ledger.infer(ending.incarnation, processes, is_certain, self.tightest, clock);
                kills.own(new, self.ledger.parent_of(ending.incarnation));
                Some(Cause::Oom)
            }
        }
    }

    /// Kills that are still being looked for, at the most.
    pub(crate) fn sought(&self) -> u64 {
        u64::from(self.is_over && self.cause.is_none()) + u64::from(self.owed.is_some())
    }

    /// How the present life ended, as far as it is known.
    pub(crate) fn end(&self) -> End {
        match self.cause {
            _ if self.present.was_killed() => End::Killed,
            Some(Cause::Oom) => End::Killed,
            Some(Cause::Exit) => End::NoKill,
            Some(Cause::Unknown) | None => End::Unknown,
        }
    }

    /// Another life follows.
    pub(crate) fn begin_next_life(&mut self, nearness: Nearness) {
        match self.cause.take() {
            Some(cause) => self.count_restart(cause),
            None => {
                if self.owed.take().is_some() {
                    self.count_restart(Cause::Unknown);
                }
                self.owed = Some(Box::new(Owed { ending: self.present, nearness }));
            }
        }
        self.present = Ending::default();
        if let Some(killed_at) = self.killed_next.take() {
            self.present.note_kill(killed_at);
        }
        self.ledger.begin_life();
    }

    fn count_restart(&mut self, cause: Cause) {
        if let Some(count) = self.restarts.get_mut(cause.index()) {
            *count = count.saturating_add(1);
        }
    }

    /// Notes, at the end of a pass, that it is alive; `is_alone` tells whether its main process is its only one.
    pub(crate) fn is_alive(&mut self, is_alone: bool, at: Moment, kills: &Kills) {
        let incarnation = self.ledger.incarnation();
        let parent = self.ledger.parent_of(incarnation);
        self.present.is_alive(incarnation, is_alone, kills, parent, at);
        (self.is_over, self.cause, self.killed_next) = (false, None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Lifetime = Lifetime { pid: 7, start_ticks: 1 };

    fn counters(incarnation: u64, oom_kills: u64) -> CgroupCounters {
        CgroupCounters { incarnation, oom_kills: Some(oom_kills), ..CgroupCounters::default() }
    }

    /// One that lives at its limit in the cgroup 1.
    fn alive(kills: &mut Kills) -> Deaths {
        let mut deaths = Deaths::default();
        deaths.count(&counters(1, 0), None, Clock::default(), kills);
        deaths.is_alive(true, Moment(0.0), kills);
        deaths
    }

    /// What has ended it, when these facts were told before the next pass did not find it.
    fn cause(facts: &[Fact]) -> Option<Cause> {
        let mut kills = Kills::default();
        let mut deaths = alive(&mut kills);
        facts.iter().for_each(|fact| deaths.learn(fact, Some(LIFE), Clock::default(), &mut kills));
        deaths.end_life();
        deaths.look_into(Nearness::At, Clock::default(), &mut kills);
        deaths.cause
    }

    #[test]
    fn counters_that_are_read_after_the_end_tell_that_it_was_no_kill_and_those_of_before_do_not() {
        let ended = Fact::Ended(LIFE, Exit::Unknown);
        let read = Fact::Counters(counters(1, 0));
        assert_eq!(cause(&[ended.clone(), read.clone()]), Some(Cause::Exit));
        assert_eq!(cause(&[read, ended.clone()]), Some(Cause::Oom), "it may have been killed since");
        assert_eq!(
            cause(&[ended.clone(), Fact::Counters(counters(2, 0))]),
            Some(Cause::Oom),
            "those of another cgroup"
        );
        assert_eq!(cause(&[ended, Fact::Counters(counters(1, 1))]), Some(Cause::Oom));
    }

    #[test]
    fn a_kill_in_another_cgroup_is_of_the_next_life_unless_the_present_one_goes_on() {
        let mut kills = Kills::default();
        let killed_elsewhere = |kills: &mut Kills| {
            let mut deaths = alive(kills);
            let born = CgroupCounters { is_born_since: true, ..counters(2, 1) };
            deaths.learn(&Fact::Counters(born), Some(LIFE), Clock::default(), kills);
            deaths
        };
        let mut deaths = killed_elsewhere(&mut kills);
        assert_ne!(deaths.end(), End::Killed);
        deaths.begin_next_life(Nearness::Far);
        assert_eq!(deaths.end(), End::Killed);
        let mut deaths = killed_elsewhere(&mut kills);
        deaths.is_alive(true, Moment(1.0), &kills);
        deaths.begin_next_life(Nearness::Far);
        assert_ne!(deaths.end(), End::Killed);
    }

    #[test]
    fn how_it_ended_is_noted_once_and_not_forgotten_when_it_is_told_again() {
        let mut kills = Kills::default();
        let mut deaths = alive(&mut kills);
        for exit in [Exit::Killed, Exit::Unknown, Exit::Killed] {
            deaths.learn(&Fact::Ended(LIFE, exit), Some(LIFE), Clock::default(), &mut kills);
            assert_eq!(deaths.present.exit, Exit::Killed);
        }
        assert_eq!(kills.node.seen_by(KillSource::ProcessExit), Some(1));
    }

    #[test]
    fn the_scope_of_what_is_inferred_is_guessed_where_a_counter_was_read_and_its_end_was_like_a_kill() {
        let scopes = |has_cgroup: bool, nearness: Nearness| {
            let mut kills = Kills::default();
            kills.node.observe_node(0);
            let mut deaths = if has_cgroup { alive(&mut kills) } else { Deaths::default() };
            deaths.is_alive(true, Moment(0.0), &kills);
            deaths.tightest = Some((LimitSource::Own, Bytes(1)));
            kills.node.observe_node(1);
            deaths.end_life();
            deaths.look_into(nearness, Clock::default(), &mut kills);
            deaths.ledger.totals.kills
        };
        let (own, unknown) = ([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]);
        assert_eq!(scopes(true, Nearness::At), own);
        assert_eq!(scopes(true, Nearness::Near), unknown);
        assert_eq!(scopes(false, Nearness::At), unknown);
    }

    #[test]
    fn each_restart_has_a_cause_though_it_is_never_found() {
        let mut kills = Kills::default();
        kills.node.observe_node(0);
        let mut deaths = alive(&mut kills);
        for sought in [0, 1, 1] {
            assert_eq!(deaths.sought(), sought);
            deaths.begin_next_life(Nearness::At);
        }
        assert_eq!(deaths.restarts, [0, 0, 2], "the third end is still being looked into");
    }

    #[test]
    fn a_log_that_was_not_read_while_memtrend_was_away_does_not_tell_that_it_was_no_kill() {
        let mut kills = Kills::default();
        kills.sources.log_is_whole = true;
        let saved = alive(&mut kills).save(None);
        let (mut deaths, _) = Deaths::restore(&saved, true);
        deaths.end_life();
        deaths.look_into(Nearness::At, Clock::default(), &mut kills);
        assert_eq!(deaths.cause, Some(Cause::Oom));
    }

    #[test]
    fn the_life_of_before_is_remembered_but_over_a_boot() {
        let life = Remembered::new(LIFE, Nearness::At);
        let saved = alive(&mut Kills::default()).save(Some(life));
        assert_eq!([true, false].map(|is_same_boot| Deaths::restore(&saved, is_same_boot).1), [Some(life), None]);
    }

    #[test]
    fn after_a_boot_a_cgroup_with_the_number_of_an_earlier_one_begins_at_zero() {
        let count = |is_same_boot| {
            let mut kills = Kills::default();
            let mut deaths = alive(&mut kills);
            deaths.count(&counters(1, 3), None, Clock::default(), &mut kills);
            let (mut deaths, _) = Deaths::restore(&deaths.save(None), is_same_boot);
            let born = CgroupCounters { is_born_since: true, ..counters(1, 4) };
            deaths.count(&born, None, Clock::default(), &mut kills);
            deaths.ledger.total_kills()
        };
        assert_eq!([true, false].map(count), [4, 7]);
    }
}
