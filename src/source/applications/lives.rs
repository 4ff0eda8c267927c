//! When one life of an application ends and the next begins.
//!
//! A life lasts while any process of it remains: a worker that is replaced, or a master that hands over to its heir,
//! does not end it. When nothing is left of what was there, what is there now is a new life.

use crate::analysis::sample::{Identity, Lifetime};
use std::collections::HashMap;
use std::sync::Arc;

/// A process that cannot be mistaken: pid and start.
pub(super) type Individual = (u32, u64);

#[derive(Debug)]
struct Life {
    lifetime: Lifetime,
    members: Vec<Individual>,
    seen: u64,
}

/// The present life of each application.
#[derive(Debug, Default)]
pub(super) struct Lives {
    by_identity: HashMap<Arc<Identity>, Life>,
    round: u64,
}

/// Rounds after which the life of an application that is gone is forgotten: what comes then is a new life anyhow.
const FORGET_AFTER_ROUNDS: u64 = 2;

impl Lives {
    /// Begins a round of grouping.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
        let oldest = self.round.saturating_sub(FORGET_AFTER_ROUNDS);
        self.by_identity.retain(|_, life| life.seen >= oldest);
    }

    /// The life that these members live, and whether it is new; `members` is sorted by start, then pid.
    pub(super) fn of(&mut self, identity: &Arc<Identity>, members: &[Individual]) -> Option<Lifetime> {
        let (pid, start_ticks) = *members.first()?;
        let begun = Lifetime { pid, start_ticks };
        let life = self.by_identity.entry(Arc::clone(identity)).or_insert_with(|| Life {
            lifetime: begun,
            members: Vec::new(),
            seen: 0,
        });
        if !life.members.is_empty() && !members.iter().any(|member| life.members.contains(member)) {
            life.lifetime = begun;
        }
        life.members.clear();
        life.members.extend_from_slice(members);
        life.seen = self.round;
        Some(life.lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Arc<Identity> {
        Arc::new(Identity { application: "a".into(), namespace: None, pod: None, container: None })
    }

    #[test]
    fn a_life_lasts_while_any_process_of_it_remains() {
        let mut lives = Lives::default();
        let first = lives.of(&identity(), &[(10, 100), (11, 101)]);
        assert_eq!(first, Some(Lifetime { pid: 10, start_ticks: 100 }));
        assert_eq!(lives.of(&identity(), &[(11, 101), (12, 150)]), first, "the master left, a worker remains");
        assert_eq!(lives.of(&identity(), &[(12, 150)]), first);
    }

    #[test]
    fn when_nothing_is_left_a_new_life_begins_even_under_the_same_pid() {
        let mut lives = Lives::default();
        let first = lives.of(&identity(), &[(10, 100)]);
        let second = lives.of(&identity(), &[(10, 900)]);
        assert_ne!(first, second);
        assert_eq!(second, Some(Lifetime { pid: 10, start_ticks: 900 }));
        assert_eq!(lives.of(&identity(), &[]), None);
    }
}
