//! One application whose kills are waited for.

use super::counters::KillFiles;
use super::exits::Waited;
use crate::analysis::oom::{Evidence, Exit, Fact};
use crate::analysis::sample::{CgroupCounters, Identity, Lifetime};
use crate::units::Moment;
use std::sync::Arc;

/// What is waited for of one application.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) identity: Arc<Identity>,
    pub(super) lifetime: Lifetime,
    pub(super) files: Option<Box<KillFiles>>,
    pub(super) main: Option<Waited>,
    /// Its other processes, where the cgroup itself does not say that something was counted (v1).
    pub(super) others: Vec<Waited>,
}

/// An application that is waited for, and what was seen of it.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) target: Target,
    last: Option<Box<CgroupCounters>>,
    is_main_gone: bool,
    pub(super) unnamed: Unnamed,
}

impl Followed {
    pub(super) fn new(target: Target) -> Self {
        Self { target, last: None, is_main_gone: false, unnamed: Unnamed::default() }
    }

    pub(super) fn cannot_be_polled(&self) -> bool {
        self.target.files.as_ref().is_some_and(|files| files.polled().is_none())
    }

    /// Whether a kill takes all of its processes, as it was when that was last read.
    pub(super) fn is_killed_as_group(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.is_killed_as_group)
    }

    /// Looks at it; returns what its cgroup has counted, where that is new.
    pub(super) fn look(
        &mut self,
        is_main: bool,
        buffer: &mut Vec<u8>,
        evidence: &mut Evidence,
    ) -> Option<(Arc<Identity>, Fact)> {
        let identity = &self.target.identity;
        if is_main {
            let exit = self.target.main.as_ref().map_or(Exit::Unknown, Waited::exit);
            if !self.is_main_gone || exit != Exit::Unknown {
                evidence.facts.push((Arc::clone(identity), Fact::Ended(self.target.lifetime, exit)));
            }
            self.is_main_gone = true;
        }
        // When it is gone its descriptor would wake again and again.
        let read = self.target.files.as_ref()?.read(self.last.as_deref(), is_main, buffer).ok();
        let Some(counters) = read else {
            self.target.files = None;
            return None;
        };
        let last = self.last.replace(Box::new(counters)).map(|last| *last);
        let risen = last.map_or(0, |last| counters.oom_kills.unwrap_or(0).saturating_sub(last.oom_kills.unwrap_or(0)));
        self.unnamed.count(risen, evidence.clock.moment);
        // Other counters rise a hundred times a second in a cgroup that is at its limit.
        let is_new = is_main || last.map(kills) != Some(kills(counters));
        is_new.then(|| (Arc::clone(identity), Fact::Counters(counters)))
    }
}

/// Kills that a counter has counted and no victim is known of yet: the log tells of them in the next milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unnamed {
    left: i64,
    since: f64,
}

/// A victim is told within so many seconds of its kill.
const TELLING_SECONDS: f64 = 1.0;

impl Unnamed {
    fn count(&mut self, kills: u64, at: Moment) {
        self.renew(at);
        self.left = self.left.saturating_add(i64::try_from(kills).unwrap_or(i64::MAX));
    }

    /// Notes a victim; it may be told before it is counted.
    pub(super) fn name(&mut self, at: Moment) {
        self.renew(at);
        self.left -= 1;
    }

    pub(super) fn is_left(&self, at: Moment) -> bool {
        self.left > 0 && at.0 - self.since <= TELLING_SECONDS
    }

    fn renew(&mut self, at: Moment) {
        if at.0 - self.since > TELLING_SECONDS {
            *self = Self { left: 0, since: at.0 };
        }
    }
}

/// What is of kills among counters.
fn kills(counters: CgroupCounters) -> [Option<u64>; 3] {
    [counters.oom_kills, counters.own_limit_hits, counters.userspace_kills]
}
