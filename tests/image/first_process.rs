//! `memtrend pause`, and `memtrend serve` where it owns the PID namespace: what their duty is as its first process.

use super::{MODEST, free_address, is_ready, page};
use crate::support::docker::{Docker, IMAGE, RELEASED};
use crate::support::wait_for;
use std::fs;
use std::time::Duration;

/// Processes of this machine that wait for their parent to ask how they ended, by parent.
fn zombies_of(parent: u32) -> usize {
    let status = |pid: &str| fs::read_to_string(format!("/proc/{pid}/status")).ok();
    let names = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_zombie_of =
        |status: &String| status.contains("\nState:\tZ") && status.contains(&format!("\nPPid:\t{parent}\n"));
    names.filter(|name| name.parse::<u32>().is_ok()).filter_map(|name| status(&name)).filter(is_zombie_of).count()
}

/// A shell in the namespace of another container leaves ten orphans to its first process.
fn leave_orphans(docker: &Docker, owner: &str) {
    let busybox = "--mount=type=bind,source=/bin/busybox,target=/busybox,readonly";
    let script = "for n in 0 1 2 3 4 5 6 7 8 9; do (/busybox sleep 0.2 &) ; done; /busybox sleep 1";
    let namespace = format!("--pid=container:{owner}");
    docker.run(&[
        "run",
        "--rm",
        "--network=none",
        busybox,
        &namespace,
        "--entrypoint=/busybox",
        IMAGE,
        "sh",
        "-c",
        script,
    ]);
}

fn pid_of(docker: &Docker, container: &str) -> u32 {
    docker.run(&["inspect", "-f", "{{.State.Pid}}", container]).parse().unwrap()
}

#[test]
fn orphans_of_the_application_do_not_stay_as_zombies() {
    let Some(docker) = Docker::start_released() else { return };
    let listen = format!("--web.listen-address={}", free_address());
    docker.run(&[&["run", "-d", "--name=pause"][..], &MODEST, &[RELEASED, "pause"]].concat());
    docker.run(&[&["run", "-d", "--name=served"][..], &MODEST, &[RELEASED, "serve", &listen]].concat());
    // As a control: a first process that does not wait for them.
    let idle = ["run", "-d", "--name=idle", "--network=none", IMAGE, "/leaky", "leak", "--start=0", "--rate=0"];
    docker.run(&idle);
    for (owner, expected) in [("pause", 0), ("served", 0), ("idle", 10)] {
        leave_orphans(&docker, owner);
        assert_eq!(zombies_of(pid_of(&docker, owner)), expected, "{owner}");
    }
    for owner in ["pause", "served"] {
        docker.run(&["stop", "-t", "5", owner]);
        assert_eq!(docker.run(&["inspect", "-f", "{{.State.ExitCode}}", owner]), "0", "ends when it is told to");
    }
}

#[test]
fn who_owns_the_namespace_lives_through_the_ends_of_all_others_and_is_no_application() {
    let Some(docker) = Docker::start_released() else { return };
    let address = free_address();
    let listen = format!("--web.listen-address={address}");
    // Its health check, which is the image's, has other processes come and go in it.
    docker
        .run(&[&["run", "-d", "--name=pause", "--health-interval=100ms"][..], &MODEST, &[RELEASED, "pause"]].concat());
    let sidecar = ["run", "-d", "--name=watcher", "--pid=container:pause", "--user=1000:1000"];
    let serve = [RELEASED, "serve", "--trend.block=1s", "--interval=100ms", &listen];
    docker.run(&[&sidecar[..], &MODEST, &serve].concat());
    docker.leak("app", 64, 0, &["--pid=container:pause", "--user=1000:1000"]);
    wait_for("the sidecar", Duration::from_secs(20), || is_ready(address));
    let pids = ["pause", "app"].map(|name| pid_of(&docker, name));
    wait_for("the application", Duration::from_secs(10), || {
        page(address).value("memtrend_application_up{application=\"leaky\"}").filter(|up| *up == 1.0)
    });
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(page(address).must("memtrend_applications"), 1.0, "{}", page(address).listing());
    // Another memtrend in its place: nobody else ends by it.
    docker.run(&["rm", "-f", "watcher"]);
    docker.run(&[&sidecar[..], &MODEST, &serve].concat());
    wait_for("the next sidecar", Duration::from_secs(20), || is_ready(address));
    assert_eq!(["pause", "app"].map(|name| pid_of(&docker, name)), pids);
}
