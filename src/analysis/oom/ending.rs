//! How a life ended: whether it was killed for want of memory, though nothing could be read of it any more.

use super::account::{Account, Unowned};
use super::evidence::Exit;
use super::figures::Walk;
use super::kills::Kills;
use crate::sample::named_enum;
use crate::units::Moment;
use serde::{Deserialize, Serialize};

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

/// Passes after an end within which the other sources have told what they know of it.
const PASSES_TO_TELL: u8 = 2;

/// A kill belongs to an end that follows within so many seconds: a killed process takes time to go.
const KILL_TO_END_SECONDS: f64 = 5.0;

/// How near its memory was to a limit when it was last seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Nearness {
    /// Less than half of it.
    Far,
    /// More: what grows fast may have hit it since.
    Near,
    /// At it.
    At,
    /// No limit is known.
    #[default]
    Unknown,
}

/// What was nobody's at one pass: on the node, and in a cgroup above, which is told by its number.
#[derive(Clone, Copy, Debug, Default)]
struct Snapshot {
    node: Option<Unowned>,
    above: Option<(u64, Unowned)>,
}

/// What is known of the end of a life, gathered since it was last seen alive.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ending {
    /// When a kill was last counted.
    killed_at: Option<Moment>,
    was_killed: bool,
    /// Whether its cgroup was read after its end: then a kill would have been seen.
    pub(crate) was_read: bool,
    /// How its main process went.
    pub(crate) exit: Exit,
    /// When its main process went.
    pub(crate) main_gone_at: Option<Moment>,
    /// Whether it was its only process: then its end is the life's.
    is_alone: bool,
    /// Its cgroup.
    pub(crate) incarnation: u64,
    /// As of the last pass but one in which it was alive: the last one may have taken a dying process for one that lives.
    before: Snapshot,
    latest: Snapshot,
    /// Whether memtrend was away meanwhile: then the log may have told of it unheard.
    pub(super) was_away: bool,
    passes: u8,
}

/// What an ending comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A cause for certain, or that there is no way to know.
    Cause(Cause),
    /// So many processes were killed, though no source has told: they are to be counted.
    Inferred(u64),
    /// Another pass may tell.
    NotYet,
}

impl Ending {
    /// Goes on at the end of a pass in which it is alive.
    pub(crate) fn is_alive(
        &mut self,
        incarnation: u64,
        is_alone: bool,
        kills: &Kills,
        parent: Option<u64>,
        at: Moment,
    ) {
        let above = kills.above(parent).and_then(Account::unowned);
        let latest = Snapshot { node: kills.node.unowned(), above: parent.zip(above) };
        let before = if self.incarnation == incarnation { self.latest } else { latest };
        let is_recent = |moment: Option<Moment>| moment.filter(|moment| at.0 - moment.0 < KILL_TO_END_SECONDS);
        let main_gone_at = is_recent(self.main_gone_at);
        *self = Self {
            killed_at: is_recent(self.killed_at),
            was_killed: is_recent(self.killed_at).is_some(),
            was_read: self.was_read && main_gone_at.is_some(),
            exit: if main_gone_at.is_some() { self.exit } else { Exit::Unknown },
            main_gone_at,
            is_alone,
            incarnation,
            before: if before.node.is_some() || before.above.is_some() { before } else { latest },
            latest,
            was_away: false,
            passes: 0,
        };
    }

    /// Notes a kill.
    pub(crate) fn note_kill(&mut self, at: Moment) {
        (self.killed_at, self.was_killed) = (Some(at), true);
    }

    /// Whether a kill was counted near its end.
    pub(crate) fn was_killed(&self) -> bool {
        self.was_killed
    }

    /// Goes through the figures of one that is alive.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        Unowned::walk(&mut self.before.node, "unowned", walk);
        walk.flag("was_killed", &mut self.was_killed);
        walk.count("ending.incarnation", &mut self.incarnation);
    }

    /// Whether it looks like a kill though it is not known how its main process went; told once.
    pub(crate) fn is_like_a_kill(&self, nearness: Nearness) -> bool {
        self.passes == 0 && self.exit == Exit::Unknown && nearness == Nearness::At && !self.was_read
    }

    /// Whether it may have been killed for want of memory: what was far from its limit, or went otherwise, was not.
    fn may_be_a_kill(&self, nearness: Nearness) -> bool {
        self.exit == Exit::Killed || self.exit == Exit::Unknown && nearness != Nearness::Far || !self.is_alone
    }

    /// One pass after the end.
    pub(crate) fn find(&mut self, nearness: Nearness, kills: &Kills) -> Found {
        self.passes = self.passes.saturating_add(1);
        if self.was_killed {
            return Found::Cause(Cause::Oom);
        }
        if self.was_read || self.exit == Exit::Otherwise && self.is_alone {
            return Found::Cause(Cause::Exit);
        }
        let has_told = self.passes >= PASSES_TO_TELL;
        let nothing = if has_told { Found::Cause(Cause::Exit) } else { Found::NotYet };
        // It would have named the victim.
        if kills.sources.log_is_whole && !self.was_away {
            return nothing;
        }
        let above = self.before.above.and_then(|(parent, before)| {
            let now = kills.above(Some(parent))?.unowned()?;
            Some(now.since(before))
        });
        let node = self.before.node.zip(kills.node.unowned()).map(|(before, now)| now.since(before));
        match above.or(node) {
            // The kernel has killed nobody.
            Some(0) => nothing,
            Some(_) if !self.may_be_a_kill(nearness) => Found::Cause(Cause::Unknown),
            Some(killed) => Found::Inferred(if above.is_some() { killed } else { 1 }),
            None if nearness == Nearness::At && self.exit != Exit::Otherwise => Found::Inferred(1),
            None => Found::Cause(Cause::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oom::evidence::Sources;
    use crate::sample::{ParentCount, Sample};

    /// Kills of which the node has counted so many, and a cgroup above.
    fn at(kills: &mut Kills, node: u64, above: Option<u64>) {
        let parent = |count| ParentCount { incarnation: 9, above: None, before: count, after: count };
        let sample = Sample {
            node_oom_kills: Some(node),
            node_oom_kills_after: Some(node),
            parents: above.map(parent).into_iter().collect(),
            kill_sources: kills.sources,
            ..Sample::default()
        };
        kills.begin_pass(&sample);
        kills.end_pass(&sample, 0);
    }

    /// One that was alive twice while nobody was killed.
    fn alive(kills: &mut Kills, parent: Option<u64>) -> Ending {
        at(kills, 7, parent.map(|_| 2));
        let mut ending = Ending::default();
        for seconds in [5.0, 10.0] {
            ending.is_alive(1, true, kills, parent, Moment(seconds));
        }
        ending
    }

    /// What is found of it in two passes when the node has killed so many meanwhile.
    fn found(change: impl Fn(&mut Ending), killed: u64, nearness: Nearness, sources: Sources) -> [Found; 2] {
        let mut kills = Kills::default();
        kills.sources = sources;
        let mut ending = alive(&mut kills, None);
        change(&mut ending);
        at(&mut kills, 7 + killed, None);
        [(); 2].map(|()| ending.find(nearness, &kills))
    }

    const BLIND: Sources = Sources { readable: [false; 5], log_is_whole: false };
    const NONE: [Found; 2] = [Found::NotYet, Found::Cause(Cause::Exit)];

    #[test]
    fn what_was_read_after_the_end_or_how_it_went_settles_it() {
        let read = found(|ending| ending.was_read = true, 1, Nearness::At, BLIND);
        assert_eq!(read[0], Found::Cause(Cause::Exit), "the kill was somebody else's");
        let other = found(|ending| ending.exit = Exit::Otherwise, 1, Nearness::At, BLIND);
        assert_eq!(other[0], Found::Cause(Cause::Exit));
        let killed = found(|ending| ending.note_kill(Moment(11.0)), 0, Nearness::At, BLIND);
        assert_eq!(killed[0], Found::Cause(Cause::Oom));
        let of_many = |ending: &mut Ending| (ending.exit, ending.is_alone) = (Exit::Otherwise, false);
        assert_eq!(found(of_many, 1, Nearness::At, BLIND)[0], Found::Inferred(1), "a child's kill ended its parent");
    }

    #[test]
    fn a_kill_that_nobody_owns_is_of_the_one_that_went_unread() {
        assert_eq!(found(|_| (), 1, Nearness::At, BLIND)[0], Found::Inferred(1));
        assert_eq!(found(|_| (), 1, Nearness::Unknown, BLIND)[0], Found::Inferred(1));
        assert_eq!(found(|_| (), 0, Nearness::At, BLIND), NONE, "the kernel has killed nobody");
        assert_eq!(found(|_| (), 1, Nearness::Far, BLIND)[0], Found::Cause(Cause::Unknown), "it had room");
        assert_eq!(found(|ending| ending.exit = Exit::Killed, 1, Nearness::Far, BLIND)[0], Found::Inferred(1));
    }

    #[test]
    fn a_whole_log_would_have_named_the_victim() {
        let whole = Sources { log_is_whole: true, ..BLIND };
        assert_eq!(found(|_| (), 1, Nearness::At, whole), NONE);
        assert_eq!(found(|ending| ending.was_away = true, 1, Nearness::At, whole)[0], Found::Inferred(1));
    }

    #[test]
    fn the_cgroup_above_knows_better_than_the_node() {
        let mut kills = Kills::default();
        let ending = alive(&mut kills, Some(9));
        at(&mut kills, 17, Some(5));
        kills.own(1, Some(9));
        assert_eq!(ending.clone().find(Nearness::At, &kills), Found::Inferred(2), "one was its neighbour's");
        let mut kills = Kills::default();
        let mut ending = alive(&mut kills, Some(9));
        at(&mut kills, 17, Some(2));
        assert_eq!([(); 2].map(|()| ending.find(Nearness::At, &kills)), NONE);
    }

    #[test]
    fn a_process_that_is_dying_may_be_seen_alive_once_more() {
        let mut kills = Kills::default();
        let mut ending = alive(&mut kills, None);
        at(&mut kills, 8, None);
        ending.is_alive(1, true, &kills, None, Moment(15.0));
        assert_eq!(ending.find(Nearness::At, &kills), Found::Inferred(1));
    }

    #[test]
    fn what_came_before_it_was_in_a_new_cgroup_is_not_of_its_end_there() {
        let mut kills = Kills::default();
        let mut ending = alive(&mut kills, None);
        at(&mut kills, 8, None);
        ending.is_alive(2, true, &kills, None, Moment(15.0));
        assert_eq!([(); 2].map(|()| ending.find(Nearness::At, &kills)), NONE);
    }

    #[test]
    fn what_was_taken_for_its_end_is_forgotten_when_it_is_alive_after_all() {
        let mut kills = Kills::default();
        kills.sources = Sources { log_is_whole: true, ..BLIND };
        let mut ending = alive(&mut kills, None);
        (ending.was_read, ending.was_away, ending.exit) = (true, true, Exit::Otherwise);
        ending.is_alive(1, true, &kills, None, Moment(15.0));
        assert_eq!((ending.was_read, ending.was_away, ending.exit), (false, false, Exit::Unknown));
    }

    #[test]
    fn a_likeness_to_a_kill_is_told_once() {
        let kills = Kills::default();
        let mut ending = Ending::default();
        assert!(ending.is_like_a_kill(Nearness::At) && !ending.is_like_a_kill(Nearness::Near));
        ending.find(Nearness::At, &kills);
        assert!(!ending.is_like_a_kill(Nearness::At));
    }

    #[test]
    fn where_nothing_tells_the_level_is_all_there_is() {
        let kills = Kills::default();
        assert_eq!(Ending::default().find(Nearness::At, &kills), Found::Inferred(1));
        assert_eq!(Ending::default().find(Nearness::Near, &kills), Found::Cause(Cause::Unknown));
        let mut other = Ending { exit: Exit::Otherwise, ..Ending::default() };
        assert_eq!(other.find(Nearness::At, &kills), Found::Cause(Cause::Unknown), "one of many, and not by a killer");
    }
}
