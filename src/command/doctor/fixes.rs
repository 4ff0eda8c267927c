//! The line to change, in the form of the place. What grants what is in `docs/permissions.md`, tried.

use super::facts::{DAC_READ_SEARCH, Engine, Facts, SYS_PTRACE, SYSLOG, User};
use super::finding::Words;
use super::served::quoted;
use crate::source::remedy;

/// Words for how memtrend is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Host,
    Unit,
    Docker,
    Kubernetes,
}

impl Form {
    pub(super) fn of(facts: &Facts) -> Self {
        match facts.engine {
            Engine::Host => Self::Host,
            Engine::Unit(_) => Self::Unit,
            // Their flags are docker's.
            Engine::Docker | Engine::Podman | Engine::Container => Self::Docker,
            Engine::Kubernetes => Self::Kubernetes,
        }
    }
}

/// What is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Applications' control groups.
    Groups,
    /// The folders of their descriptors.
    Descriptors,
    /// Their environments.
    Environments,
}

/// What opens it; `user` is that of all applications concerned, if it is one and not root.
pub(super) fn open(door: Door, facts: &Facts, user: Option<(u32, u32)>) -> Vec<Words> {
    let (more, remedy) = match door {
        Door::Groups => (false, remedy::GROUP_REFUSED),
        Door::Descriptors => (true, remedy::DESCRIPTORS),
        Door::Environments => (true, remedy::ENVIRONMENT),
    };
    // Who is that user and group already, and is refused, is so for another reason.
    let user = user.filter(|user| *user != (facts.user.uid, facts.user.gid));
    match Form::of(facts) {
        Form::Host => told(&[remedy]),
        Form::Unit => {
            let capabilities = if more { "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH" } else { "CAP_SYS_PTRACE" };
            vec![capable(capabilities, "").into()]
        }
        Form::Docker => {
            let more = if more { " --cap-add=DAC_READ_SEARCH" } else { "" };
            let as_user =
                user.map(|(uid, gid)| format!("docker run --user={uid}:{gid} --cap-drop=ALL …   # as the application"));
            let as_root = format!("docker run --user=0 --cap-drop=ALL --cap-add=SYS_PTRACE{more} …");
            as_user.into_iter().chain([as_root]).map(Words::Owned).collect()
        }
        Form::Kubernetes => {
            let more = if more { ", DAC_READ_SEARCH" } else { "" };
            let as_user = user.map(|(uid, gid)| {
                format!(
                    "securityContext: {{ runAsUser: {uid}, runAsGroup: {gid}, capabilities: {{ drop: [ALL] }} }}   # as the application"
                )
            });
            let as_root = format!(
                "securityContext: {{ runAsUser: 0, capabilities: {{ drop: [ALL], add: [SYS_PTRACE{more}] }} }}\n\
                 # and runAsNonRoot: false, where that is set"
            );
            as_user.into_iter().chain([as_root]).map(Words::Owned).collect()
        }
    }
}

/// A unit with capabilities: they must be among those that it may have, and do not reach out of a user namespace.
fn capable(capabilities: &str, more: &str) -> String {
    format!(
        "[Service]\n# All of it: capabilities.conf beside the unit\nCapabilityBoundingSet={capabilities}\n\
         AmbientCapabilities={capabilities}\nPrivateUsers=no{more}"
    )
}

/// What shares the applications' processes with a sidecar, or the node's with an agent.
pub(super) fn share_processes(facts: &Facts) -> Vec<Words> {
    let sidecar = "docker run -d --name=pause memtrend:0.1.0 pause   # owns the processes\n\
                   docker run --pid=container:pause …   # memtrend, and the application too";
    let agent = "docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro … serve --path.sysfs=/host/sys";
    let lines: &[&'static str] = match (Form::of(facts), facts.is_agent) {
        (Form::Kubernetes, true) => &["hostPID: true   # of the pod's spec, beside containers:"],
        (Form::Kubernetes, false) => &["shareProcessNamespace: true   # of the pod's spec, beside containers:"],
        (_, true) => &[agent],
        (_, false) => &[sidecar, agent],
    };
    told(lines)
}

/// What shows a unit all of procfs.
pub(super) const WHOLE_PROCFS: &str = "[Service]\nProcSubset=all";

/// What shows processes of other users.
pub(super) fn show_processes(facts: &Facts) -> Vec<Words> {
    told(match Form::of(facts) {
        Form::Unit => &["[Service]\nProtectProc=default"],
        _ => &["mount -o remount,hidepid=0 /proc", "run memtrend as root"],
    })
}

/// What mounts the machine's control groups.
pub(super) fn mount_groups(facts: &Facts) -> Vec<Words> {
    told(match Form::of(facts) {
        Form::Kubernetes => &["args: [serve, --path.sysfs=/host/sys, …]\n\
             volumeMounts: [{ name: cgroup, mountPath: /host/sys/fs/cgroup, readOnly: true }]\n\
             volumes: [{ name: cgroup, hostPath: { path: /sys/fs/cgroup } }]   # of the pod's spec"],
        Form::Docker => &["docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro … serve --path.sysfs=/host/sys"],
        Form::Host | Form::Unit => &[remedy::GROUP_NOT_FOUND],
    })
}

/// What has the kernel count memory in control groups.
pub(super) fn count_memory() -> Vec<Words> {
    told(&["cgroup_enable=memory cgroup_memory=1   # on the kernel's command line, then restart the machine\n\
         # Raspberry Pi: /boot/firmware/cmdline.txt"])
}

/// Where those live that have no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Homes {
    pub(super) pods: bool,
    pub(super) containers: bool,
    pub(super) units: bool,
}

/// What gives an application a limit.
pub(super) fn limit(facts: &Facts, homes: Homes) -> Vec<Words> {
    const POD: &str = "resources: { limits: { memory: 512Mi } }   # of the application's container";
    match Form::of(facts) {
        Form::Kubernetes => told(&[POD]),
        Form::Docker => told(&["docker run --memory=512m …   # the application"]),
        Form::Host | Form::Unit => {
            let lines = [
                (homes.pods, POD),
                (homes.containers, "docker update --memory=512m --memory-swap=512m NAME"),
                (homes.units, "systemctl set-property NAME.service MemoryMax=512M"),
            ];
            lines.into_iter().filter(|(is_so, _)| *is_so).map(|(_, line)| Words::Borrowed(line)).collect()
        }
    }
}

/// What has the kernel log read.
pub(super) fn read_log(facts: &Facts) -> Vec<Words> {
    let agent = facts.is_agent;
    told(match Form::of(facts) {
        Form::Host => &[remedy::LOG_REFUSED],
        Form::Unit => {
            let device = "\nProtectKernelLogs=no\nDeviceAllow=/dev/kmsg r\nBindReadOnlyPaths=/dev/kmsg";
            return vec![capable("CAP_SYSLOG", device).into()];
        }
        Form::Docker if agent => &["docker run --user=0 --cap-add=SYSLOG --device=/dev/kmsg …"],
        Form::Docker => &["docker run --user=0 --cap-add=SYS_PTRACE --cap-add=SYSLOG --device=/dev/kmsg …"],
        // A volume of /dev/kmsg is not enough: the container must be allowed the device.
        Form::Kubernetes => &["privileged: true, and nothing less: not worth it for names"],
    })
}

/// What shows the names of containers.
pub(super) fn name_containers(facts: &Facts) -> Vec<Words> {
    told(match (Form::of(facts), facts.is_agent) {
        (Form::Kubernetes, _) => &["args: [serve, --path.rootfs=/host/root, …]\n\
             volumeMounts: [{ name: logs, mountPath: /host/root/var/log/containers, readOnly: true }]\n\
             volumes: [{ name: logs, hostPath: { path: /var/log/containers } }]   # of the pod's spec"],
        (Form::Docker, true) => {
            &["docker run --user=0 -v /var/lib/docker/containers:/host/root/var/lib/docker/containers:ro …\n\
             … serve --path.rootfs=/host/root"]
        }
        (Form::Docker, false) => &["… serve --match=NAME=REGEX   # of its command line"],
        (Form::Host | Form::Unit, _) => &["run memtrend as root, or with the capability DAC_READ_SEARCH"],
    })
}

/// What has doctor run as another user, with the capabilities that matter here.
pub(super) fn ask_as(facts: &Facts, user: &User) -> Vec<Words> {
    let (uid, gid) = (user.uid, user.gid);
    match Form::of(facts) {
        // From one with fewer capabilities there is no way to more.
        Form::Host | Form::Unit if facts.user.uid != 0 => Vec::new(),
        Form::Host | Form::Unit => {
            let named = [(SYS_PTRACE, "+sys_ptrace"), (DAC_READ_SEARCH, "+dac_read_search"), (SYSLOG, "+syslog")];
            let held: Vec<&str> = named.iter().filter(|(bit, _)| user.has(*bit)).map(|(_, name)| *name).collect();
            let held = held.join(",");
            let held = match held.is_empty() || uid == 0 {
                true => String::new(),
                false => format!(" --inh-caps={held} --ambient-caps={held}"),
            };
            let line = format!("setpriv --reuid={uid} --regid={gid} --clear-groups{held} memtrend doctor");
            vec![format!("{line}   # sees what it sees").into()]
        }
        Form::Docker => vec![format!("docker exec --user={uid}:{gid} …   # sees what it sees").into()],
        Form::Kubernetes => Vec::new(),
    }
}

/// What keeps the counters of kills in a folder that is not there yet, or cannot be written to.
pub(super) fn keep_state(facts: &Facts, folder: &str) -> Vec<Words> {
    let shown = quoted(folder);
    let line = match Form::of(facts) {
        Form::Host => format!(
            "mkdir -p {shown} && chown {}:{} {shown}   # and --state.dir={shown}",
            facts.user.uid, facts.user.gid
        ),
        Form::Unit => "[Service]\nStateDirectory=memtrend\n# and --state.dir=/var/lib/memtrend".to_owned(),
        Form::Docker => format!("docker run -v memtrend-state:{shown} … serve --state.dir={shown}"),
        Form::Kubernetes => format!(
            "args: [serve, --state.dir={folder}, …]\n\
             volumeMounts: [{{ name: memtrend-state, mountPath: {folder} }}]\n\
             volumes: [{{ name: memtrend-state, emptyDir: {{ sizeLimit: 16Mi }} }}]   # of the pod's spec"
        ),
    };
    vec![line.into()]
}

/// What opens a folder that is another's.
pub(super) fn own_state(facts: &Facts, folder: &str) -> Vec<Words> {
    let (uid, gid) = (facts.user.uid, facts.user.gid);
    match Form::of(facts) {
        Form::Host => vec![format!("chown {uid}:{gid} {}", quoted(folder)).into()],
        Form::Unit => keep_state(facts, folder),
        Form::Docker => {
            vec![format!("chown {uid}:{gid} …   # the folder or volume that is mounted at {folder}").into()]
        }
        Form::Kubernetes => vec![
            format!("securityContext: {{ fsGroup: {gid} }}   # of the pod's spec").into(),
            format!("chown {uid}:{gid} …   # on the node, where it is a hostPath").into(),
        ],
    }
}

/// Lines that are there once.
pub(super) fn told(lines: &[&'static str]) -> Vec<Words> {
    lines.iter().map(|line| Words::Borrowed(line)).collect()
}
