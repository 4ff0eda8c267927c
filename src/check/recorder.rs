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
}

/// What is held: unreclaimable memory, swapped out or not.
pub(super) fn held(memory: &Memory) -> Bytes {
    memory.by_kind.resident_unreclaimable().saturating_add(memory.by_kind.or_zero(Kind::Swap))
}

impl Recorder {
    /// Begins with what was there when the program was ready.
    pub(super) fn new(is_probed: bool, look: &Look) -> Self {
        let known = look.members.iter().map(|member| (member.pid, member.start_ticks)).collect();
        Self { probing: if is_probed { Probing::Awaited } else { Probing::Off }, main: None, known }
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
            Probing::Off => of(&mut facts.parts, Part::Memory).push(point(held)),
            Probing::Awaited => {}
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
        self.follow_main(held, &look.members)
    }

    fn count(&mut self, facts: &mut Facts, members: &[Member]) {
        let now: BTreeSet<(u32, u64)> = members.iter().map(|member| (member.pid, member.start_ticks)).collect();
        facts.processes.most = facts.processes.most.max(now.len());
        facts.processes.begun += now.difference(&self.known).count();
        facts.processes.ended += self.known.difference(&now).count();
        self.known = now;
    }

    /// That the process which is most of the program goes on; others may come and go.
    fn follow_main(&mut self, held: Bytes, members: &[Member]) -> Result<(), Trouble> {
        if let Some((pid, start, program)) = &self.main {
            let is_there = members.iter().any(|member| (member.pid, member.start_ticks) == (*pid, *start));
            return if is_there { Ok(()) } else { Err(Trouble::Restarted(shown(program))) };
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
        if self.probing == Probing::Off {
            return;
        }
        if let Some((pid, why)) = probed.failed.first_key_value() {
            // One that has just ended cannot answer, and is no trouble by itself.
            if self.known.iter().any(|(known, _)| known == pid) {
                self.give_up(facts, why);
            }
            return;
        }
        let pids: BTreeSet<u32> = probed.found.keys().copied().collect();
        if pids.is_empty() {
            if self.probing == Probing::Awaited {
                self.probing = Probing::Off;
                facts.parts = vec![(Part::Memory, facts.total.clone())];
            }
            return;
        }
        self.probing = Probing::Of(pids);
        let point = |bytes: f64| Point { seconds: now.seconds, work: now.work, bytes };
        let Some((live, outside)) = probed.sum() else { return };
        of(&mut facts.parts, Part::LiveHeap).push(point(live.as_f64()));
        if let Some(outside) = outside {
            of(&mut facts.parts, Part::OutsideHeap).push(point(outside));
        }
    }

    /// From now on all of the memory is judged.
    fn give_up(&mut self, facts: &mut Facts, why: &str) {
        self.probing = Probing::Off;
        facts.parts = vec![(Part::Memory, facts.total.clone())];
        facts.notes.push(format!("{why}: its garbage is judged with its memory, which may hide or feign a leak"));
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
