//! Groups processes into applications.

use super::commands::{Commands, pid_in_file};
use super::lives::{Individual, Lives};
use super::names::{self, ContainerName};
use super::own::Own;
use super::selector::{Selection, Selector, Wanted};
use super::version::{runtime, variable};
use crate::analysis::sample::{About, Identity, Lifetime, clean_label};
use crate::source::cgroup::{Placement, Version, is_within};
use crate::source::clock::ticks_per_second;
use crate::source::process::table::{Process, ProcessTable};
use crate::source::read_error::Tally;
use crate::source::roots::Roots;
use crate::units::count_as_f64;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The deepest chain of parents that is followed.
pub(super) const DEEPEST_TREE: usize = 64;

/// One application and its processes.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) identity: Arc<Identity>,
    pub(crate) about: Arc<About>,
    pub(crate) lifetime: Lifetime,
    /// The oldest of its processes.
    pub(crate) main: u32,
    pub(crate) members: Vec<u32>,
    /// The cgroup that is its own, where it has one.
    pub(crate) own_cgroup: Option<(Version, Box<[u8]>)>,
}

/// What makes processes one application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Wanted(usize),
    /// A container of a pod stays the same when its id changes.
    PodContainer(Box<str>, Box<str>),
    Container(Box<str>),
    Unit(Box<[u8]>),
    Program(Box<str>),
}

/// Whether a life is alone in a cgroup.
type Settled = (Lifetime, Box<[u8]>, bool);

/// Finds applications, and remembers what it has called them.
#[derive(Debug)]
pub(crate) struct Applications {
    roots: Roots,
    selection: Selection,
    commands: Commands,
    lives: Lives,
    /// By the container's own cgroup path, with whether it is settled: a process that is still being set up as a
    /// container has not its mounts yet.
    containers: HashMap<Box<[u8]>, (ContainerName, bool)>,
    identities: HashMap<Key, Arc<Identity>>,
    /// Descendants stay with their application though their parent is gone.
    inherited: HashMap<Individual, usize>,
    /// Whether a life of an application has a cgroup for itself: settled when it comes there.
    owns: HashMap<Arc<Identity>, Settled>,
    abouts: HashMap<Arc<Identity>, (Lifetime, bool, Arc<About>)>,
    pinned: Pinned,
    /// When the next program will have run for long enough, in seconds since boot.
    next_program: Option<f64>,
    pub(crate) groups: Vec<Group>,
    pub(crate) missing: Vec<Arc<Identity>>,
}

impl Applications {
    pub(crate) fn new(roots: &Roots, selection: Selection) -> Self {
        Self {
            roots: roots.clone(),
            selection,
            commands: Commands::default(),
            lives: Lives::default(),
            containers: HashMap::new(),
            identities: HashMap::new(),
            inherited: HashMap::new(),
            owns: HashMap::new(),
            abouts: HashMap::new(),
            pinned: Pinned::default(),
            next_program: None,
            groups: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Whether the answer can change though no process came or went: a pid file may name another, and a program may
    /// have run for long enough.
    pub(crate) fn must_look_at(&self, seconds_since_boot: f64) -> bool {
        let has_pid_file = self.selection.wanted.iter().any(|wanted| matches!(wanted.selector, Selector::PidFile(_)));
        has_pid_file || self.next_program.is_some_and(|due| due <= seconds_since_boot)
    }

    /// What the node's files call the container whose own cgroup is `path`.
    pub(crate) fn container_name(&self, path: &[u8]) -> Option<&str> {
        self.containers.get(path)?.0.name.as_deref()
    }

    /// Whether the configuration names it.
    pub(crate) fn is_asked_for(&self, identity: &Identity) -> bool {
        self.selection.wanted.iter().any(|wanted| wanted.name == identity.application)
    }

    /// Groups all processes anew.
    pub(crate) fn regroup(&mut self, table: &ProcessTable, seconds_since_boot: f64, tally: &mut Tally) {
        let own = Own::of(&self.roots, table);
        self.commands.keep(|pid| table.get(pid).is_some());
        let wanted = self.wanted_of_each(table, &own, tally);
        let mut members: BTreeMap<Key, Vec<Individual>> = BTreeMap::new();
        // The oldest first: a container is named by its first process, which has its mounts.
        let mut processes: Vec<(u32, &Process)> = table.iter().collect();
        processes.sort_unstable_by_key(|(pid, process)| (process.start_ticks, *pid));
        for (pid, process) in processes {
            let key = match wanted.get(&pid) {
                Some(place) => Some(Key::Wanted(*place)),
                None if self.selection.automatic => self.automatic_key(pid, process, &own),
                None => None,
            };
            if let Some(key) = key {
                members.entry(key).or_default().push((pid, process.start_ticks));
            }
        }
        members.retain(|_, members| !is_pause(members, table));
        self.leave_out_short_programs(&mut members, seconds_since_boot);
        self.lives.begin_round();
        self.name_all(&members, table);
        let tops: BTreeSet<Box<[u8]>> = members.values().filter_map(|members| placed_at(members, table)).collect();
        self.groups = members
            .into_iter()
            .filter_map(|(key, mut members)| {
                members.sort_unstable_by_key(|(pid, start)| (*start, *pid));
                self.group(&key, &members, table, &tops)
            })
            .collect();
        self.missing = self.missing_now();
        self.forget_gone(table);
    }

    fn leave_out_short_programs(&mut self, members: &mut BTreeMap<Key, Vec<Individual>>, seconds_since_boot: f64) {
        let ticks = ticks_per_second();
        let mut next: Option<f64> = None;
        members.retain(|key, members| {
            let Key::Program(_) = key else { return true };
            let oldest = members.iter().map(|(_, start)| *start).min().unwrap_or(0);
            let due = count_as_f64(oldest) / ticks + self.selection.shortest_program_seconds;
            if due > seconds_since_boot {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
            due <= seconds_since_boot
        });
        self.next_program = next;
    }

    /// The wanted application of each process: its own, else its nearest ancestor's, else the one it once descended from.
    fn wanted_of_each(&mut self, table: &ProcessTable, own: &Own, tally: &mut Tally) -> HashMap<u32, usize> {
        let mut direct = HashMap::new();
        if self.selection.wanted.is_empty() {
            return direct;
        }
        let pids: Vec<Option<u32>> = self
            .selection
            .wanted
            .iter()
            .map(|wanted| match &wanted.selector {
                Selector::Pid(pid) => Some(*pid).filter(|pid| self.pinned.is_same(*pid, table)),
                Selector::PidFile(path) => pid_in_file(path, tally),
                _ => None,
            })
            .collect();
        let has_patterns =
            self.selection.wanted.iter().any(|wanted| matches!(wanted.selector, Selector::CommandLine(_)));
        for (pid, process) in table.iter().filter(|(pid, _)| Some(*pid) != own.pid) {
            let wanted = &self.selection.wanted;
            let by_pid = pids.iter().position(|named| *named == Some(pid));
            let is_below = |wanted: &Wanted| matches!(wanted.selector, Selector::Below(top) if top == process.parent);
            let by_parent = || wanted.iter().position(is_below);
            let by_group = || wanted.iter().position(|wanted| wanted.selector.holds(&process.membership));
            // Who started memtrend has the pattern in its own command line.
            let by_command = || {
                (has_patterns && !own.ancestors.contains(&pid))
                    .then(|| self.commands.matching(wanted, (pid, process), &self.roots, tally))
                    .flatten()
            };
            if let Some(place) = by_pid.or_else(by_parent).or_else(by_group).or_else(by_command) {
                direct.insert(pid, place);
            }
        }
        let mut all = direct.clone();
        for (pid, process) in table.iter().filter(|(pid, _)| Some(*pid) != own.pid && !direct.contains_key(pid)) {
            let ancestor = ancestor_in(&direct, table, process, own).filter(|place| self.takes_descendants(*place));
            let kept = || self.inherited.get(&(pid, process.start_ticks)).copied();
            if let Some(place) = ancestor.or_else(kept) {
                all.insert(pid, place);
                self.inherited.insert((pid, process.start_ticks), place);
            }
        }
        all
    }

    fn takes_descendants(&self, place: usize) -> bool {
        self.selection.wanted.get(place).is_some_and(|wanted| wanted.selector.takes_descendants())
    }

    /// What a process belongs to by itself; `None` for memtrend and all that is in its own container.
    fn automatic_key(&mut self, pid: u32, process: &Process, own: &Own) -> Option<Key> {
        if own.has(pid, &process.membership) || process.sets_up_a_container() {
            return None;
        }
        match &process.membership.placement {
            Placement::Container { container, path } => {
                if !self.containers.get(path).is_some_and(|(_, is_settled)| *is_settled) {
                    let name = names::name(&self.roots, container, pid);
                    self.containers.insert(path.clone(), (name, !process.is_young()));
                }
                let (known, _) = self.containers.get(path)?;
                Some(match (&known.pod_uid, &known.container) {
                    (Some(uid), Some(name)) => Key::PodContainer(uid.clone(), name.clone()),
                    _ => Key::Container(container.id.clone()),
                })
            }
            Placement::Unit { path, .. } => Some(Key::Unit(path.clone())),
            Placement::Monitor => None,
            Placement::Other => Some(Key::Program(process.program.clone())),
        }
    }

    /// Gives each key its identity. A name that is taken by another that is alive gets a number; a number is free again
    /// when its owner is gone, so that a recreated container finds its old one.
    fn name_all(&mut self, members: &BTreeMap<Key, Vec<Individual>>, table: &ProcessTable) {
        self.identities.retain(|key, _| members.contains_key(key));
        let mut taken: HashSet<Arc<Identity>> = self.identities.values().cloned().collect();
        let mut nameless: Vec<(&Key, &Vec<Individual>)> =
            members.iter().filter(|(key, _)| !self.identities.contains_key(*key)).collect();
        // Who was first has the plain name.
        nameless.sort_by_key(|(_, members)| members.iter().map(|(pid, start)| (*start, *pid)).min());
        for (key, members) in nameless {
            let base = self.base_identity(key, members, table);
            let identity = (1..)
                .map(|number| Arc::new(numbered(&base, number)))
                .find(|identity| !taken.contains(identity))
                .unwrap_or_else(|| Arc::new(base.clone()));
            taken.insert(Arc::clone(&identity));
            self.identities.insert(key.clone(), identity);
        }
    }

    fn base_identity(&self, key: &Key, members: &[Individual], table: &ProcessTable) -> Identity {
        let main = members.iter().min_by_key(|(pid, start)| (*start, *pid)).and_then(|(pid, _)| table.get(*pid));
        let program = || main.map_or_else(|| named(""), |process| named(&process.program));
        let plain = |name: Box<str>| Identity { application: name, namespace: None, pod: None, container: None };
        match key {
            Key::Wanted(place) => {
                plain(self.selection.wanted.get(*place).map_or_else(program, |wanted| wanted.name.clone()))
            }
            Key::Unit(_) => match main.map(|process| &process.membership.placement) {
                Some(Placement::Unit { name, .. }) => plain(clean_label(name)),
                _ => plain(program()),
            },
            Key::Program(name) => plain(named(name)),
            Key::PodContainer(..) | Key::Container(_) => {
                let known = main.and_then(|process| self.containers.get(process.membership.placement.path()?));
                let known = known.map(|(name, _)| name.clone()).unwrap_or_default();
                Identity {
                    application: known.name.unwrap_or_else(program),
                    namespace: known.namespace,
                    pod: known.pod,
                    container: known.container,
                }
            }
        }
    }

    fn group(
        &mut self,
        key: &Key,
        members: &[Individual],
        table: &ProcessTable,
        tops: &BTreeSet<Box<[u8]>>,
    ) -> Option<Group> {
        let identity = Arc::clone(self.identities.get(key)?);
        let is_container = matches!(key, Key::PodContainer(..) | Key::Container(_));
        if !matches!(key, Key::Wanted(_)) && !self.selection.filter.takes(&identity, is_container) {
            return None;
        }
        let lifetime = self.lives.of(&identity, members)?;
        let (main, _) = *members.first()?;
        let process = table.get(main)?;
        // One that holds other applications (a user's manager, kind's node) would count their memory as its own.
        let own_cgroup = self
            .own_cgroup(key, &identity, lifetime, members, process, table)
            .filter(|(_, path)| matches!(key, Key::Wanted(_)) || !holds_another(path, tops));
        let about = self.about(key, &identity, lifetime, main, process);
        Some(Group {
            identity,
            about,
            lifetime,
            main,
            members: members.iter().map(|(pid, _)| *pid).collect(),
            own_cgroup,
        })
    }

    /// The cgroup in which an application is alone: a container's or unit's own; for one asked for otherwise the cgroup
    /// of its main process, if no foreign process is in it when the life begins.
    fn own_cgroup(
        &mut self,
        key: &Key,
        identity: &Arc<Identity>,
        lifetime: Lifetime,
        members: &[Individual],
        main: &Process,
        table: &ProcessTable,
    ) -> Option<(Version, Box<[u8]>)> {
        let (version, path) = main.membership.memory.as_ref()?;
        let asked_for = match key {
            Key::Wanted(place) => match &self.selection.wanted.get(*place)?.selector {
                Selector::Cgroup(path) => Some(path.clone()),
                _ => None,
            },
            _ => None,
        };
        let top: Box<[u8]> = match (asked_for, main.membership.placement.path()) {
            (Some(path), _) => path,
            (None, Some(placed)) if is_within(path, placed) => placed.into(),
            (None, Some(_)) if !matches!(key, Key::Wanted(_)) => return None,
            (None, _) => path.clone(),
        };
        if *top == *b"/" || matches!(key, Key::Program(_)) {
            return None;
        }
        if matches!(key, Key::Wanted(_)) {
            let settled = self.owns.get(identity).filter(|(life, path, _)| *life == lifetime && *path == top);
            let owns = settled.map_or_else(|| is_alone(&top, members, table), |(_, _, owns)| *owns);
            self.owns.insert(Arc::clone(identity), (lifetime, top.clone(), owns));
            if !owns {
                return None;
            }
        }
        Some((*version, top))
    }

    fn about(
        &mut self,
        key: &Key,
        identity: &Arc<Identity>,
        lifetime: Lifetime,
        pid: u32,
        main: &Process,
    ) -> Arc<About> {
        // A main process that has not yet become its program has not its environment either.
        if let Some((life, was_young, about)) = self.abouts.get(identity)
            && *life == lifetime
            && !*was_young
        {
            return Arc::clone(about);
        }
        let wanted = match key {
            Key::Wanted(place) => self.selection.wanted.get(*place),
            _ => None,
        };
        let from_environment = || variable(&self.roots, pid, self.selection.version_variable.as_deref()?);
        let image = main.membership.placement.path().and_then(|path| self.containers.get(path)?.0.image.clone());
        let about = Arc::new(About {
            version: wanted.and_then(|wanted| wanted.version.clone()).or_else(from_environment),
            runtime: runtime(&main.program).map(Into::into),
            image,
        });
        self.abouts.insert(Arc::clone(identity), (lifetime, main.is_young(), Arc::clone(&about)));
        about
    }

    fn missing_now(&self) -> Vec<Arc<Identity>> {
        let identity = |name: &str| Identity { application: name.into(), namespace: None, pod: None, container: None };
        let wanted = self.selection.wanted.iter().map(|wanted| identity(&wanted.name));
        let found: HashSet<&Identity> = self.groups.iter().map(|group| &*group.identity).collect();
        wanted.filter(|identity| !found.contains(identity)).map(Arc::new).collect()
    }

    fn forget_gone(&mut self, table: &ProcessTable) {
        self.inherited.retain(|(pid, start), _| table.get(*pid).is_some_and(|process| process.start_ticks == *start));
        let paths: HashSet<&[u8]> =
            table.iter().filter_map(|(_, process)| process.membership.placement.path()).collect();
        self.containers.retain(|path, _| paths.contains(&**path));
        let alive: HashSet<&Arc<Identity>> = self.groups.iter().map(|group| &group.identity).collect();
        self.owns.retain(|identity, _| alive.contains(identity));
        self.abouts.retain(|identity, _| alive.contains(identity));
    }
}

/// A program's name as a label; Prometheus takes an empty one for none.
fn named(program: &str) -> Box<str> {
    if program.is_empty() { "unknown".into() } else { clean_label(program.as_bytes()) }
}

fn numbered(base: &Identity, number: u32) -> Identity {
    let application =
        if number == 1 { base.application.clone() } else { format!("{}-{number}", base.application).into() };
    Identity { application, ..base.clone() }
}

/// Processes asked for by pid, each known by its start: a pid that is used again is another process.
#[derive(Debug, Default)]
struct Pinned(HashMap<u32, u64>);

impl Pinned {
    fn is_same(&mut self, pid: u32, table: &ProcessTable) -> bool {
        table.get(pid).is_some_and(|process| *self.0.entry(pid).or_insert(process.start_ticks) == process.start_ticks)
    }
}

/// The wanted application of the nearest ancestor that has one.
fn ancestor_in(direct: &HashMap<u32, usize>, table: &ProcessTable, process: &Process, own: &Own) -> Option<usize> {
    let (mut parent, mut born) = (process.parent, process.start_ticks);
    for _ in 0..DEEPEST_TREE {
        let ancestor = table.get(parent).filter(|ancestor| ancestor.start_ticks <= born && Some(parent) != own.pid)?;
        if let Some(place) = direct.get(&parent) {
            return Some(*place);
        }
        (parent, born) = (ancestor.parent, ancestor.start_ticks);
    }
    None
}

/// A pod's sandbox holds nothing but a process that sleeps. Where a container's first process is a pause the others there come
/// and go, as its health check does; catatonit is the init of applications too. The members are in the order of their births.
fn is_pause(members: &[Individual], table: &ProcessTable) -> bool {
    let process = |(pid, _): &Individual| table.get(*pid);
    let is_in_container = |process: &Process| matches!(process.membership.placement, Placement::Container { .. });
    let is_called_pause = |process: &Process| &*process.program == "pause";
    let sleeps =
        |process: &Process| is_called_pause(process) || (&*process.program == "catatonit" && is_in_container(process));
    let first = members.first().and_then(process);
    first.is_some_and(|first| is_in_container(first) && is_called_pause(first))
        || members.iter().all(|member| process(member).is_some_and(sleeps))
}

/// The cgroup of the container or unit that these processes are in.
fn placed_at(members: &[Individual], table: &ProcessTable) -> Option<Box<[u8]>> {
    let (pid, _) = members.first()?;
    table.get(*pid)?.membership.placement.path().map(Into::into)
}

/// Whether a path of the set is strictly below `path`.
fn holds_another(path: &[u8], tops: &BTreeSet<Box<[u8]>>) -> bool {
    let below: Box<[u8]> = [path, b"/"].concat().into();
    tops.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below))
}

/// Whether every process in or below a cgroup is one of the members.
fn is_alone(path: &[u8], members: &[Individual], table: &ProcessTable) -> bool {
    let ours: HashSet<u32> = members.iter().map(|(pid, _)| *pid).collect();
    table.iter().all(|(pid, process)| {
        let inside = process.membership.memory.as_ref().is_some_and(|(_, own)| is_within(own, path));
        !inside || ours.contains(&pid)
    })
}
