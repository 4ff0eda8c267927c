//! The thread that waits for kills, so that none of them has to wait for the tick: cgroups, main processes and the kernel log
//! wake it, it reads at once what they have to tell, and passes that on. It never reads anything that takes longer than
//! microseconds, so that the next kill does not wait either.

use super::births::Births;
use super::counters::KillFiles;
use super::followed::{Followed, Target};
use super::kernel_log::{Heard, KernelLog, Killed};
use super::roster::{Roster, Traces, find};
use crate::analysis::oom::{Evidence, Fact};
use crate::analysis::sample::Identity;
use crate::source::cgroup::Hierarchies;
use crate::source::clock::now;
use crate::source::roots::Roots;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::AsFd;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};

/// What the passes tell the thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Wait for this application, instead of what was waited for of it before.
    Follow(Box<Target>),
    /// No longer wait for it.
    Leave(Arc<Identity>),
    /// Who is who now.
    Know(Arc<Roster>),
    /// The folders in which cgroups may come.
    Expect(Vec<PathBuf>),
}

/// What the thread tells the passes.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// Whether the log was overrun since this was last asked.
    pub(super) was_overrun: AtomicBool,
}

/// What an event is of: the application's number, and which of its descriptors.
const EVENTS: u32 = 0;
const MAIN: u32 = 1;
const FIRST_OTHER: u32 = 2;
/// The number of none: for what is of no application.
const NOBODY: u32 = 0;
const WAKE: u32 = 0;
const LOG: u32 = 1;
const BIRTHS: u32 = 2;

/// Most events that are taken at one time.
const MOST_EVENTS: usize = 256;

/// Rosters that are remembered: a victim may have been left out by the pass that came between.
const ROSTERS: usize = 2;

/// Takes what was seen; false when nobody wants to know any more.
pub(super) type Tell = Box<dyn Fn(Evidence) -> bool + Send>;

/// What it listens to beside its applications.
#[derive(Debug)]
pub(super) struct Ears {
    pub(super) log: Option<KernelLog>,
    pub(super) births: Option<Births>,
}

/// The thread's own.
pub(super) struct Watcher {
    roots: Roots,
    hierarchies: Hierarchies,
    are_pids_shared: bool,
    epoll: OwnedFd,
    wake: Arc<OwnedFd>,
    commands: Receiver<Command>,
    tell: Tell,
    status: Arc<Status>,
    log: Option<KernelLog>,
    births: Option<Births>,
    followed: HashMap<u32, Followed>,
    numbers: HashMap<Arc<Identity>, u32>,
    next: u32,
    /// Those that are to be looked at without an event: what has happened before they were waited for.
    fresh: Vec<u32>,
    rosters: Vec<Arc<Roster>>,
    buffer: Vec<u8>,
}

/// What has come up in one round.
#[derive(Debug, Default)]
struct Round {
    /// Applications to look at, with whether their main process told.
    told: HashMap<u32, bool>,
    is_log_ready: bool,
    has_births: bool,
    is_woken: bool,
}

impl Round {
    fn take(&mut self, event: epoll::Event) {
        let data = event.data.u64();
        let [number, which] = [data >> 32, data & u64::from(u32::MAX)].map(|part| u32::try_from(part).unwrap_or(0));
        match (number, which) {
            (NOBODY, LOG) => self.is_log_ready = true,
            (NOBODY, BIRTHS) => self.has_births = true,
            (NOBODY, _) => self.is_woken = true,
            (_, MAIN) => *self.told.entry(number).or_default() = true,
            _ => {
                self.told.entry(number).or_default();
            }
        }
    }
}

fn data(number: u32, which: u32) -> EventData {
    EventData::new_u64(u64::from(number) << 32 | u64::from(which))
}

impl Watcher {
    pub(super) fn new(
        roots: &Roots,
        are_pids_shared: bool,
        wake: Arc<OwnedFd>,
        commands: Receiver<Command>,
        tell: Tell,
        status: Arc<Status>,
        Ears { log, births }: Ears,
    ) -> rustix::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &wake, data(NOBODY, WAKE), EventFlags::IN)?;
        if let Some(log) = &log {
            epoll::add(&epoll, log, data(NOBODY, LOG), EventFlags::IN)?;
        }
        if let Some(births) = &births {
            epoll::add(&epoll, births, data(NOBODY, BIRTHS), EventFlags::IN)?;
        }
        Ok(Self {
            roots: roots.clone(),
            hierarchies: Hierarchies::new(roots),
            are_pids_shared,
            epoll,
            wake,
            commands,
            tell,
            status,
            log,
            births,
            followed: HashMap::new(),
            numbers: HashMap::new(),
            next: NOBODY,
            fresh: Vec::new(),
            rosters: Vec::new(),
            buffer: Vec::new(),
        })
    }

    /// Waits and reads until nobody commands or listens any more.
    pub(super) fn run(mut self) {
        let mut events = Vec::with_capacity(MOST_EVENTS);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    tracing::error!(%error, "kills are seen at the next pass only: waiting for events has failed");
                    return;
                }
            }
            let mut round = Round::default();
            events.drain(..).for_each(|event| round.take(event));
            if round.is_woken && !self.obey() {
                return;
            }
            round.told.extend(self.fresh.drain(..).map(|number| (number, false)));
            let evidence = self.look(round);
            if !evidence.is_empty() && !(self.tell)(evidence) {
                return;
            }
        }
    }

    /// Carries out what was commanded; false when there is nobody to command.
    fn obey(&mut self) -> bool {
        let mut counter = [0; 8];
        // What is not read now wakes again.
        let _ = rustix::io::read(&self.wake, &mut counter);
        loop {
            match self.commands.try_recv() {
                Ok(Command::Follow(target)) => self.follow(*target),
                Ok(Command::Leave(identity)) => self.leave(&identity),
                Ok(Command::Know(roster)) => {
                    self.rosters.insert(0, roster);
                    self.rosters.truncate(ROSTERS);
                }
                Ok(Command::Expect(folders)) => self.births.iter_mut().for_each(|births| births.watch(folders.clone())),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, target: Target) {
        self.leave(&target.identity);
        // Numbers are used again after four thousand million: none of them is still there.
        self.next = self.next.checked_add(1).unwrap_or(NOBODY + 1);
        let number = self.next;
        self.fresh.push(number);
        if let Some(polled) = target.files.as_ref().and_then(KillFiles::polled) {
            self.wait_for(polled, data(number, EVENTS), EventFlags::PRI);
        }
        let others = target.others.iter().zip(FIRST_OTHER..).map(|(other, which)| (other.as_fd(), which));
        for (waited, which) in target.main.iter().map(|main| (main.as_fd(), MAIN)).chain(others) {
            // Once when it ends, and once more when it has been reaped.
            self.wait_for(waited, data(number, which), EventFlags::IN | EventFlags::ET);
        }
        self.numbers.insert(Arc::clone(&target.identity), number);
        self.followed.insert(number, Followed::new(target));
    }

    fn wait_for(&self, descriptor: impl AsFd, data: EventData, flags: EventFlags) {
        if let Err(error) = epoll::add(&self.epoll, descriptor, data, flags) {
            tracing::debug!(%error, "an application's events cannot be waited for: it is read at each pass");
        }
    }

    fn leave(&mut self, identity: &Arc<Identity>) {
        // Closing a descriptor ends waiting for it.
        if let Some(number) = self.numbers.remove(identity) {
            self.followed.remove(&number);
        }
    }

    /// Reads all that has come up, and tells victims before the counters that have counted them: the log knows more.
    fn look(&mut self, mut round: Round) -> Evidence {
        let mut evidence = Evidence { clock: now(), ..Evidence::default() };
        if round.has_births {
            evidence.has_births = self.births.as_ref().is_some_and(Births::have_come);
        }
        let strangers = self.hear(&mut evidence, &mut round);
        let mut counted = Vec::new();
        for (number, is_main) in round.told {
            let Some(followed) = self.followed.get_mut(&number) else { continue };
            counted.extend(followed.look(is_main, &mut self.buffer, &mut evidence));
        }
        self.name(strangers, &mut evidence);
        evidence.facts.extend(counted);
        evidence
    }

    /// Reads the log; returns victims of whom nothing tells whose they were.
    fn hear(&mut self, evidence: &mut Evidence, round: &mut Round) -> Vec<Killed> {
        let Some(log) = self.log.as_mut().filter(|_| round.is_log_ready || !round.told.is_empty()) else {
            return Vec::new();
        };
        let Heard { victims, was_overrun } = log.read();
        self.status.was_overrun.fetch_or(was_overrun, Ordering::Relaxed);
        let mut strangers = Vec::new();
        for killed in victims {
            let traces = Traces::of(&killed, &self.roots, self.are_pids_shared);
            let Some(known) = find(&killed, &traces, &self.rosters, self.are_pids_shared) else {
                strangers.push(killed);
                continue;
            };
            if let Some(number) = self.numbers.get(&known.identity) {
                round.told.entry(*number).or_default();
                self.followed.entry(*number).and_modify(|followed| followed.unnamed.name(evidence.clock.moment));
            }
            let victim = known.victim(&killed, traces.path.as_deref(), &self.hierarchies);
            evidence.facts.push((Arc::clone(&known.identity), Fact::Victim(victim)));
        }
        if !strangers.is_empty() {
            // What cannot be polled may have counted them.
            let unpolled = self.followed.iter().filter(|(_, followed)| followed.cannot_be_polled());
            for (number, _) in unpolled {
                round.told.entry(*number).or_default();
            }
        }
        strangers
    }

    /// Gives victims to those whose counters have counted kills that no victim is known of.
    fn name(&mut self, strangers: Vec<Killed>, evidence: &mut Evidence) {
        let at = evidence.clock.moment;
        for killed in strangers {
            let Some(followed) = self.followed.values_mut().find(|followed| followed.unnamed.is_left(at)) else {
                let process = String::from_utf8_lossy(&killed.process).into_owned();
                let cgroup = killed.task_path.as_deref().map(String::from_utf8_lossy);
                tracing::debug!(pid = killed.pid, process, ?cgroup, "a victim of no application that is watched");
                evidence.strangers += 1;
                continue;
            };
            followed.unnamed.name(at);
            let identity = &followed.target.identity;
            let known = self.rosters.iter().find_map(|roster| roster.called(identity));
            if let Some(known) = known {
                let victim = known.victim(&killed, None, &self.hierarchies);
                evidence.facts.push((Arc::clone(identity), Fact::Victim(victim)));
            }
        }
    }
}
