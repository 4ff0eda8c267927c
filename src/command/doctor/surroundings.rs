//! Where memtrend runs: by the traces that engines leave.

use super::facts::{Engine, Groups, Layout, User, View};
use crate::source::cgroup::{Membership, Placement};
use procfs::process::MountInfo;
use std::fs;
use std::path::Path;

/// What tells of an engine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traces<'a> {
    /// `/.dockerenv`, `/run/.containerenv`.
    pub(super) has_docker_file: bool,
    pub(super) has_podman_file: bool,
    /// `KUBERNETES_SERVICE_HOST`, `INVOCATION_ID` (systemd's).
    pub(super) has_cluster_variable: bool,
    pub(super) has_unit_variable: bool,
    /// `/proc/self/cgroup`, `/proc/self/mountinfo`.
    pub(super) cgroup: &'a [u8],
    pub(super) mounts: &'a str,
}

/// The engine that has left them.
pub(super) fn engine(traces: Traces<'_>) -> Engine {
    let membership = Membership::parse(traces.cgroup);
    let is_mounted = |at: &str, holds: &str| {
        mounts(traces.mounts).any(|mount| mount.mount_point == Path::new(at) && mount.root.contains(holds))
    };
    if traces.has_cluster_variable || is_mounted("/dev/termination-log", "/pods/") {
        return Engine::Kubernetes;
    }
    if traces.has_podman_file || is_mounted("/etc/hostname", "/overlay-containers/") {
        return Engine::Podman;
    }
    // A machine's image that was made of a container's may have the file too; a container has its mounts.
    if is_mounted("/etc/hostname", if traces.has_docker_file { "" } else { "/docker/containers/" }) {
        return Engine::Docker;
    }
    match &membership.placement {
        Placement::Container { container, .. } if container.pod_uid.is_some() => Engine::Kubernetes,
        Placement::Container { path, .. } if holds(path, b"libpod") => Engine::Podman,
        Placement::Container { path, .. } if holds(path, b"docker") => Engine::Docker,
        Placement::Container { .. } => Engine::Container,
        // What a unit's process has started in a cgroup of its own is not the unit.
        Placement::Unit { name, path }
            if traces.has_unit_variable && membership.paths.iter().any(|own| own == path) =>
        {
            Engine::Unit(String::from_utf8_lossy(name).into_owned())
        }
        _ => Engine::Host,
    }
}

fn holds(path: &[u8], part: &[u8]) -> bool {
    path.windows(part.len()).any(|window| window == part)
}

/// Lines of mountinfo; what is not like that is passed over.
fn mounts(text: &str) -> impl DoubleEndedIterator<Item = MountInfo> {
    text.lines().filter_map(|line| MountInfo::from_line(line).ok())
}

/// The option by which a procfs hides processes of other users.
pub(super) fn hiding_option(mountinfo: &str, procfs: &Path) -> Option<String> {
    let proc = mounts(mountinfo).rfind(|mount| mount.mount_point == procfs && mount.fs_type == "proc")?;
    let hidden =
        [proc.mount_options, proc.super_options].into_iter().find_map(|mut options| options.remove("hidepid"))??;
    (!matches!(&*hidden, "0" | "off")).then(|| format!("hidepid={hidden}"))
}

/// Who a process is, by its `status`; `None` where a sandbox does not tell.
pub(super) fn user(status: &str) -> Option<User> {
    let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    // Real, effective, saved, file system.
    let id = |key: &str| field(key)?.split_ascii_whitespace().nth(1)?.parse().ok();
    let bits = |key: &str| field(key).and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    Some(User { uid: id("Uid")?, gid: id("Gid")?, effective: bits("CapEff"), bounding: bits("CapBnd") })
}

/// Whether a kernel is gVisor's, which says that it is one of that day, whichever release it claims (4.4.0, 4.19.0-gvisor).
pub(super) fn is_sandbox(version: &str) -> bool {
    version.contains("gvisor") || version.contains("Sun Jan 10 15:06:54 PST 2016")
}

/// What a node's control groups have at their top, one or the other.
const NODES_OWN: [&str; 6] = ["kubepods", "kubepods.slice", "kubelet", "kubelet.slice", "system.slice", "docker"];

/// The control groups below a sysfs; `known` is what the kernel says of its controllers (`/proc/cgroups`).
pub(super) fn groups(sysfs: &Path, known: &str) -> Groups {
    let base = sysfs.join("fs/cgroup");
    let has = |path: &str| base.join(path).exists();
    // The node may be a container itself (kind, LXC): what is mounted elsewhere and holds its pods and units is all of it.
    let is_node =
        |below: &str| sysfs != Path::new("/sys") && NODES_OWN.iter().any(|name| has(&format!("{below}{name}")));
    let view = |has_parent: bool, below: &str| if has_parent && !is_node(below) { View::Own } else { View::Whole };
    let row = known.lines().find_map(|line| line.strip_prefix("memory\t"));
    let is_off = row.is_some_and(|row| row.split_ascii_whitespace().next_back() == Some("0"));
    if let Ok(controllers) = fs::read_to_string(base.join("cgroup.controllers")) {
        let view = view(has("cgroup.type"), "");
        let is_told = controllers.split_ascii_whitespace().any(|name| name == "memory");
        // Beside a private group the controllers are those that it was given.
        let counts_memory = !is_off && (is_told || view == View::Own);
        return Groups { layout: Some(Layout::V2), view, counts_memory };
    }
    let hybrid = if has("unified/cgroup.procs") { Layout::Hybrid } else { Layout::V1 };
    if has("memory/memory.limit_in_bytes") {
        let view = view(!has("memory/release_agent"), "memory/");
        return Groups { layout: Some(hybrid), view, counts_memory: true };
    }
    let is_v1 = ["cpu", "systemd", "pids", "unified"].into_iter().any(has);
    Groups { layout: is_v1.then_some(hybrid), view: View::Nothing, counts_memory: !(is_off || is_v1 && row.is_none()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const ID: &str = "4f0c3c6f9f6e4c0b8a3c5d2e1f00112233445566778899aabbccddeeff001122";
    const HOST: &str = "25 1 0:22 / /proc rw,nosuid shared:5 - proc proc rw\n";

    #[test]
    fn each_engine_is_told_by_what_it_leaves() {
        let docker = format!("4:memory:/docker/{ID}\n");
        let podman = format!("0::/machine.slice/libpod-{ID}.scope/container\n");
        let nerdctl = format!("0::/system.slice/nerdctl-{ID}.scope\n");
        let pod = format!("0::/kubepods/burstable/pod6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee123/{ID}\n");
        let kubelet =
            "7 1 8:1 /var/lib/kubelet/pods/6f1c/containers/app/1a2b /dev/termination-log rw - ext4 /dev/sda1 rw\n";
        let mounted =
            format!("7 1 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n");
        let unit = "0::/system.slice/memtrend.service\n";
        let of = |cgroup: &'static str| Traces { cgroup: cgroup.as_bytes(), mounts: HOST, ..Traces::default() };
        let by = |cgroup: &str| engine(Traces { cgroup: cgroup.as_bytes(), mounts: HOST, ..Traces::default() });
        assert_eq!(engine(of("0::/user.slice/user-0.slice/session-1.scope\n")), Engine::Host);
        assert_eq!(engine(Traces { has_unit_variable: true, ..of(unit) }), Engine::Unit("memtrend".to_owned()));
        assert_eq!(engine(of(unit)), Engine::Host, "started by hand from a unit");
        let below = of("0::/system.slice/ci.service/job1\n");
        assert_eq!(engine(Traces { has_unit_variable: true, ..below }), Engine::Host, "below a unit");
        assert_eq!(by(&docker), Engine::Docker);
        assert_eq!(by(&podman), Engine::Podman);
        assert_eq!(by(&nerdctl), Engine::Container);
        assert_eq!(by(&pod), Engine::Kubernetes);
        // In private cgroup namespaces.
        let elsewhere = "7 1 8:1 /data/containers/1/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n";
        let by_file = Traces { has_docker_file: true, ..of("0::/\n") };
        assert_eq!(engine(Traces { mounts: elsewhere, ..by_file }), Engine::Docker);
        assert_eq!(engine(by_file), Engine::Host, "a machine made of a container's image");
        assert_eq!(engine(Traces { has_podman_file: true, ..of("0::/\n") }), Engine::Podman);
        assert_eq!(
            engine(Traces { has_cluster_variable: true, has_docker_file: true, ..of("0::/\n") }),
            Engine::Kubernetes
        );
        assert_eq!(engine(Traces { mounts: kubelet, ..of("0::/\n") }), Engine::Kubernetes);
        assert_eq!(engine(Traces { mounts: &mounted, ..of("0::/\n") }), Engine::Docker);
        assert_eq!(engine(Traces { mounts: "garbage\n7 1 - \n", cgroup: b"\xff", ..Traces::default() }), Engine::Host);
    }

    #[test]
    fn a_procfs_that_hides_processes_says_so_in_its_options() {
        let of = |options: &str| format!("{HOST}26 1 0:23 / /proc rw,nosuid - proc proc rw,{options}\n");
        for (options, expected) in [
            ("hidepid=2", Some("hidepid=2")),
            ("gid=7,hidepid=invisible", Some("hidepid=invisible")),
            ("hidepid=ptraceable", Some("hidepid=ptraceable")),
            ("hidepid=0", None),
            ("gid=7", None),
        ] {
            assert_eq!(hiding_option(&of(options), Path::new("/proc")).as_deref(), expected, "{options}");
            assert_eq!(hiding_option(&of(options), Path::new("/host/proc")), None);
        }
    }

    #[test]
    fn a_user_is_read_from_status_as_it_is_in_effect() {
        let status =
            "Name:\tx\nUid:\t0\t1000\t0\t0\nGid:\t5\t6\t5\t5\nCapEff:\t0000000000080000\nCapBnd:\t000001ffffffffff\n";
        let expected = User { uid: 1000, gid: 6, effective: 1 << 19, bounding: (1 << 41) - 1 };
        assert_eq!(user(status), Some(expected));
        assert_eq!(user("Name:\tx\nCapEff:\t00000000a80425fb\n"), None, "gVisor");
    }

    #[test]
    fn layouts_of_control_groups_are_told_by_their_files() {
        let of = |files: &[(&str, &str)], known: &str| {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = folder.path().join("fs/cgroup").join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, text).unwrap();
            }
            let Groups { layout, view, counts_memory } = groups(folder.path(), known);
            (layout, view, counts_memory)
        };
        let (on, off) = ("memory\t4\t7\t1\n", "memory\t0\t7\t0\n");
        let (v1, v2) = (Some(Layout::V1), Some(Layout::V2));
        assert_eq!(of(&[("cgroup.controllers", "cpu memory pids\n")], on), (v2, View::Whole, true));
        assert_eq!(of(&[("cgroup.controllers", "cpu pids\n")], off), (v2, View::Whole, false), "cgroup_disable=memory");
        let own = [("cgroup.controllers", "cpu\n"), ("cgroup.type", "domain\n")];
        assert_eq!(of(&own, on), (v2, View::Own, true));
        let pods = ("kubelet.slice/cgroup.procs", "");
        let node = [("cgroup.controllers", "cpu memory\n"), own[1], pods];
        assert_eq!(of(&node, on), (v2, View::Whole, true), "a node in a container");
        let memory = ("memory/memory.limit_in_bytes", "1\n");
        assert_eq!(of(&[memory, ("memory/release_agent", "\n")], on), (v1, View::Whole, true));
        assert_eq!(of(&[memory], on), (v1, View::Own, true), "in a container");
        let beside = [memory, ("memory/release_agent", "\n"), ("unified/cgroup.procs", "")];
        assert_eq!(of(&beside, on), (Some(Layout::Hybrid), View::Whole, true));
        assert_eq!(of(&[("cpu/tasks", "")], off), (v1, View::Nothing, false));
        assert_eq!(of(&[("cpu/tasks", "")], ""), (v1, View::Nothing, false), "compiled without it");
        assert_eq!(of(&[], on), (None, View::Nothing, true), "not mounted");
    }

    #[test]
    fn gvisor_says_what_it_always_says() {
        assert!(is_sandbox("Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n"));
        assert!(is_sandbox("Linux version 4.19.0-gvisor #1 SMP Sun Jan 10 15:06:54 PST 2016\n"));
        assert!(!is_sandbox("Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)"));
    }
}
