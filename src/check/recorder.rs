//! What looks and probes add up to: series, levels, processes; and what goes wrong in them.

use super::probe::Probed;
use super::watch::Look;
use crate::analysis::gate::facts::Facts;
use crate::analysis::gate::report::Part;
use crate::analysis::gate::series::{Point, Series};
use crate::analysis::gate::trouble::Trouble;
use crate::analysis::sample::{Basis, Kind, Memory};
use crate::source::Member;
use crate::units::Bytes;
use std::collections::BTreeSet;

/// Of a limit there must be this share left.
const LEAST_ROOM: f64 = 0.04;

/// A process that held this share of the memory is what the program is.
const MAIN_SHARE: f64 = 0.5;

/// What holds less is a command of a shell, which comes and goes.
const LEAST_MAIN: Bytes = Bytes(1 << 20);

/// Rounds in a row that one that answers may leave out.
const MOST_FAILURES: u32 = 3;

/// Processes that are told as not answering.
const MOST_NOTES: usize = 3;

/// What that means.
const GARBAGE: &str = "its garbage is judged with its memory, which may hide or feign a leak";

/// Where the run stands when something is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Seconds since the load began.
    pub(super) seconds: f64,
    /// Work done.
    pub(super) work: f64,
}

/// Whose heaps are looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Probing {
    /// Nobody is asked.
    Off,
    /// Nobody has answered yet.
    Awaited,
    /// Of these processes.
    Of(BTreeSet<u32>),
}

/// Takes down what is seen under load.
#[derive(Debug)]
pub(super) struct Recorder {
    probing: Probing,
    /// Pid, start and program of what holds most of the memory.
    main: Option<(u32, u64, Box<str>)>,
    known: BTreeSet<(u32, u64)>,
    /// Rounds in a row in which one that had answered did not.
    failures: u32,
    /// Those that have never answered, and are told.
    unasked: BTreeSet<u32>,
    /// From when on the program is what it will be, in seconds since the load began.
    warm_up_seconds: f64,
}

/// What is held: unreclaimable memory, swapped out or not.
pub(super) fn held(memory: &Memory) -> Bytes {
    memory.by_kind.resident_unreclaimable().saturating_add(memory.by_kind.or_zero(Kind::Swap))
}

impl Recorder {
    /// Begins with what was there when the program was ready.
    pub(super) fn new(is_probed: bool, look: &Look, warm_up_seconds: f64) -> Self {
        let known = look.members.iter().map(|member| (member.pid, member.start_ticks)).collect();
        Self {
            probing: if is_probed { Probing::Awaited } else { Probing::Off },
            main: None,
            known,
            failures: 0,
            unasked: BTreeSet::new(),
            warm_up_seconds,
        }
    }

    /// Takes down a look.
    pub(super) fn look(&mut self, facts: &mut Facts, look: &Look, now: Now) -> Result<(), Trouble> {
        self.count(facts, &look.members);
        let Some(memory) = &look.memory else { return Ok(()) };
        let held = held(memory);
        let point = |bytes: Bytes| Point { seconds: now.seconds, work: now.work, bytes: bytes.as_f64() };
        facts.total.push(point(held));
        for kind in Kind::ALL {
            if let Some(bytes) = memory.by_kind.get(*kind) {
                of(&mut facts.kinds, *kind).push(point(bytes));
            }
        }
        match &self.probing {
            Probing::Off | Probing::Awaited => of(&mut facts.parts, Part::Memory).push(point(held)),
            Probing::Of(pids) => {
                let rest = look.members.iter().filter(|member| !pids.contains(&member.pid));
                // A container's other memory is in no process.
                let rest: Vec<Bytes> = rest.filter_map(|member| member.held).collect();
                if !rest.is_empty() {
                    of(&mut facts.parts, Part::Memory).push(point(rest.into_iter().sum()));
                }
            }
        }
        if let Some(ceiling) = memory.ceiling.filter(|ceiling| ceiling.is_held()) {
            let is_near = ceiling.room().as_f64() < LEAST_ROOM * ceiling.limit.as_f64();
            // Page cache of others may fill a machine; what its own part is decides.
            let is_its_own = memory.basis != Basis::Processes || held.as_f64() > 0.5 * ceiling.used.as_f64();
            if is_near && is_its_own {
                return Err(Trouble::NearLimit(ceiling.used, ceiling.limit));
            }
        }
        self.follow_main(held, &look.members, now)
    }

    fn count(&mut self, facts: &mut Facts, members: &[Member]) {
        let now: BTreeSet<(u32, u64)> = members.iter().map(|member| (member.pid, member.start_ticks)).collect();
        facts.processes.most = facts.processes.most.max(now.len());
        facts.processes.begun += now.difference(&self.known).count();
        facts.processes.ended += self.known.difference(&now).count();
        self.known = now;
    }

    /// That the process which is most of the program goes on; others may come and go.
    fn follow_main(&mut self, held: Bytes, members: &[Member], now: Now) -> Result<(), Trouble> {
        if let Some((pid, start, program)) = &self.main {
            let is_there = members.iter().any(|member| (member.pid, member.start_ticks) == (*pid, *start));
            return if is_there { Ok(()) } else { Err(Trouble::Restarted(shown(program))) };
        }
        // What starts it may hold more at first than itself.
        if now.seconds < self.warm_up_seconds {
            return Ok(());
        }
        let largest = members.iter().max_by_key(|member| member.held);
        let is_most = |member: &&Member| {
            let own = member.held.unwrap_or_default();
            own >= LEAST_MAIN && own.as_f64() > MAIN_SHARE * held.as_f64()
        };
        self.main = largest.filter(is_most).map(|member| (member.pid, member.start_ticks, member.program.clone()));
        Ok(())
    }

    /// Takes down a round of probes.
    pub(super) fn probed(&mut self, facts: &mut Facts, probed: &Probed, now: Now) {
        let known: BTreeSet<u32> = match &self.probing {
            Probing::Off => return,
            Probing::Awaited => BTreeSet::new(),
            Probing::Of(pids) => pids.clone(),
        };
        // One that has just ended cannot answer, and is no trouble by itself.
        let is_there = |pid: &u32| self.known.iter().any(|(known, _)| known == pid);
        let failed: Vec<(u32, String)> =
            probed.failed.iter().filter(|(pid, _)| is_there(pid)).map(|(pid, why)| (*pid, why.clone())).collect();
        for (pid, why) in &failed {
            if known.contains(pid) {
                self.failures += 1;
                if self.failures >= MOST_FAILURES {
                    self.give_up(facts, why);
                }
                // Without it the sum would seem to fall.
                return;
            }
            self.note_once(facts, *pid, why);
        }
        let Some((live, outside)) = probed.sum() else { return };
        self.failures = 0;
        if known.is_empty() {
            // Until now all of the memory was judged.
            facts.parts.clear();
        }
        self.probing = Probing::Of(known.into_iter().chain(probed.found.keys().copied()).collect());
        let point = |bytes: f64| Point { seconds: now.seconds, work: now.work, bytes };
        of(&mut facts.parts, Part::LiveHeap).push(point(live.as_f64()));
        if let Some(outside) = outside {
            of(&mut facts.parts, Part::OutsideHeap).push(point(outside));
        }
    }

    /// Of a process that never answered all of the memory is judged, beside the heaps of others.
    fn note_once(&mut self, facts: &mut Facts, pid: u32, why: &str) {
        if self.unasked.len() < MOST_NOTES && self.unasked.insert(pid) {
            facts.notes.push(format!("{why}: {GARBAGE}"));
        }
    }

    /// From now on all of the memory is judged.
    fn give_up(&mut self, facts: &mut Facts, why: &str) {
        self.probing = Probing::Off;
        facts.parts = vec![(Part::Memory, facts.total.clone())];
        facts.notes.push(format!("{why}: {GARBAGE}"));
    }
}

/// A program's name, clean.
fn shown(program: &str) -> String {
    crate::analysis::sample::clean_label(program.as_bytes()).into()
}

/// The series of one thing, begun where there is none.
fn of<K: Copy + PartialEq>(all: &mut Vec<(K, Series)>, what: K) -> &mut Series {
    let place = all.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
        all.push((what, Series::default()));
        all.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the place has just been found there")]
    &mut all[place].1
}
