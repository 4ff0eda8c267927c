//! What the facts mean. Pure: facts in, findings out, in the order in which they are told.

use super::facts::{DAC_READ_SEARCH, Engine, Facts, SYS_PTRACE, SYSLOG, State, Unwatched, User};
use super::finding::{Finding, some};
use super::fixes;
use super::measures::{self, told};
use super::served::quoted;
use crate::analysis::oom::KillSource;
use crate::source::{Home, remedy};

/// All of them.
pub(super) fn of(facts: &Facts) -> Vec<Finding> {
    // What makes the rest another's comes first.
    let mut all = serving(facts);
    all.push(processes(facts));
    if !facts.has_machine_memory {
        let fix = fixes::told(&[fixes::WHOLE_PROCFS]);
        all.push(Finding::missing("machine: procfs has no meminfo: its memory is not known", fix));
    }
    if facts.is_sandbox {
        let text = "sandbox: gVisor tells of no control groups, limits and kills; memory is summed from processes";
        all.push(Finding::note(text, Vec::new()));
    }
    all.extend(applications(facts));
    all.extend(measures::of(facts));
    all.extend(kills(facts));
    all.extend(names(facts));
    all.push(state(facts));
    all
}

/// A memtrend that serves may see other things than the one that is asked.
fn serving(facts: &Facts) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Some((pid, flags)) = &facts.taken {
        let text = format!("flags: those of the memtrend that serves here as pid {pid}: {flags}");
        all.push(Finding::note(text, Vec::new()));
    }
    let Some(serving) = &facts.serving else { return all };
    let (pid, User { uid, effective, .. }) = (serving.pid, serving.user);
    if (uid, effective) != (facts.user.uid, facts.user.effective) {
        let text = format!(
            "memtrend serves here as pid {pid}, uid {uid}, with {}: it may see other things",
            capabilities(effective)
        );
        all.push(Finding::note(text, fixes::ask_as(facts, &serving.user)));
    }
    if let Some(flags) = &serving.flags {
        let text = format!("memtrend serves here as pid {pid}, with other flags than those given");
        all.push(Finding::note(text, vec![format!("memtrend doctor {flags}").into()]));
    }
    all
}

/// Whether no application can be seen: who is in its own container may be one that is asked for.
pub(super) fn is_alone(facts: &Facts) -> bool {
    facts.engine.is_container() && facts.census.others == 0 && facts.applications.is_empty()
}

fn processes(facts: &Facts) -> Finding {
    if is_alone(facts) {
        let text = match facts.is_agent {
            true => "processes: only memtrend itself is seen: it is not in the node's PID namespace",
            false => "processes: only memtrend itself is seen: no application shares its PID namespace",
        };
        return Finding::missing(text, fixes::share_processes(facts));
    }
    if let Some(option) = &facts.hidden_by {
        let text = format!("processes: those of other users are hidden: procfs is mounted with {option}");
        return Finding::missing(text, fixes::show_processes(facts));
    }
    let (all, others) = (facts.census.processes, facts.census.others);
    Finding::fine(format!("processes: {all}, of which {others} are not memtrend's"))
}

fn applications(facts: &Facts) -> Vec<Finding> {
    let mut all = Vec::new();
    let (found, most) = (facts.applications.len(), facts.most_applications);
    if found > most {
        let text = format!("applications: {found} are found, of which {most} are watched");
        all.push(Finding::missing(text, vec![format!("--max-applications={found}").into()]));
    } else if found > 0 {
        all.push(Finding::fine(format!("applications: {found} found")));
    }
    for absent in &facts.absent {
        let problem = absent.problem.as_deref().unwrap_or("fits nothing");
        let text = format!("application {}: {} {}: {problem}", absent.name, absent.flag, absent.value);
        let fix = match absent.there.is_empty() {
            true => "start it, or correct the flag".to_owned(),
            false => format!("name by {} what is here:\n{}", absent.flag, absent.there.join("\n")),
        };
        all.push(Finding::missing(text, vec![fix.into()]));
    }
    // Who sees nobody is told so already.
    if let Some(unwatched) = facts.unwatched.as_ref().filter(|_| found == 0 && !is_alone(facts)) {
        all.push(none(facts, unwatched));
    }
    all
}

/// Nothing that is found by itself is watched.
fn none(facts: &Facts, unwatched: &Unwatched) -> Finding {
    if unwatched.names.is_empty() {
        return Finding::missing("applications: none is found", fixes::told(&["start one, then look again"]));
    }
    let names = told(&unwatched.names);
    if facts.filters.is_empty() {
        let fix = format!("look again later: a program counts as one when it has run for {}", facts.program_age);
        return Finding::missing(format!("applications: none yet: {names}"), vec![fix.into()]);
    }
    let count = unwatched.names.len();
    let text = format!("applications: {} fits none of the {count} here: {names}", facts.filters.join(" with "));
    let fixes = facts.filters.iter().map(|filter| {
        let (here, what) = match *filter {
            "--namespace" => (&unwatched.namespaces, "a namespace"),
            _ => (&unwatched.containers, "a container"),
        };
        match here.first() {
            Some(first) => format!("{filter}={first}   # here: {}", told(here)),
            None => format!("leave {filter} out: of none is the name of {what} known"),
        }
    });
    Finding::missing(text, fixes.map(Into::into).collect())
}

fn kills(facts: &Facts) -> Vec<Finding> {
    if facts.is_sandbox {
        return Vec::new();
    }
    let reads = |source: KillSource| facts.sources.readable.get(source.index()).copied().unwrap_or(false);
    let mut all = Vec::new();
    if facts.applications.iter().any(measures::has_group) {
        all.push(match facts.applications.iter().any(measures::is_unread) {
            false => Finding::fine("kills: counted by control groups, each with its scope"),
            true => Finding::missing(
                "kills: not counted where the control group is not seen: inferred, of unknown scope",
                fixes::told(&[measures::AS_ABOVE]),
            ),
        });
    }
    all.push(match (reads(KillSource::Vmstat), facts.has_machine_memory) {
        (true, _) => Finding::fine("kills: counted for the machine, by vmstat"),
        (false, true) => Finding::could(
            "kills: not counted for the machine: vmstat has no oom_kill",
            fixes::told(&["a kernel of 4.13 or later"]),
        ),
        (false, false) => Finding::could(
            "kills: not counted for the machine: procfs has no vmstat",
            fixes::told(&["as for the machine, above"]),
        ),
    });
    all.push(match reads(KillSource::ProcessExit) {
        true => Finding::fine("kills: ends of processes are waited for"),
        false => Finding::could("kills: ends of processes are seen at the next pass", fixes::told(&[remedy::ENDS])),
    });
    all.push(match reads(KillSource::KernelLog) {
        true => Finding::fine("kills: victims are named by the kernel log"),
        false => Finding::could("kills: victims are not named: the kernel log is not read", fixes::read_log(facts)),
    });
    if reads(KillSource::Userspace) {
        all.push(Finding::fine("kills: those by systemd-oomd are counted"));
    }
    all
}

fn names(facts: &Facts) -> Option<Finding> {
    let containers: Vec<_> =
        facts.applications.iter().filter(|seen| matches!(seen.home, Home::Container { .. })).collect();
    let nameless = containers.iter().filter(|seen| seen.home == Home::Container { is_named: false });
    let nameless: Vec<&str> = nameless.map(|seen| &*seen.name).collect();
    let is_pods = facts.engine == Engine::Kubernetes;
    if !nameless.is_empty() {
        let text = format!("names: of programs, for those of their containers are not known: {}", some(&nameless));
        return Some(Finding::could(text, fixes::name_containers(facts)));
    }
    if containers.is_empty() {
        return None;
    }
    Some(match (is_pods, facts.is_agent) {
        (true, true) if containers.iter().all(|seen| !seen.has_namespace) => {
            Finding::could("names: of containers, without pods and namespaces", fixes::name_containers(facts))
        }
        (true, true) => Finding::fine("names: of containers, pods and namespaces"),
        (true, false) => Finding::fine("names: of containers; Prometheus adds pod and namespace"),
        (false, _) => Finding::fine("names: of containers"),
    })
}

fn state(facts: &Facts) -> Finding {
    match &facts.state {
        State::NotAskedFor => {
            let text = "state: not kept: counters of kills begin at 0 whenever memtrend does";
            Finding::could(text, fixes::keep_state(facts, "/var/lib/memtrend"))
        }
        State::Writable(folder) => Finding::fine(format!("state: kept in {folder}")),
        State::Absent(folder) => {
            Finding::missing(format!("state: there is no folder {folder}"), fixes::keep_state(facts, folder))
        }
        State::Unreachable { folder, why } => {
            let fix = "--state.dir=FOLDER   # one that memtrend may reach, each folder above it too";
            Finding::missing(format!("state: {folder}: {why}"), fixes::told(&[fix]))
        }
        State::ReadOnly(folder) => {
            let text = format!("state: {folder} is mounted read-only");
            Finding::missing(text, fixes::keep_state(facts, folder))
        }
        State::Refused { folder, owner: (uid, gid), mode } => {
            let text = format!("state: {folder} cannot be written: it is of {uid}:{gid}, with mode {mode:04o}");
            Finding::missing(text, fixes::own_state(facts, folder))
        }
        State::Unreadable(file) => {
            let fix = format!("chown {}:{} {}", facts.user.uid, facts.user.gid, quoted(file));
            Finding::missing(format!("state: {file} cannot be read"), vec![fix.into()])
        }
    }
}

/// Those that matter here by name.
pub(super) fn capabilities(effective: u64) -> String {
    /// Kernels before 5.8 have no more; later ones have 41.
    const ALL: u32 = 38;
    let count = effective.count_ones();
    if count == 0 || count >= ALL {
        return if count == 0 { "no capability" } else { "all capabilities" }.to_owned();
    }
    let named = [(SYS_PTRACE, "SYS_PTRACE"), (DAC_READ_SEARCH, "DAC_READ_SEARCH"), (SYSLOG, "SYSLOG")];
    let is_held = |bit: u32| effective & (1 << bit) != 0;
    let held: Vec<&str> = named.iter().filter(|(bit, _)| is_held(*bit)).map(|(_, name)| *name).collect();
    let others = usize::try_from(count).unwrap_or(0) - held.len();
    match (held.is_empty(), others) {
        (true, _) => format!("{others} capabilities, but not SYS_PTRACE"),
        (false, 0) => held.join(", "),
        (false, _) => format!("{} and {others} others", held.join(", ")),
    }
}
