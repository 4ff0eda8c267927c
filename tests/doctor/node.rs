//! In containers of a real docker engine, under cgroup v1.

use super::Told;
use crate::permissions::node::FORMS;
use crate::permissions::scene::is_as_told;
use crate::support::docker::{Docker, IMAGE};

/// Has `memtrend doctor` run in a container of its own.
fn doctor(docker: &Docker, run: &str, flags: &[&str]) -> Told {
    let mut arguments = vec!["run", "--rm", "--network=none"];
    arguments.extend(run.split_whitespace());
    arguments.extend([IMAGE, "/memtrend", "doctor"]);
    arguments.extend(flags);
    Told::by(docker.command(&arguments))
}

/// An application of uid 1000 in the PID namespace of a container that outlives it.
fn start_application(docker: &Docker) {
    docker.run(&["run", "-d", "--name=pause", "--network=none", IMAGE, "/memtrend", "pause"]);
    docker.leak("app", 64, 0, &["--user=1000:1000", "-e=VERSION=7", "--pid=container:pause"]);
}

/// Each by itself.
const TRIALS: [fn(&Docker); 8] = [
    a_foreign_sidecar_is_told_what_helps,
    a_memtrend_that_serves_otherwise_is_told,
    without_flags_it_looks_as_who_serves_in_its_container,
    who_is_alone_is_told_how_processes_are_shared,
    an_agent_without_the_nodes_processes_is_told_so,
    an_agent_without_the_nodes_control_groups_is_told_so,
    names_are_read_and_patterns_that_fit_none_are_told,
    a_folder_of_another_user_is_told,
];

const NODE: &str = "--path.sysfs=/host/sys";

#[test]
fn each_container_sees_what_the_table_says_and_is_told_what_helps() {
    let Some(docker) = Docker::start() else { return };
    start_application(&docker);
    let id = docker.run(&["inspect", "-f", "{{.Id}}", "app"]);
    let cgroup = format!("--cgroup=own=/docker/{id}");
    std::thread::scope(|scope| {
        for (form, pids, privileges) in FORMS.iter().filter(|_| is_as_told()) {
            let (docker, cgroup) = (&docker, &cgroup);
            scope.spawn(move || {
                let is_agent = pids.contains("host");
                let mut flags = vec!["--version-env=VERSION", cgroup];
                flags.extend(is_agent.then_some(NODE));
                let told = doctor(docker, &format!("{pids} {privileges}"), &flags);
                let role = if is_agent { "node agent" } else { "sidecar" };
                assert!(
                    told.text.starts_with(&format!("runs     in a docker container, as a {role}, ")),
                    "{}",
                    told.text
                );
                told.assert_row("v1", form, "own");
            });
        }
        for trial in TRIALS {
            let docker = &docker;
            scope.spawn(move || trial(docker));
        }
    });
}

/// That the lines to change are those that help: each is taken, and is enough.
fn a_foreign_sidecar_is_told_what_helps(docker: &Docker) {
    let told = doctor(docker, "--pid=container:pause --user=65534:65534 --cap-drop=ALL --cap-add=SYS_PTRACE", &[]);
    assert_eq!(told.code, 1);
    told.must(
        "missing",
        "memory: control group refused, so summed from processes: leaky; SYS_PTRACE is in effect for root",
    );
    let helps = |line: &str| {
        told.must("", line);
        let flags = line.split_once("docker run ").unwrap().1.split('…').next().unwrap();
        let told = doctor(docker, &format!("--pid=container:pause {flags}"), &[]);
        assert_eq!(told.code, 0, "{line}\n{}", told.text);
        told.must("ok", "memory: from the control groups of 1");
    };
    helps("fix: docker run --user=1000:1000 --cap-drop=ALL …");
    helps("or:  docker run --user=0 --cap-drop=ALL --cap-add=SYS_PTRACE …");
}

/// With other flags and as another user: so it sees other things.
fn a_memtrend_that_serves_otherwise_is_told(docker: &Docker) {
    let serve = ["run", "-d", "--name=watcher", "--network=none", "--pid=container:pause", "--user=1000:1000", IMAGE];
    docker.run(&[&serve[..], &["/memtrend", "--version-env=VERSION", "--match=a=b c"]].concat());
    let told = Told::by(docker.command(&["exec", "--user=0:0", "watcher", "/memtrend", "doctor", "--match=a=d"]));
    told.must("note", "memtrend serves here as pid ");
    told.must("", "fix: docker exec --user=1000:1000 …");
    told.must("", "fix: memtrend doctor --version-env=VERSION '--match=a=b c'");
    let same = ["exec", "watcher", "/memtrend", "doctor", "--version-env=VERSION", "--match=a=b c"];
    assert!(!Told::by(docker.command(&same)).text.contains("note "));
}

/// `docker exec` gives it none of the container's flags: it looks by those of who serves there, and by no others' flags.
fn without_flags_it_looks_as_who_serves_in_its_container(docker: &Docker) {
    let agent = ["run", "-d", "--name=agent", "--network=none", "--pid=host", "--cgroupns=host", "--cap-drop=ALL"];
    let grants =
        ["--cap-add=SYS_PTRACE", "-v=/sys:/host/sys:ro", IMAGE, "/memtrend", "serve", NODE, "--match=a=^none here$"];
    docker.run(&[&agent[..], &grants].concat());
    let told = Told::by(docker.command(&["exec", "agent", "/memtrend", "doctor"]));
    told.must("note", "flags: those of the memtrend that serves here as pid ");
    told.must("missing", "application a: --match ^none here$: fits nothing");
    assert!(told.text.contains(&format!(": {NODE} '--match=a=^none here$'\n")), "{}", told.text);
    // With flags of its own it takes none of them.
    let told = Told::by(docker.command(&["exec", "agent", "/memtrend", "doctor", NODE]));
    assert!(!told.has("note", "flags") && !told.has("missing", "application a:"), "{}", told.text);
}

/// Alone, though another memtrend serves in its container.
fn who_is_alone_is_told_how_processes_are_shared(docker: &Docker) {
    docker.run(&["run", "-d", "--name=alone", "--network=none", "--user=65534:65534", IMAGE, "/memtrend", "serve"]);
    let told = Told::by(docker.command(&["exec", "alone", "/memtrend", "doctor"]));
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "processes: only memtrend itself is seen: no application shares its PID namespace");
    told.must("", "docker run --pid=container:pause …");
    assert!(!told.has("missing", "applications"), "{}", told.text);
}

fn an_agent_without_the_nodes_processes_is_told_so(docker: &Docker) {
    let told = doctor(docker, "-v /sys:/host/sys:ro --cap-drop=ALL --cap-add=SYS_PTRACE", &[NODE]);
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "processes: only memtrend itself is seen: it is not in the node's PID namespace");
    told.must("", "fix: docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro");
}

fn an_agent_without_the_nodes_control_groups_is_told_so(docker: &Docker) {
    let told = doctor(docker, "--pid=host --cap-drop=ALL", &[]);
    assert_eq!(told.code, 1, "{}", told.text);
    assert!(told.text.contains("; memtrend's own alone at /sys/fs/cgroup\n"), "{}", told.text);
    assert!(told.application("leaky").contains("summed: control group refused"), "{}", told.text);
    told.must("", "fix: docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro");
}

/// Names, where docker keeps them; and patterns of them.
fn names_are_read_and_patterns_that_fit_none_are_told(docker: &Docker) {
    let containers = docker.folder().join("data/containers").display().to_string();
    let named = format!("--pid=host --cgroupns=host -v /sys:/host/sys:ro -v {containers}:/host/root{containers}:ro");
    let flags = [NODE, "--path.rootfs=/host/root"];
    let told = doctor(docker, &named, &flags);
    assert!(told.application("app").contains("limit 64.0 MiB (own)"), "{}", told.text);
    let told = doctor(docker, &named, &[&flags[..], &["--container=shop-*"]].concat());
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "applications: --container fits none of the ");
    told.must("", "fix: --container=");
}

fn a_folder_of_another_user_is_told(docker: &Docker) {
    let told = doctor(docker, "--pid=container:pause --user=1000:1000", &["--state.dir=/proc"]);
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "state: /proc cannot be written: it is of 0:0, with mode 0555");
}
