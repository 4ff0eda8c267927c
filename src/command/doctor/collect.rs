//! Finds the facts out, with the readers of `serve`; writes nothing, and leaves a running memtrend alone.

use super::facts::{Absent, Facts, Reading, Seen, Serving, State, Unwatched, User, Version, View};
use super::read::{self, text};
use super::served;
use super::surroundings::{self, Traces};
use crate::analysis::sample::{Identity, Kind, Observation, Reason, Sample};
use crate::command::plain;
use crate::command::serve::watched;
use crate::config::{SelectorOption, Settings};
use crate::source::applications::{Selection, Selector, Wanted};
use crate::source::{Home, Roots, World, command_line, now, sees_machine};
use crate::state::{DEFAULT_FOLDER, file_in};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Between the passes: what comes up meanwhile is what it will be.
const BETWEEN_PASSES: Duration = Duration::from_secs(1);

/// What is told at most of what could have been named, and characters of each.
const MOST_THERE: usize = 5;
const LONGEST_TOLD: usize = 80;

/// All facts; `arguments` are the flags by which is looked.
///
/// # Errors
/// When two applications have one name, or the system refuses a thread.
pub(super) fn collect(mut settings: Settings, arguments: &[OsString]) -> anyhow::Result<Facts> {
    let mut absent = take_ended(&mut settings);
    let settings = &settings;
    let (roots, selection) = watched(settings)?;
    let wanted = selection.wanted.clone();
    let (mounts, own_status) = (text(Path::new("/proc/self/mountinfo")), text(Path::new("/proc/self/status")));
    let engine = surroundings::engine(Traces {
        has_docker_file: Path::new("/.dockerenv").exists(),
        has_podman_file: Path::new("/run/.containerenv").exists(),
        has_cluster_variable: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
        has_unit_variable: std::env::var_os("INVOCATION_ID").is_some(),
        cgroup: &fs::read("/proc/self/cgroup").unwrap_or_default(),
        mounts: &mounts,
    });
    let mut world = World::new(&roots, selection);
    world.watch_kills(|_| true)?;
    world.read(now());
    std::thread::sleep(BETWEEN_PASSES);
    let sample = world.read(now());
    let census = world.census(engine.is_container());
    let sees_machine = sees_machine(&roots);
    let applications = applications(&world, &sample, &roots, settings.version_env.is_some());
    let groups = surroundings::groups(&roots.sysfs, &text(&roots.procfs.join("cgroups")));
    let standard = Roots::default();
    let is_elsewhere = roots.procfs != standard.procfs || roots.sysfs != standard.sysfs && groups.view == View::Whole;
    absent.extend(not_found(&world, &sample, &wanted, &roots));
    let hiding = surroundings::hiding_option(&mounts, &roots.procfs);
    let hides = File::open(roots.of_process(1, "stat")).is_err();
    let unwatched = (settings.automatic && applications.is_empty()).then(|| unwatched(&roots));
    Ok(Facts {
        is_agent: engine.is_container() && (sees_machine || is_elsewhere),
        engine,
        is_sandbox: surroundings::is_sandbox(&text(&roots.procfs.join("version"))),
        kernel: plain(text(Path::new("/proc/sys/kernel/osrelease")).trim_end()),
        user: surroundings::user(&own_status).unwrap_or(User {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            ..User::default()
        }),
        serving: serving(&roots, &census.memtrends, arguments),
        taken: None,
        census,
        sees_machine,
        hidden_by: hiding.filter(|_| hides).map(|option| plain(&option)),
        has_machine_memory: sample.outcomes.first().is_some_and(|node| node.success),
        sysfs: plain(&roots.sysfs.join("fs/cgroup").display().to_string()),
        groups,
        has_pressure: roots.procfs.join("pressure/memory").exists(),
        most_applications: usize::try_from(settings.max_applications).unwrap_or(usize::MAX),
        absent,
        unwatched,
        filters: filters(settings),
        program_age: format!("{} s", settings.block.as_secs_f64()),
        sources: sample.kill_sources,
        version_variable: settings.version_env.as_deref().map(plain),
        state: settings.state.as_deref().map_or_else(usual_state, state),
        applications,
    })
}

fn filters(settings: &Settings) -> Vec<&'static str> {
    let given = [("--namespace", &settings.namespaces), ("--container", &settings.containers)];
    given.into_iter().filter(|(_, patterns)| !patterns.is_empty()).map(|(flag, _)| flag).collect()
}

fn name_of(identity: &Identity) -> String {
    plain(&match &identity.namespace {
        Some(namespace) => format!("{namespace}/{}", identity.application),
        None => identity.application.to_string(),
    })
}

fn applications(world: &World, sample: &Sample, roots: &Roots, wants_version: bool) -> Vec<Seen> {
    let alive = sample.applications.iter().filter(|seen| seen.is_alive());
    alive.filter_map(|seen| application(world, seen, roots, wants_version)).collect()
}

/// `None` for a memtrend that is not asked for.
fn application(world: &World, seen: &Observation, roots: &Roots, wants_version: bool) -> Option<Seen> {
    let access = world.access(&seen.identity)?;
    if access.is_memtrend && !access.is_asked_for && is_own_kind(roots, access.main) {
        return None;
    }
    let status = text(&roots.of_process(access.main, "status"));
    let reading = match (&seen.memory, &access.cgroup, access.problem) {
        (None, ..) => Reading::Not,
        (Some(memory), ..) if seen.counters.is_some() => Reading::Group(memory.basis),
        (_, None, _) => Reading::Shared,
        (_, _, Some(Reason::Permission)) => Reading::Refused,
        _ => Reading::NotFound,
    };
    let version = match &seen.about.version {
        None if wants_version => match File::open(roots.of_process(access.main, "environ")) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Version::Refused,
            _ => Version::NotSet,
        },
        _ => Version::Known,
    };
    let is_by_systemd =
        |path: &[u8]| [&b".scope"[..], b".slice"].iter().any(|end| path.windows(6).any(|part| part == *end));
    Some(Seen {
        name: name_of(&seen.identity),
        user: surroundings::user(&status).map(|user| (user.uid, user.gid)),
        home: access.home,
        reading,
        limit: seen.memory.and_then(|memory| memory.ceiling).map(|ceiling| (ceiling.source, ceiling.limit)),
        kinds: seen
            .memory
            .map_or(0, |memory| Kind::ALL.iter().filter(|kind| memory.by_kind.get(**kind).is_some()).count()),
        has_namespace: seen.identity.namespace.is_some(),
        has_pressure: seen.counters.is_some_and(|counters| counters.pressure_microseconds.is_some()),
        has_descriptors: seen.population.open_fds.is_some(),
        version,
        is_by_systemd: matches!(access.home, Home::Container { .. })
            .then(|| access.cgroup.as_deref().map(is_by_systemd))
            .flatten(),
    })
}

/// Whether a process that is called memtrend watches or keeps a namespace; the program that leaks, of the examples, is an application.
fn is_own_kind(roots: &Roots, pid: u32) -> bool {
    let line = read::of_process(&roots.of_process(pid, "cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) != Some(b"leak")
}

/// What would be found without filters, however young.
fn unwatched(roots: &Roots) -> Unwatched {
    let everything = Selection { automatic: true, ..Selection::default() };
    let mut world = World::new(roots, everything);
    let sample = world.read(now());
    let mut there = Unwatched::default();
    for seen in &sample.applications {
        let identity = &*seen.identity;
        let Some(access) = world.access(identity).filter(|access| !access.is_memtrend) else { continue };
        let is_container = matches!(access.home, Home::Container { .. });
        there.names.push(name_of(identity));
        enter(&mut there.namespaces, identity.namespace.as_deref());
        enter(&mut there.containers, identity.container.as_deref().or(is_container.then_some(&*identity.application)));
    }
    there
}

/// Each name once.
fn enter(names: &mut Vec<String>, name: Option<&str>) {
    if let Some(name) = name.map(plain).filter(|name| !names.contains(name)) {
        names.push(name);
    }
}

/// Takes those out that are asked for by the pid of a process that is not there: `serve` would not begin with them.
fn take_ended(settings: &mut Settings) -> Vec<Absent> {
    let mut ended = Vec::new();
    let procfs = settings.procfs.clone();
    settings.wanted.retain(|wanted| {
        let SelectorOption::Pid(pid) = &wanted.selector else { return true };
        let is_there = procfs.join(pid.0.to_string()).exists();
        if !is_there {
            let value = pid.0.to_string();
            let name = plain(wanted.name.as_deref().unwrap_or(&value));
            let problem = Some("there is no such process".to_owned());
            ended.push(Absent { name, flag: "--pid", value, there: Vec::new(), problem });
        }
        is_there
    });
    ended
}

fn not_found(world: &World, sample: &Sample, wanted: &[Wanted], roots: &Roots) -> Vec<Absent> {
    let is_missing = |wanted: &&Wanted| sample.missing.iter().any(|missing| missing.application == wanted.name);
    wanted.iter().filter(is_missing).map(|wanted| of_nobody(world, wanted, roots)).collect()
}

fn of_nobody(world: &World, wanted: &Wanted, roots: &Roots) -> Absent {
    let of_bytes = |bytes: &[u8]| told(&String::from_utf8_lossy(bytes));
    let mut problem = None;
    let (flag, value, there) = match &wanted.selector {
        Selector::Pid(pid) | Selector::Below(pid) => ("--pid", pid.to_string(), Vec::new()),
        Selector::PidFile(path) => {
            problem = Some(pid_file(path));
            ("--pid-file", told(&path.display().to_string()), Vec::new())
        }
        Selector::CommandLine(pattern) => ("--match", told(pattern.as_str()), command_lines(world, roots)),
        Selector::Cgroup(path) => {
            ("--cgroup", of_bytes(path), first(world.places().filter_map(|(_, path)| path.map(of_bytes)).collect()))
        }
        Selector::Container(id) => ("--container", told(id), Vec::new()),
        Selector::Unit(name) => {
            ("--unit", of_bytes(name), first(world.places().filter_map(|(unit, _)| unit.map(of_bytes)).collect()))
        }
    };
    Absent { name: plain(&wanted.name), flag, value, there, problem }
}

/// The first in their order, each once.
fn first(names: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    while all.len() < MOST_THERE {
        let left = names.iter().filter(|name| all.last().is_none_or(|last| *name > last));
        let Some(next) = left.min() else { break };
        all.push(next.clone());
    }
    all
}

/// Of the newest: who has just started one looks for it.
fn command_lines(world: &World, roots: &Roots) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pids = world.strangers();
    while let Some(pid) = pids.iter().max().copied().filter(|_| lines.len() < MOST_THERE) {
        pids.retain(|other| *other != pid);
        let line = command_line(roots, pid).unwrap_or_default();
        enter(&mut lines, Some(&*told(&String::from_utf8_lossy(&line))).filter(|line| !line.is_empty()));
    }
    lines
}

/// On one line, and not too long.
fn told(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(LONGEST_TOLD) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What is wrong with a pid file.
fn pid_file(path: &Path) -> String {
    match access(path, Access::READ_OK) {
        Ok(()) => "holds no pid of a process here".to_owned(),
        Err(Errno::NOENT) => "there is no such file".to_owned(),
        Err(error) => std::io::Error::from(error).to_string(),
    }
}

/// The folder that serves where none is asked for, if it does.
fn usual_state() -> State {
    match state(Path::new(DEFAULT_FOLDER)) {
        usual @ State::Writable(_) => usual,
        _ => State::NotAskedFor,
    }
}

/// Whether a folder can be written to, without writing.
fn state(folder: &Path) -> State {
    let name = plain(&folder.display().to_string());
    let metadata = match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return State::Unreachable { folder: name, why: "it is no folder".to_owned() },
        Err(error) if error.kind() == ErrorKind::NotFound => return State::Absent(name),
        Err(error) => return State::Unreachable { folder: name, why: plain(&error.to_string()) },
    };
    match access(folder, Access::WRITE_OK | Access::EXEC_OK | Access::READ_OK) {
        Ok(()) => {}
        Err(Errno::ROFS) => return State::ReadOnly(name),
        Err(_) => {
            return State::Refused {
                folder: name,
                owner: (metadata.uid(), metadata.gid()),
                mode: metadata.mode() & 0o7777,
            };
        }
    }
    let kept = file_in(folder);
    match access(&kept, Access::READ_OK) {
        Ok(()) | Err(Errno::NOENT) => State::Writable(name),
        Err(_) => State::Unreadable(plain(&kept.display().to_string())),
    }
}

/// The one memtrend that serves here.
fn serving(roots: &Roots, memtrends: &[u32], arguments: &[OsString]) -> Option<Serving> {
    let flags = |pid: &u32| Some((*pid, served::flags(&read::of_process(&roots.of_process(*pid, "cmdline"))?)?));
    let mut all = memtrends.iter().filter_map(flags);
    let (pid, flags) = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let status = text(&roots.of_process(pid, "status"));
    let is_same = flags.len() == arguments.len() && flags.iter().all(|flag| arguments.contains(flag));
    Some(Serving { pid, user: surroundings::user(&status)?, flags: (!is_same).then(|| served::written(&flags)) })
}
