//! `deploy/systemd`: the unit as systemd judges it, and as it runs under a systemd that is the first process of a machine.

use crate::support::{project, static_binary};
use crate::virtual_machine::{pages, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Exposure of the unit alone, with all capabilities that `capabilities.conf` gives, and with `socket.conf`.
const MOST_EXPOSED: f64 = 2.0;
const MOST_EXPOSED_WITH_CAPABILITIES: f64 = 2.5;
const MOST_EXPOSED_WITH_A_SOCKET: f64 = 0.5;

const KILLS: &str = "memtrend_oom_kills_total{application=\"leaky\",scope=\"own\"}";

fn shipped(name: &str) -> PathBuf {
    project().join("deploy/systemd").join(name)
}

/// A root with the unit as it would be installed, and a drop-in.
fn installed(drop_in: Option<&str>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let units = root.path().join("etc/systemd/system");
    let drop_ins = units.join("memtrend.service.d");
    let programs = root.path().join("usr/bin");
    fs::create_dir_all(&drop_ins).unwrap();
    fs::create_dir_all(&programs).unwrap();
    fs::copy(shipped("memtrend.service"), units.join("memtrend.service")).unwrap();
    fs::copy(shipped("socket/memtrend.socket"), units.join("memtrend.socket")).unwrap();
    if let Some(drop_in) = drop_in {
        fs::copy(shipped(drop_in), drop_ins.join("drop-in.conf")).unwrap();
    }
    fs::copy(static_binary(), programs.join("memtrend")).unwrap();
    root
}

fn systemd_analyze(root: &Path, arguments: &[&str]) -> Output {
    let root = format!("--root={}", root.display());
    Command::new("systemd-analyze").args(arguments).args([&root, "--no-pager", "memtrend.service"]).output().unwrap()
}

fn exposure(root: &Path) -> f64 {
    let output = systemd_analyze(root, &["security", "--offline=true"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) = text.split_once("Overall exposure level for memtrend.service: ").expect(&text);
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn the_unit_is_as_exposed_as_is_told() {
    let alone = exposure(installed(None).path());
    let capable = exposure(installed(Some("capabilities.conf")).path());
    let by_socket = exposure(installed(Some("socket/socket.conf")).path());
    assert!(alone <= MOST_EXPOSED, "{alone}");
    assert!(alone < capable && capable <= MOST_EXPOSED_WITH_CAPABILITIES, "{capable}");
    assert!(by_socket <= MOST_EXPOSED_WITH_A_SOCKET, "{by_socket}");
    println!("exposure {alone}, with capabilities {capable}, with a socket {by_socket}");
}

#[test]
fn systemd_knows_every_key_of_the_units() {
    for drop_in in ["capabilities.conf", "socket/socket.conf"] {
        let root = installed(Some(drop_in));
        let output = systemd_analyze(root.path(), &["verify", "--recursive-errors=no", "memtrend.socket"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{drop_in}: {told}");
    }
}

#[test]
fn under_systemd_a_unit_that_is_killed_is_counted_and_the_count_outlives_a_restart() {
    let files =
        ["memtrend.service", "memtrend.default", "capabilities.conf", "socket/memtrend.socket", "socket/socket.conf"];
    let files = files.map(shipped);
    let mut options = vec!["-i", "-t", "900"];
    for file in &files {
        options.extend(["-a", file.to_str().unwrap()]);
    }
    let text = run(&options, "systemd.sh", &[]);
    let pages = pages(&text);
    let fact = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix("@@fact ")?.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {name}: {text}"))
    };

    let user: u32 = fact("user").parse().unwrap();
    assert!((61184..=65519).contains(&user), "a dynamic user: {user}");
    assert_eq!(fact("folder"), format!("{user} 700"));

    // Each time that systemd started it again it had been killed, and that is still known after an orderly end and after a crash,
    // from which systemd brings memtrend back.
    let kills: f64 = fact("leaky_restarts").parse().unwrap();
    assert!(kills >= 1.0);
    assert_eq!(pages["killed"].must(KILLS), kills);
    assert_eq!(pages["restarted"].must(KILLS), kills);
    assert_eq!(fact("own_restarts"), "1");
    assert!(pages["capable"].must(KILLS) >= kills);

    // What the capabilities open.
    let grown = &pages["capable"];
    let limit = "memtrend_memory_limit_bytes{application=\"leaky\",source=\"own\"}";
    assert_eq!(grown.must(limit), f64::from(64 << 20));
    let info = "memtrend_application_info{application=\"leaky\",version=\"7\",evidence=\"cgroup_v2\"}";
    assert!(pages["killed"].value(info).is_none());
    assert_eq!(grown.must(info), 1.0);
    let report = text.lines().find_map(|line| line.strip_prefix("@@report ")).unwrap();
    let report: serde_json::Value = serde_json::from_str(report).unwrap();
    let leaky = report["applications"].as_array().unwrap().iter().find(|one| one["application"] == "leaky").unwrap();
    assert_eq!(leaky["last_oom_kill"]["process"], "memtrend");

    // In an empty network it answers all the same; the kill whose victim was named is told too.
    assert_eq!(fact("network"), "another");
    assert!(pages["socket"].must(KILLS) > kills);

    assert_eq!(fact("wrong"), "refused");
}
