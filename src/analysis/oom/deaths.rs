//! How the lives of one application end: its kills, and what its restarts were for.

use super::ending::{Cause, Ending, Found};
use super::evidence::{Exit, Fact, KillSource};
use super::figures::{Figures, Walk};
use super::kills::Kills;
use super::ledger::{Ledger, Tightest};
use crate::sample::{CgroupCounters, Lifetime, LimitSource};
use crate::units::{Bytes, Clock, length_as_count};

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
    owed: Option<Owed>,
    /// Kills when it was last seen alive.
    kills_when_alive: u64,
}

/// The life that was there when memtrend was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) lifetime: Lifetime,
    pub(crate) was_at_limit: bool,
}

fn remember(life: Option<(Lifetime, bool)>) -> Option<Remembered> {
    life.map(|(lifetime, was_at_limit)| Remembered { lifetime, was_at_limit })
}

/// An end that is still being looked into though the next life has begun.
#[derive(Clone, Copy, Debug)]
struct Owed {
    ending: Ending,
    was_at_limit: bool,
}

impl Deaths {
    /// What is to be kept over a restart of memtrend; `life` is the present one, and whether it is at a limit.
    pub(crate) fn save(&mut self, life: Option<(Lifetime, bool)>) -> Figures {
        let mut figures = Figures::new();
        self.walk(&mut Walk::Save(&mut figures), &mut remember(life));
        figures
    }

    /// One number that changes when what is to be kept does; event counters aside.
    pub(crate) fn digest(&mut self, life: Option<(Lifetime, bool)>, digest: &mut u64) {
        self.walk(&mut Walk::Digest(digest), &mut remember(life));
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
        deaths.kills_when_alive = deaths.ledger.total_kills();
        (deaths, remembered)
    }

    fn walk(&mut self, walk: &mut Walk<'_>, remembered: &mut Option<Remembered>) {
        self.ledger.walk(walk);
        walk.counts("restarts", Cause::ALL.iter().map(|cause| cause.name()), &mut self.restarts);
        self.present.walk(walk);
        let mut limit = self.tightest.map(|(_, limit)| limit.0);
        let mut source = self.tightest.map(|(source, _)| length_as_count(source.index()));
        walk.optional("limit", &mut limit);
        walk.optional("limit.source", &mut source);
        let named = |place: u64| LimitSource::ALL.iter().copied().nth(usize::try_from(place).ok()?);
        self.tightest = source.and_then(named).zip(limit.map(Bytes));
        let mut pid = remembered.map(|life| u64::from(life.lifetime.pid));
        let mut start = remembered.map(|life| life.lifetime.start_ticks);
        let mut was_at_limit = remembered.is_some_and(|life| life.was_at_limit);
        walk.optional("life.pid", &mut pid);
        walk.optional("life.start_ticks", &mut start);
        walk.flag("life.was_at_limit", &mut was_at_limit);
        *remembered = pid
            .and_then(|pid| u32::try_from(pid).ok())
            .zip(start)
            .map(|(pid, start_ticks)| Remembered { lifetime: Lifetime { pid, start_ticks }, was_at_limit });
    }

    /// Takes in its cgroup's counters, read in a pass.
    pub(crate) fn count(&mut self, counters: &CgroupCounters, clock: Clock, kills: &mut Kills) {
        // A kill in a cgroup that was not read to its end would have gone with it.
        self.present.was_read |= self.ledger.continues(counters);
        self.take_counters(counters, clock, kills);
    }

    fn take_counters(&mut self, counters: &CgroupCounters, clock: Clock, kills: &mut Kills) {
        let before = self.ledger.total_kills();
        let told = self.ledger.observe(counters, self.tightest, clock);
        kills.take(told, self.ledger.parent());
        self.present.was_killed |= self.ledger.total_kills() > before;
    }

    /// Takes in what was seen between passes; `life` is the present one.
    pub(crate) fn learn(&mut self, fact: &Fact, life: Option<Lifetime>, clock: Clock, kills: &mut Kills) {
        match fact {
            Fact::Counters(counters) => {
                self.present.was_read |= self.present.is_main_gone && self.ledger.continues(counters);
                self.take_counters(counters, clock, kills);
            }
            Fact::Ended(lifetime, exit) if Some(*lifetime) == life => {
                self.present.is_main_gone = true;
                if *exit != Exit::Unknown {
                    self.present.exit = *exit;
                }
            }
            Fact::Ended(..) => {}
            Fact::Victim(victim) => {
                let before = self.ledger.total_kills();
                let new = self.ledger.log(victim, self.tightest, clock);
                kills.node.note(KillSource::KernelLog, 1);
                kills.own(new, self.ledger.parent());
                self.present.was_killed |= self.ledger.total_kills() > before;
            }
        }
    }

    /// Notes that its life is over, as the pass at hand has it.
    pub(crate) fn end_life(&mut self) {
        self.is_over = true;
    }

    /// Looks into the ends that are not settled; `was_at_limit` is of the present life.
    pub(crate) fn look_into(&mut self, was_at_limit: bool, clock: Clock, kills: &mut Kills) {
        if let Some(mut owed) = self.owed.take() {
            match self.found(&mut owed.ending, owed.was_at_limit, clock, kills) {
                Some(cause) => self.count_restart(cause),
                None => self.owed = Some(owed),
            }
        }
        if self.is_over && self.cause.is_none() {
            let mut ending = self.present;
            self.cause = self.found(&mut ending, was_at_limit, clock, kills);
            self.present = ending;
        }
    }

    fn found(&mut self, ending: &mut Ending, was_at_limit: bool, clock: Clock, kills: &mut Kills) -> Option<Cause> {
        let parent = self.ledger.parent();
        if ending.is_like_a_kill(was_at_limit) {
            kills.node.note(KillSource::ProcessExit, 1);
        }
        match ending.find(was_at_limit, kills.sources, &kills.node, kills.above(parent)) {
            Found::Cause(cause) => Some(cause),
            Found::NotYet => None,
            Found::Inferred(processes) => {
                let is_certain = self.ledger.has_counter() && (was_at_limit || ending.exit == Exit::Killed);
                let new = self.ledger.infer(processes, is_certain, self.tightest, clock);
                kills.own(new, parent);
                Some(Cause::Oom)
            }
        }
    }

    /// Kills that are still being looked for, at the most.
    pub(crate) fn sought(&self) -> u64 {
        u64::from(self.is_over && self.cause.is_none()) + u64::from(self.owed.is_some())
    }

    /// Whether the present life ended by a kill, as far as it is known.
    pub(crate) fn was_killed(&self) -> bool {
        self.cause == Some(Cause::Oom) || self.present.was_killed
    }

    /// Whether it is certain that it did not.
    pub(crate) fn was_no_kill(&self) -> bool {
        self.cause == Some(Cause::Exit)
    }

    /// Another life follows.
    pub(crate) fn begin_next_life(&mut self, was_at_limit: bool) {
        match self.cause.take() {
            Some(cause) => self.count_restart(cause),
            None => {
                if self.owed.take().is_some() {
                    self.count_restart(Cause::Unknown);
                }
                self.owed = Some(Owed { ending: self.present, was_at_limit });
            }
        }
        self.ledger.begin_life();
    }

    fn count_restart(&mut self, cause: Cause) {
        if let Some(count) = self.restarts.get_mut(cause.index()) {
            *count = count.saturating_add(1);
        }
    }

    /// Notes, at the end of a pass, that it is alive.
    pub(crate) fn is_alive(&mut self, kills: &Kills) {
        let total = self.ledger.total_kills();
        // A kill that is counted while the process still seems to be there belongs to its end too.
        let was_killed = total > self.kills_when_alive;
        self.present = Ending::alive(was_killed, &kills.node, kills.above(self.ledger.parent()));
        self.kills_when_alive = total;
        (self.is_over, self.cause) = (false, None);
    }
}
