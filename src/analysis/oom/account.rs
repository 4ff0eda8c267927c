//! The node's own count of kills, held against what the applications account for.

use super::evidence::KillSource;
use super::figures::Walk;

/// What has been killed on the node and how much of it is owned; never goes down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// The node's counter when it was first seen since boot.
    first: Option<u64>,
    /// What had been killed before that boot.
    earlier: u64,
    /// Processes killed on the node since then.
    node: u64,
    /// Of these, killed in applications.
    owned: u64,
    /// Victims of the kernel log that are of no application.
    strangers: u64,
    unattributed: u64,
    /// What nobody owned in the last passes.
    of_late: [u64; PASSES_TO_OWN],
    seen_by: [u64; KillSource::ALL.len()],
}

/// Passes within which a kill finds its owner, if it has one: it may be told late, or be that of an application that is new.
const PASSES_TO_OWN: usize = 3;

/// Kills that are nobody's so far: how many there were at one time against another tells how many came between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Unowned(i64);

impl Unowned {
    /// Goes through its figure.
    pub(super) fn walk(unowned: &mut Option<Self>, name: &str, walk: &mut Walk<'_>) {
        let mut bits = unowned.map(|unowned| unowned.0.cast_unsigned());
        walk.optional(name, &mut bits);
        *unowned = bits.map(|bits| Self(bits.cast_signed()));
    }

    /// How many came since `before`.
    pub(crate) fn since(self, before: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(before.0)).unwrap_or(0)
    }
}

impl Account {
    /// Takes in the node's counter.
    pub fn observe_node(&mut self, total: u64) {
        let first = *self.first.get_or_insert(total);
        self.node = self.node.max(self.earlier.saturating_add(total.saturating_sub(first)));
    }

    /// Goes through its figures.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.optional("first", &mut self.first);
        walk.count("earlier", &mut self.earlier);
        walk.count("node", &mut self.node);
        walk.count("owned", &mut self.owned);
        walk.count("strangers", &mut self.strangers);
        walk.count("unattributed", &mut self.unattributed);
        walk.counts("seen_by", KillSource::ALL.iter().map(|source| source.name()), &mut self.seen_by);
    }

    /// Goes on when the machine has booted anew: its counter has begun at zero.
    pub(super) fn begin_boot(&mut self) {
        self.earlier = self.node;
        self.first = self.first.map(|_| 0);
    }

    /// Takes in processes that were killed in an application.
    pub fn own(&mut self, processes: u64) {
        self.owned = self.owned.saturating_add(processes);
    }

    /// Takes in victims that are of no application.
    pub fn meet_strangers(&mut self, victims: u64) {
        self.strangers = self.strangers.saturating_add(victims);
    }

    /// Notes what one source alone has seen.
    pub fn note(&mut self, source: KillSource, kills: u64) {
        if let Some(seen) = self.seen_by.get_mut(source.index()) {
            *seen = seen.saturating_add(kills);
        }
    }

    /// What is nobody's; `None` where the node does not count.
    pub fn unowned(&self) -> Option<Unowned> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.first?;
        Some(Unowned(signed(self.node).saturating_sub(signed(self.owned)).saturating_sub(signed(self.strangers))))
    }

    /// Closes a pass: what the node had counted **before** the applications were read and nobody has owned for some passes is
    /// unattributed, but for what is still being looked for.
    pub fn close(&mut self, sought: u64) {
        let unowned = match self.first {
            Some(_) => self.node.saturating_sub(self.owned),
            None => self.strangers,
        };
        self.of_late.rotate_right(1);
        if let Some(latest) = self.of_late.first_mut() {
            *latest = unowned.saturating_sub(sought);
        }
        self.unattributed = self.unattributed.max(self.of_late.iter().copied().min().unwrap_or(0));
    }

    /// Kills that no application owns, where anything tells of them.
    pub fn unattributed(&self) -> Option<u64> {
        (self.first.is_some() || self.strangers > 0).then_some(self.unattributed)
    }

    /// What each source alone has seen; `None` for the node's counter where there is none.
    pub fn seen_by(&self, source: KillSource) -> Option<u64> {
        match source {
            KillSource::Vmstat => self.first.map(|_| self.node),
            _ => self.seen_by.get(source.index()).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_application_owns_never_goes_down() {
        let mut account = Account::default();
        account.close(0);
        assert_eq!((account.unattributed(), account.unowned()), (None, None));
        account.observe_node(10);
        account.close(0);
        assert_eq!(account.unattributed(), Some(0), "what was before is history");
        account.observe_node(13);
        account.close(0);
        account.own(1);
        account.close(0);
        assert_eq!(account.unattributed(), Some(0), "an owner may yet be found");
        (0..2).for_each(|_| account.close(0));
        assert_eq!(account.unattributed(), Some(2));
        account.own(2);
        account.close(0);
        assert_eq!((account.unattributed(), account.seen_by(KillSource::Vmstat)), (Some(2), Some(3)));
    }

    #[test]
    fn after_a_boot_the_nodes_counter_begins_at_zero_and_the_count_goes_on() {
        let mut account = Account::default();
        [10, 13].into_iter().for_each(|total| account.observe_node(total));
        account.begin_boot();
        account.observe_node(2);
        assert_eq!(account.seen_by(KillSource::Vmstat), Some(5));
        account.observe_node(1);
        assert_eq!(account.seen_by(KillSource::Vmstat), Some(5), "never less");
    }

    #[test]
    fn what_is_being_looked_for_is_not_yet_unattributed() {
        let mut account = Account::default();
        account.observe_node(0);
        account.observe_node(2);
        (0..PASSES_TO_OWN).for_each(|_| account.close(1));
        assert_eq!(account.unattributed(), Some(1));
    }

    #[test]
    fn kills_between_two_times_are_those_that_nobody_owns() {
        let mut account = Account::default();
        account.observe_node(5);
        account.observe_node(9);
        let before = account.unowned();
        account.observe_node(12);
        account.own(1);
        account.meet_strangers(1);
        assert_eq!(account.unowned().zip(before).map(|(now, before)| now.since(before)), Some(1));
        let other = before.zip(account.unowned()).map(|(before, now)| before.since(now));
        assert_eq!(other, Some(0), "never below none");
    }

    #[test]
    fn where_the_node_does_not_count_the_log_tells_of_strangers() {
        let mut account = Account::default();
        account.meet_strangers(2);
        (0..PASSES_TO_OWN).for_each(|_| account.close(0));
        assert_eq!(account.unattributed(), Some(2));
    }
}
