//! The passes' side of the thread that waits for kills: what it is to wait for, and what its sources are good for.

use super::births::Births;
use super::counters::KillFiles;
use super::exits::Waited;
use super::followed::Target;
use super::kernel_log::KernelLog;
use super::roster::{Known, Roster, Views};
use super::watcher::{Command, Ears, Status, Tell, Watcher};
use crate::analysis::sample::{CgroupCounters, Identity, Lifetime};
use crate::source::cgroup::{Directory, Version};
use crate::source::descriptors::Allowance;
use crate::source::process::{KERNEL_THREAD, read_stat};
use crate::source::remedy;
use crate::source::roots::Roots;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};

/// Processes of one application that are waited for beside the main one.
const MOST_OTHERS: usize = 32;

/// Descriptors that are left for others before processes beside the main ones are waited for.
const PLENTY: u64 = 4096;

/// Passes after the log may have missed a victim in which that may yet matter.
const PASSES_AFTER_A_MISS: u32 = 3;

/// One application as a pass has found it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) identity: &'a Arc<Identity>,
    pub(crate) lifetime: Lifetime,
    /// Its processes with their start, the main one first.
    pub(crate) processes: Vec<(u32, u64)>,
    pub(crate) cgroup: Option<Place<'a>>,
}

/// Its own cgroup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) version: Version,
    pub(crate) path: &'a [u8],
    pub(crate) directory: &'a Directory,
    pub(crate) constant: CgroupCounters,
}

/// The thread, as long as this is kept.
#[derive(Debug)]
pub(crate) struct Link {
    allowance: Allowance,
    commands: Option<Sender<Command>>,
    wake: Arc<OwnedFd>,
    status: Arc<Status>,
    /// Boxed: a table of them is half empty.
    followed: HashMap<Arc<Identity>, Box<Followed>>,
    are_pids_shared: bool,
    passes_since_miss: u32,
    /// Whether processes can be waited for: kernel 5.3, and no sandbox that forbids it.
    waits: bool,
}

/// What tells whether something has changed.
#[derive(Debug, PartialEq, Eq)]
struct Followed {
    lifetime: Lifetime,
    main: u32,
    incarnation: Option<u64>,
    others: Vec<(u32, u64)>,
}

impl Link {
    /// Starts the thread, which sends what it sees.
    ///
    /// # Errors
    /// When the system refuses a thread or a descriptor.
    pub(crate) fn start(roots: &Roots, allowance: Allowance, tell: Tell) -> io::Result<Self> {
        let are_pids_shared = is_of_the_kernel(roots);
        let views = Views { are_pids_shared, are_paths_shared: is_in_first_cgroup_namespace() };
        let log = match KernelLog::open(roots) {
            // A procfs of another machine, or a recorded one: its kills are not in this kernel's log.
            _ if !is_of_this_machine(roots) => None,
            Ok(log) => Some(log),
            Err(error) => {
                let remedy = match error.kind() {
                    io::ErrorKind::NotFound => remedy::LOG_NOT_FOUND,
                    _ => remedy::LOG_REFUSED,
                };
                tracing::info!(
                    %error,
                    remedy,
                    "kernel log not readable: victims are not named, scopes are told by limits alone under cgroup v1"
                );
                None
            }
        };
        if !Waited::is_possible() {
            tracing::info!(
                remedy = remedy::ENDS,
                "ends of processes cannot be waited for: they are seen at the next pass, and not how they went"
            );
        }
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let status = Arc::new(Status::default());
        let (commands, commanded) = channel();
        let ears = Ears { log, births: Births::open(&allowance) };
        let watcher = Watcher::new(roots, views, Arc::clone(&wake), commanded, tell, Arc::clone(&status), ears)?;
        std::thread::Builder::new().name("kills".to_owned()).stack_size(256 * 1024).spawn(move || watcher.run())?;
        Ok(Self {
            allowance,
            commands: Some(commands),
            wake,
            status,
            followed: HashMap::new(),
            are_pids_shared,
            passes_since_miss: PASSES_AFTER_A_MISS,
            waits: Waited::is_possible(),
        })
    }

    /// Tells the thread what has changed since the last pass.
    pub(crate) fn follow(
        &mut self,
        subjects: &[Subject<'_>],
        lingering: &HashSet<Arc<Identity>>,
        mount_point: impl Fn(Version) -> PathBuf,
    ) {
        let mut changed = false;
        for subject in subjects {
            let now = Followed::of(subject);
            if self.followed.get(subject.identity).is_none_or(|before| **before != now) {
                let target = self.target(subject, &now, &mount_point);
                self.command(Command::Follow(Box::new(target)));
                self.followed.insert(Arc::clone(subject.identity), Box::new(now));
                changed = true;
            }
        }
        let present: HashSet<&Arc<Identity>> = subjects.iter().map(|subject| subject.identity).collect();
        let is_gone = |identity: &Arc<Identity>| !present.contains(identity) && !lingering.contains(identity);
        let gone: Vec<Arc<Identity>> = self.followed.keys().filter(|identity| is_gone(identity)).cloned().collect();
        for identity in gone {
            self.followed.remove(&identity);
            self.command(Command::Leave(identity));
            changed = true;
        }
        if changed {
            self.command(Command::Expect(nurseries(subjects, &mount_point)));
        }
        if changed && self.has_log() {
            self.command(Command::Know(Arc::new(roster(subjects))));
        }
    }

    fn target(&self, subject: &Subject<'_>, now: &Followed, mount_point: impl Fn(Version) -> PathBuf) -> Target {
        let files = subject.cgroup.and_then(|place| {
            let mount_point = mount_point(place.version);
            let files = KillFiles::open(place.version, place.directory, mount_point, place.constant, &self.allowance);
            files.map(Box::new)
        });
        let mut processes = subject.processes.iter();
        let wait = |(pid, start): &(u32, u64)| Waited::open(*pid, *start, &self.allowance);
        let main = processes.next().and_then(wait);
        // Others need descriptors too.
        let is_rich = self.allowance.left() > PLENTY;
        let others = now.others.iter().filter(|_| is_rich).filter_map(wait).collect();
        Target { identity: Arc::clone(subject.identity), lifetime: subject.lifetime, files, main, others }
    }

    fn command(&self, command: Command) {
        if let Some(commands) = &self.commands
            && commands.send(command).is_ok()
        {
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    /// Notes that a pass begins; tells whether no kill can have escaped the log since the one before.
    pub(crate) fn is_log_whole(&mut self) -> bool {
        let has_missed = self.status.may_have_missed.swap(false, Ordering::Relaxed);
        self.passes_since_miss = if has_missed { 0 } else { self.passes_since_miss.saturating_add(1) };
        self.has_log() && self.are_pids_shared && self.passes_since_miss >= PASSES_AFTER_A_MISS
    }

    /// Whether the kernel log is read.
    pub(crate) fn has_log(&self) -> bool {
        self.status.has_log.load(Ordering::Relaxed)
    }

    /// Whether processes can be waited for.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.commands = None;
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

impl Followed {
    fn of(subject: &Subject<'_>) -> Self {
        let main = subject.processes.first().map_or(0, |(pid, _)| *pid);
        let others = match subject.cgroup {
            // It cannot be polled: the end of any process may be a kill.
            Some(place) if place.version == Version::V1 => {
                subject.processes.iter().skip(1).take(MOST_OTHERS).copied().collect()
            }
            _ => Vec::new(),
        };
        let incarnation = subject.cgroup.map(|place| place.constant.incarnation);
        Self { lifetime: subject.lifetime, main, incarnation, others }
    }
}

fn roster(subjects: &[Subject<'_>]) -> Roster {
    let mut roster = Roster::default();
    for subject in subjects {
        let cgroup = subject.cgroup.map(|place| (place.version, place.path.into(), place.constant.incarnation));
        let told = if cgroup.is_some() { 1 } else { usize::MAX };
        let known = Known { identity: Arc::clone(subject.identity), cgroup };
        roster.enter(known, subject.processes.iter().take(told).map(|(pid, _)| *pid));
    }
    roster.complete()
}

/// The folders in which cgroups like those of the subjects come: all above them.
fn nurseries(subjects: &[Subject<'_>], mount_point: impl Fn(Version) -> PathBuf) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = [Version::V1, Version::V2].map(&mount_point).into();
    for place in subjects.iter().filter_map(|subject| subject.cgroup) {
        let top = mount_point(place.version);
        let above = place.directory.host_path.iter().flat_map(|path| path.ancestors().skip(1));
        folders.extend(above.take_while(|path| path.starts_with(&top)).map(Into::into));
    }
    folders.sort();
    folders.dedup();
    folders
}

/// Whether a procfs has the kernel's own pids: pid 2 is a kernel's thread there and nowhere else.
pub(crate) fn is_of_the_kernel(roots: &Roots) -> bool {
    read_stat(roots, 2, &mut Vec::new()).is_ok_and(|stat| stat.flags & KERNEL_THREAD != 0)
}

/// `PROC_CGROUP_INIT_INO` of `linux/proc_ns.h`.
const FIRST_CGROUP_NAMESPACE: u64 = 0xefff_fffb;

/// Whether paths of cgroups are seen here as the kernel has them.
fn is_in_first_cgroup_namespace() -> bool {
    // Kernels before 4.6 have no others.
    std::fs::metadata("/proc/self/ns/cgroup").map_or(true, |namespace| namespace.ino() == FIRST_CGROUP_NAMESPACE)
}

/// Whether a procfs is of the kernel that runs here.
fn is_of_this_machine(roots: &Roots) -> bool {
    let boot = |procfs: &std::path::Path| std::fs::read(procfs.join("sys/kernel/random/boot_id")).ok();
    boot(&roots.procfs) == boot(&Roots::default().procfs)
}
