//! The process table, kept from pass to pass.
//!
//! Work in a pass is bounded: one `statm` for each process that is measured, one identity for each that is new, and at
//! most `DETAILS_PER_PASS` slow reads, in turn.

use super::stat::read_stat;
use super::{Details, Statm, listing};
use crate::analysis::sample::Reason;
use crate::source::cgroup::{Membership, Memberships, Placement};
use crate::source::clock::ticks_per_second;
use crate::source::descriptors::Allowance;
use crate::source::kept::Kept;
use crate::source::read_error::{ReadError, Tally};
use crate::source::roots::Roots;
use crate::units::count_as_f64;
use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

/// Slow reads of known processes in one pass: each costs some 20 µs.
const DETAILS_PER_PASS: usize = 16;

/// Processes that are asked in one pass whether they have changed since their last slow read: 1,000 are through in eight
/// passes.
const ASKED_PER_PASS: usize = 128;

/// An unchanged process is read all the same in one turn of so many: descriptors come and go without it.
const UNCHANGED_TURNS: u8 = 16;

/// Passes after which a process whose memory has not changed is idle, and is read in every other pass only: most of a
/// machine's processes are. At the first change it is read in every pass again.
const IDLE_PASSES: u8 = 12;

/// Passes in which a new process is looked at again: it may be about to exec or to be moved to its cgroup.
const YOUNG_PASSES: u8 = 3;

/// Passes may come fast: a process is looked at again until it is so many seconds old.
const LEAST_YOUNG_SECONDS: f64 = 2.0;

/// A runtime that sets a container up becomes its program, but for so many seconds at the most.
const LONGEST_SET_UP_SECONDS: f64 = 60.0;

/// Seconds after which a process that is seen for the first time is what it will be.
const YOUNG_SECONDS: f64 = 15.0;

/// Lists after which those that were ignored are looked at again: their pids may have gone to others.
const LISTS_BETWEEN_LOOKS: u32 = 64;

/// `PF_KTHREAD` of `linux/sched.h`.
pub(crate) const KERNEL_THREAD: u32 = 0x0020_0000;

/// One process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) start_ticks: u64,
    pub(crate) parent: u32,
    /// Program name, at most 15 bytes, as the kernel has it.
    pub(crate) program: Box<str>,
    pub(crate) membership: Arc<Membership>,
    /// `None` until it is read, and while it cannot be.
    pub(crate) statm: Option<Statm>,
    pub(crate) details: Details,
    /// Whether memory is read on every pass.
    is_measured: bool,
    file: Kept,
    /// The text last read, so that what has not changed is not parsed.
    text: [u8; 56],
    /// Whether memory has changed since the details were read, and the turns since then.
    has_changed: bool,
    turns: u8,
    unchanged_passes: u8,
    young: u8,
}

impl Process {
    /// Whether it is a runtime on its way to become a container's program.
    pub(crate) fn sets_up_a_container(&self) -> bool {
        let is_there = matches!(self.membership.placement, Placement::Container { .. });
        let is_runtime = || matches!(&*self.program, "runc" | "crun" | "exe");
        ["runc:[", "memfd:crun"].iter().any(|prefix| self.program.starts_with(prefix))
            || is_there && self.is_young() && is_runtime()
    }

    /// Whether it is so new that it may yet become another program.
    pub(crate) fn is_young(&self) -> bool {
        self.young > 0
    }
}

/// All processes but kernel threads.
#[derive(Debug)]
pub(crate) struct ProcessTable {
    roots: Roots,
    allowance: Allowance,
    listing: listing::Listing,
    memberships: Memberships,
    /// Boxed: a table of them is half empty.
    processes: HashMap<u32, Box<Process>>,
    /// Kernel threads and the dead that are not yet reaped.
    ignored: HashMap<u32, ()>,
    /// Pids in the order in which their details are read.
    turn: Vec<u32>,
    next_turn: usize,
    pass: u32,
    lists: u32,
    succeeded: bool,
}

impl ProcessTable {
    pub(crate) fn new(roots: &Roots, allowance: Allowance) -> Self {
        Self {
            roots: roots.clone(),
            allowance,
            listing: listing::Listing::new(roots),
            memberships: Memberships::default(),
            processes: HashMap::new(),
            ignored: HashMap::new(),
            turn: Vec::new(),
            next_turn: 0,
            pass: 0,
            lists: 0,
            succeeded: false,
        }
    }

    /// One pass; tells whether a process came, went, or turned into another program.
    pub(crate) fn refresh(&mut self, since_boot: f64, buffer: &mut Vec<u8>, tally: &mut Tally) -> bool {
        let mut changed = self.look_again_at_the_young(since_boot, buffer, tally);
        if self.listing.is_due(&self.roots) {
            self.lists = self.lists.wrapping_add(1);
            if self.lists.is_multiple_of(LISTS_BETWEEN_LOOKS) {
                self.ignored.clear();
            }
            let listed = tally.ok(listing::list(&self.roots));
            self.succeeded = listed.is_some();
            if let Some(listed) = listed {
                changed |= self.take_list(&listed, since_boot, buffer, tally);
            }
        }
        if self.measure_all(buffer, tally) {
            // Another may have its pid already.
            self.listing.make_due();
            changed = true;
        }
        self.read_details_in_turn(buffer, tally);
        if changed {
            self.turn.clear();
            self.turn.extend(self.processes.keys());
            self.memberships.forget_unused();
        }
        changed
    }

    /// Whether the last list could be made.
    pub(crate) fn succeeded(&self) -> bool {
        self.succeeded
    }

    fn take_list(&mut self, listed: &[u32], since_boot: f64, buffer: &mut Vec<u8>, tally: &mut Tally) -> bool {
        let oldest_young = (since_boot - YOUNG_SECONDS) * ticks_per_second();
        let known = self.processes.len();
        if known + self.ignored.len() > 0 {
            let listed: std::collections::HashSet<u32> = listed.iter().copied().collect();
            self.processes.retain(|pid, _| listed.contains(pid));
            self.ignored.retain(|pid, ()| listed.contains(pid));
        }
        let mut changed = self.processes.len() != known;
        for &pid in listed {
            if self.processes.contains_key(&pid) || self.ignored.contains_key(&pid) {
                continue;
            }
            match self.identify(pid, buffer) {
                Ok(Some(mut process)) => {
                    let is_young = count_as_f64(process.start_ticks) > oldest_young;
                    process.young = if is_young { YOUNG_PASSES } else { 0 };
                    self.processes.insert(pid, Box::new(process));
                    changed = true;
                }
                Ok(None) => drop(self.ignored.insert(pid, ())),
                Err(error) => tally.count(&error),
            }
        }
        changed
    }

    /// Who a pid is; `None` for a kernel thread or a zombie.
    fn identify(&mut self, pid: u32, buffer: &mut Vec<u8>) -> Result<Option<Process>, ReadError> {
        let stat = read_stat(&self.roots, pid, buffer)?;
        if stat.flags & KERNEL_THREAD != 0 || stat.state == 'Z' || stat.state == 'X' {
            return Ok(None);
        }
        let membership = self.memberships.read(&self.roots, pid, buffer)?;
        Ok(Some(Process {
            start_ticks: stat.starttime,
            parent: u32::try_from(stat.ppid).unwrap_or(0),
            program: stat.comm.into_boxed_str(),
            membership,
            statm: None,
            details: Details::default(),
            is_measured: false,
            file: Kept::default(),
            text: [0; 56],
            has_changed: false,
            turns: 0,
            unchanged_passes: 0,
            young: 0,
        }))
    }

    fn look_again_at_the_young(&mut self, since_boot: f64, buffer: &mut Vec<u8>, tally: &mut Tally) -> bool {
        let young: Vec<u32> =
            self.processes.iter().filter(|(_, process)| process.young > 0).map(|(pid, _)| *pid).collect();
        let mut changed = false;
        for pid in young {
            let now = self.identify(pid, buffer);
            let Some(process) = self.processes.get_mut(&pid) else { continue };
            let age = since_boot - count_as_f64(process.start_ticks) / ticks_per_second();
            let longest = if process.sets_up_a_container() { LONGEST_SET_UP_SECONDS } else { LEAST_YOUNG_SECONDS };
            process.young -= u8::from(age > longest);
            match now {
                Ok(Some(now)) if now.start_ticks == process.start_ticks => {
                    changed |= now.program != process.program || now.membership != process.membership;
                    (process.program, process.membership, process.parent) = (now.program, now.membership, now.parent);
                }
                Ok(Some(now)) => {
                    **process = now;
                    changed = true;
                }
                Ok(None) => {
                    self.processes.remove(&pid);
                    changed = true;
                }
                Err(error) => {
                    tally.count(&error);
                    self.processes.remove(&pid);
                    changed = true;
                }
            }
        }
        changed
    }

    fn measure_all(&mut self, buffer: &mut Vec<u8>, tally: &mut Tally) -> bool {
        let known = self.processes.len();
        let (roots, allowance) = (&self.roots, &self.allowance);
        self.pass = self.pass.wrapping_add(1);
        let pass = self.pass;
        self.processes.retain(|pid, process| {
            let rests = process.unchanged_passes >= IDLE_PASSES && pass.wrapping_add(*pid).is_multiple_of(2);
            if !process.is_measured || rests {
                return true;
            }
            let measured = process.measure(roots, *pid, allowance, buffer);
            let is_gone = matches!(&measured, Err(error) if error.reason() == Reason::Gone);
            tally.ok(measured);
            !is_gone
        });
        self.processes.len() != known
    }

    /// Says which processes are measured on every pass, and measures those that are new to it.
    pub(crate) fn measure_only(&mut self, wanted: &HashMap<u32, bool>, buffer: &mut Vec<u8>, tally: &mut Tally) {
        for (pid, process) in &mut self.processes {
            let is_new = wanted.contains_key(pid) && process.details == Details::default();
            let is_wanted = wanted.get(pid).copied().unwrap_or(false);
            if is_wanted && !process.is_measured {
                // A process that has just died is found dead by the next pass.
                tally.ok(process.measure(&self.roots, *pid, &self.allowance, buffer));
            }
            if !is_wanted {
                process.file = Kept::default();
            }
            process.is_measured = is_wanted;
            if is_new {
                process.read_details(&self.roots, *pid, buffer, tally);
            }
        }
    }

    fn read_details_in_turn(&mut self, buffer: &mut Vec<u8>, tally: &mut Tally) {
        let mut left = DETAILS_PER_PASS;
        for _ in 0..ASKED_PER_PASS.min(self.turn.len()) {
            if left == 0 {
                break;
            }
            self.next_turn = if self.next_turn < self.turn.len() { self.next_turn } else { 0 };
            let pid = self.turn.get(self.next_turn).copied();
            self.next_turn += 1;
            let Some((pid, process)) = pid.and_then(|pid| Some((pid, self.processes.get_mut(&pid)?))) else { continue };
            process.turns = process.turns.saturating_add(1);
            if !process.has_changed && process.turns < UNCHANGED_TURNS {
                continue;
            }
            left -= 1;
            if process.details != Details::default() {
                process.read_details(&self.roots, pid, buffer, tally);
            }
            process.turns = 0;
            // It may have become another program, moved to another cgroup, or given its pid to another process.
            process.young = process.young.max(1);
        }
    }

    pub(crate) fn get(&self, pid: u32) -> Option<&Process> {
        self.processes.get(&pid).map(|process| &**process)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Process)> {
        self.processes.iter().map(|(pid, process)| (*pid, &**process))
    }
}

impl Process {
    fn read_details(&mut self, roots: &Roots, pid: u32, buffer: &mut Vec<u8>, tally: &mut Tally) {
        self.details.read(roots, pid, buffer, tally);
        self.has_changed = false;
    }

    fn measure(
        &mut self,
        roots: &Roots,
        pid: u32,
        allowance: &Allowance,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let last = self.statm.take();
        let text = self
            .file
            .read(buffer, allowance, || File::open(roots.of_process(pid, "statm")))
            .map_err(|error| ReadError::io(&roots.of_process(pid, "statm"), error))?;
        let is_unchanged =
            self.text.get(..text.len()) == Some(text) && self.text.get(text.len()).is_none_or(|next| *next == 0);
        if last.is_some() && is_unchanged {
            self.statm = last;
            self.unchanged_passes = self.unchanged_passes.saturating_add(1);
            return Ok(());
        }
        // A zombie has no memory and waits for its parent: it is gone.
        if text.starts_with(b"0 0 0 ") {
            return Err(ReadError::io(&roots.of_process(pid, "statm"), rustix::io::Errno::SRCH.into()));
        }
        let parsed =
            Statm::parse(text).ok_or_else(|| ReadError::malformed(&roots.of_process(pid, "statm"), "seven numbers"))?;
        self.statm = Some(parsed);
        self.has_changed = true;
        self.unchanged_passes = 0;
        self.text = [0; 56];
        if let Some(remembered) = self.text.get_mut(..text.len()) {
            remembered.copy_from_slice(text);
        }
        Ok(())
    }
}
