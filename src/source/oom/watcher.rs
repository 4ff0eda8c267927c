//! The thread that waits for kills, so that none of them has to wait for the tick: cgroups, main processes and the kernel log
//! wake it, it reads at once what they have to tell, and passes that on. Counters come first, which may be gone in a millisecond;
//! what is only to name a victim comes after them.

use super::births::Births;
use super::counters::KillFiles;
use super::followed::{Followed, Target};
use super::kernel_log::{Heard, KernelLog, Killed};
use super::roster::{Roster, Traces, Views, find};
use crate::analysis::oom::{Evidence, Fact, Victim};
use crate::analysis::sample::Identity;
use crate::source::cgroup::Hierarchies;
use crate::source::clock::now;
use crate::source::roots::Roots;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::AsFd;
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

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
    /// Whether the log is read.
    pub(super) has_log: AtomicBool,
    /// Whether it may have missed a victim since this was last asked: it was overrun, or a victim was nobody's for certain.
    pub(super) may_have_missed: AtomicBool,
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

/// How long a cgroup that had nothing to tell is not waited for.
const MASKED: Duration = Duration::from_millis(30);

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
    views: Views,
    epoll: OwnedFd,
    wake: Arc<OwnedFd>,
    commands: Receiver<Command>,
    tell: Tell,
    status: Arc<Status>,
    log: Option<KernelLog>,
    births: Option<Births>,
    /// Boxed: a table of them is half empty.
    followed: HashMap<u32, Box<Followed>>,
    numbers: HashMap<Arc<Identity>, u32>,
    next: u32,
    /// Those that are to be looked at without an event: what has happened before they were waited for.
    fresh: Vec<u32>,
    /// Those whose cgroups are not waited for until then.
    masked: VecDeque<(u32, Instant)>,
    rosters: Vec<Arc<Roster>>,
    buffer: Vec<u8>,
}

/// What was read in the log.
#[derive(Debug, Default)]
struct InTheLog {
    /// Applications whose counters may tell more.
    named: Vec<u32>,
    /// Victims of whom nothing tells whose they were, and whether their cgroup is known.
    nameless: Vec<(Killed, bool)>,
}

/// Why an application is looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// Its main process has ended.
    by_main: bool,
    /// Its cgroup has counted something.
    by_cgroup: bool,
}

/// What has come up in one round.
#[derive(Debug, Default)]
struct Round {
    /// Applications to look at.
    told: HashMap<u32, Told>,
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
            (_, MAIN) => self.told.entry(number).or_default().by_main = true,
            (_, EVENTS) => self.told.entry(number).or_default().by_cgroup = true,
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
        views: Views,
        wake: Arc<OwnedFd>,
        commands: Receiver<Command>,
        tell: Tell,
        status: Arc<Status>,
        Ears { log, births }: Ears,
    ) -> rustix::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &wake, data(NOBODY, WAKE), EventFlags::IN)?;
        // Something else may stand in the place of the log, which cannot be waited for.
        let log = log.filter(|log| epoll::add(&epoll, log, data(NOBODY, LOG), EventFlags::IN).is_ok());
        let births = births.filter(|births| epoll::add(&epoll, births, data(NOBODY, BIRTHS), EventFlags::IN).is_ok());
        status.has_log.store(log.is_some(), Ordering::Relaxed);
        Ok(Self {
            roots: roots.clone(),
            hierarchies: Hierarchies::new(roots),
            views,
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
            masked: VecDeque::new(),
            rosters: Vec::new(),
            buffer: Vec::new(),
        })
    }

    /// Waits and reads until nobody commands or listens any more.
    pub(super) fn run(mut self) {
        let mut events = Vec::with_capacity(MOST_EVENTS);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), self.until_unmasked().as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    tracing::error!(%error, "kills are seen at the next pass only: waiting for events has failed");
                    return;
                }
            }
            self.unmask();
            let mut round = Round::default();
            events.drain(..).for_each(|event| round.take(event));
            if round.is_woken && !self.obey() {
                return;
            }
            round.told.extend(self.fresh.drain(..).map(|number| (number, Told::default())));
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
        if let Some(polled) = target.files.as_deref().and_then(KillFiles::polled) {
            self.wait_for(polled, data(number, EVENTS), EventFlags::PRI);
        }
        let others = target.others.iter().zip(FIRST_OTHER..).map(|(other, which)| (other.as_fd(), which));
        for (waited, which) in target.main.iter().map(|main| (main.as_fd(), MAIN)).chain(others) {
            // Once when it ends, and once more when it has been reaped.
            self.wait_for(waited, data(number, which), EventFlags::IN | EventFlags::ET);
        }
        self.numbers.insert(Arc::clone(&target.identity), number);
        self.followed.insert(number, Box::new(Followed::new(target)));
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

    /// Does not wait for a cgroup for a while that has had nothing to tell of kills: at its limit it has a hundred events a
    /// second. What comes meanwhile is told then; the end of its main process, and the log, at once.
    fn mask(&mut self, number: u32) {
        let polled = self.followed.get(&number).and_then(|followed| followed.target.files.as_ref()?.polled());
        if polled.is_some_and(|polled| epoll::delete(&self.epoll, polled).is_ok()) {
            self.masked.push_back((number, Instant::now() + MASKED));
        }
    }

    fn unmask(&mut self) {
        let now = Instant::now();
        while self.masked.front().is_some_and(|(_, until)| *until <= now) {
            let Some((number, _)) = self.masked.pop_front() else { return };
            let polled = self.followed.get(&number).and_then(|followed| followed.target.files.as_ref()?.polled());
            if let Some(polled) = polled {
                self.wait_for(polled, data(number, EVENTS), EventFlags::PRI);
            }
        }
    }

    fn until_unmasked(&self) -> Option<Timespec> {
        let (_, until) = self.masked.front()?;
        Timespec::try_from(until.saturating_duration_since(Instant::now())).ok()
    }

    /// Reads all that has come up: counters first, which may be gone in a millisecond; but victims are told before the counters
    /// that have counted them, since the log knows more.
    fn look(&mut self, round: Round) -> Evidence {
        let mut evidence = Evidence { clock: now(), ..Evidence::default() };
        if round.has_births {
            evidence.has_births = self.births.as_mut().is_some_and(Births::have_come);
        }
        let mut counted = Vec::new();
        for (number, told) in &round.told {
            counted.extend(self.look_at(*number, *told, &mut evidence));
        }
        if round.is_log_ready || !round.told.is_empty() {
            let heard = self.hear(&mut evidence);
            for number in heard.named.iter().filter(|number| !round.told.contains_key(number)) {
                counted.extend(self.look_at(*number, Told::default(), &mut evidence));
            }
            self.name(heard.nameless, &mut evidence);
        }
        evidence.facts.extend(counted);
        evidence
    }

    fn look_at(&mut self, number: u32, told: Told, evidence: &mut Evidence) -> Option<(Arc<Identity>, Fact)> {
        let followed = self.followed.get_mut(&number)?;
        let new = followed.look(told.by_main, &mut self.buffer, evidence);
        if new.is_none() && told.by_cgroup {
            self.mask(number);
        }
        new
    }

    /// Reads the log.
    fn hear(&mut self, evidence: &mut Evidence) -> InTheLog {
        let mut heard = InTheLog::default();
        let Some(log) = &mut self.log else { return heard };
        let Heard { victims, was_overrun } = log.read();
        self.status.may_have_missed.fetch_or(was_overrun, Ordering::Relaxed);
        for killed in victims {
            let traces = Traces::of(&killed, &self.roots, self.views);
            let Some(known) = find(&killed, &traces, &self.rosters, self.views) else {
                heard.nameless.push((killed, traces.path.is_some()));
                continue;
            };
            let mut victim = known.victim(&killed, traces.path.as_deref(), &self.hierarchies, self.views);
            if let Some(number) = self.numbers.get(&known.identity) {
                heard.named.push(*number);
                if let Some(followed) = self.followed.get_mut(number) {
                    followed.unnamed.name(evidence.clock.moment);
                    victim.is_killed_as_group = followed.is_killed_as_group();
                }
            }
            evidence.facts.push((Arc::clone(&known.identity), Fact::Victim(victim)));
        }
        if !heard.nameless.is_empty() {
            // What cannot be polled may have counted them.
            let unpolled = self.followed.iter().filter(|(_, followed)| followed.cannot_be_polled());
            heard.named.extend(unpolled.map(|(number, _)| *number));
        }
        heard
    }

    /// Gives victims to those whose counters have counted kills that no victim is known of. One that was in a cgroup of no
    /// application is of none; of another it cannot be told.
    fn name(&mut self, victims: Vec<(Killed, bool)>, evidence: &mut Evidence) {
        let at = evidence.clock.moment;
        for (killed, is_stranger) in victims {
            let owner = self.followed.values_mut().find(|followed| followed.unnamed.is_left(at));
            let Some(followed) = owner.filter(|_| !is_stranger) else {
                let process = String::from_utf8_lossy(&killed.process).into_owned();
                let cgroup = killed.task_path.as_deref().map(String::from_utf8_lossy);
                tracing::debug!(pid = killed.pid, process, ?cgroup, is_stranger, "a victim of no application here");
                self.status.may_have_missed.fetch_or(!is_stranger, Ordering::Relaxed);
                *(if is_stranger { &mut evidence.strangers } else { &mut evidence.nameless }) += 1;
                continue;
            };
            followed.unnamed.name(at);
            let identity = &followed.target.identity;
            if let Some(known) = self.rosters.iter().find_map(|roster| roster.called(identity)) {
                let victim = known.victim(&killed, None, &self.hierarchies, self.views);
                let victim = Victim { is_killed_as_group: followed.is_killed_as_group(), ..victim };
                evidence.facts.push((Arc::clone(identity), Fact::Victim(victim)));
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.status.has_log.store(false, Ordering::Relaxed);
    }
}
