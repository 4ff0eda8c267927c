//! How a life ended: whether it was killed for want of memory, though nothing could be read of it any more.

use super::account::{Account, Unowned};
use super::evidence::{Exit, Sources};
use super::figures::Walk;
use crate::sample::named_enum;

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

/// What is known of the end of a life, gathered since it was last seen alive.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ending {
    /// Whether kills were counted.
    pub(crate) was_killed: bool,
    /// Whether its cgroup was read after its end: then a kill would have been seen.
    pub(crate) was_read: bool,
    /// How its main process went.
    pub(crate) exit: Exit,
    /// Whether its main process is known to be gone.
    pub(crate) is_main_gone: bool,
    /// What was nobody's when it was last seen alive: on the node, and in the cgroup above.
    unowned: Option<Unowned>,
    unowned_above: Option<Unowned>,
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
    /// What is known at a pass in which it is alive; `was_killed` tells of kills since the pass before, `above` is what the
    /// cgroup above it accounts for.
    pub(crate) fn alive(was_killed: bool, node: &Account, above: Option<&Account>) -> Self {
        let unowned_above = above.and_then(Account::unowned);
        Self { was_killed, unowned: node.unowned(), unowned_above, ..Self::default() }
    }

    /// Goes through the figures of one that is alive.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        Unowned::walk(&mut self.unowned, "unowned", walk);
    }

    /// Whether all that is to be seen of the process looks like a kill; told once.
    pub(crate) fn is_like_a_kill(&self, was_at_limit: bool) -> bool {
        let is_likely = self.exit == Exit::Killed || self.exit == Exit::Unknown && was_at_limit && !self.was_read;
        self.passes == 0 && is_likely
    }

    /// One pass after the end. `was_at_limit` tells whether its memory was at a limit when it was last seen.
    pub(crate) fn find(
        &mut self,
        was_at_limit: bool,
        sources: Sources,
        node: &Account,
        above: Option<&Account>,
    ) -> Found {
        self.passes = self.passes.saturating_add(1);
        if self.was_killed {
            return Found::Cause(Cause::Oom);
        }
        if self.was_read || self.exit == Exit::Otherwise {
            return Found::Cause(Cause::Exit);
        }
        let has_told = self.passes >= PASSES_TO_TELL;
        if let Some((before, now)) = self.unowned_above.zip(above.and_then(Account::unowned)) {
            return match now.since(before) {
                0 if has_told => Found::Cause(Cause::Exit),
                0 => Found::NotYet,
                kills => Found::Inferred(kills),
            };
        }
        // It would have named the victim.
        if sources.log_is_whole && !self.was_away {
            return if has_told { Found::Cause(Cause::Exit) } else { Found::NotYet };
        }
        match self.unowned.zip(node.unowned()) {
            Some((before, now)) if now.since(before) > 0 => Found::Inferred(1),
            // The kernel has killed nobody.
            Some(_) if has_told => Found::Cause(Cause::Exit),
            Some(_) => Found::NotYet,
            None if was_at_limit => Found::Inferred(1),
            None => Found::Cause(Cause::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLIND: Sources = Sources { readable: [false; 5], log_is_whole: false };

    /// What is found of an end in two passes when the node has killed so many meanwhile.
    fn found(ending: Ending, killed_on_the_node: u64, sources: Sources) -> [Found; 2] {
        let mut account = Account::default();
        account.observe_node(7);
        let mut ending = Ending { unowned: account.unowned(), ..ending };
        account.observe_node(7 + killed_on_the_node);
        [ending.find(true, sources, &account, None), ending.find(true, sources, &account, None)]
    }

    #[test]
    fn what_was_read_after_the_end_or_how_it_went_settles_it() {
        let read = Ending { was_read: true, ..Ending::default() };
        let other = Ending { exit: Exit::Otherwise, ..Ending::default() };
        let killed = Ending { was_killed: true, was_read: true, ..Ending::default() };
        assert_eq!(found(read, 1, BLIND)[0], Found::Cause(Cause::Exit), "the kill was somebody else's");
        assert_eq!(found(other, 1, BLIND)[0], Found::Cause(Cause::Exit));
        assert_eq!(found(killed, 0, BLIND)[0], Found::Cause(Cause::Oom));
    }

    #[test]
    fn a_kill_that_nobody_owns_is_of_the_one_that_went_unread() {
        assert_eq!(found(Ending::default(), 1, BLIND)[0], Found::Inferred(1));
        let none = found(Ending::default(), 0, BLIND);
        assert_eq!(none, [Found::NotYet, Found::Cause(Cause::Exit)], "the kernel has killed nobody");
    }

    #[test]
    fn a_whole_log_would_have_named_the_victim() {
        let whole = Sources { log_is_whole: true, ..BLIND };
        assert_eq!(found(Ending::default(), 1, whole), [Found::NotYet, Found::Cause(Cause::Exit)]);
    }

    #[test]
    fn the_cgroup_above_knows_better_than_the_node() {
        let mut above = Account::default();
        above.observe_node(2);
        let node = Account::default();
        let mut ending = Ending::alive(false, &node, Some(&above));
        above.observe_node(5);
        above.own(1);
        assert_eq!(ending.find(false, BLIND, &node, Some(&above)), Found::Inferred(2), "one was its neighbour's");
        let mut ending = Ending::alive(false, &node, Some(&above));
        let found = [(); 2].map(|()| ending.find(true, BLIND, &node, Some(&above)));
        assert_eq!(found, [Found::NotYet, Found::Cause(Cause::Exit)]);
    }

    #[test]
    fn where_nothing_tells_the_level_is_all_there_is() {
        let account = Account::default();
        assert_eq!(Ending::default().find(true, BLIND, &account, None), Found::Inferred(1));
        assert_eq!(Ending::default().find(false, BLIND, &account, None), Found::Cause(Cause::Unknown));
    }
}
