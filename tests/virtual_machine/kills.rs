//! Kills under cgroup v2: of each scope from the host's side, and of a pod from its sidecar.

use super::{pages, run};
use crate::kills::{SCOPES, kills, rounds, seen_by};
use crate::support::page::Page;
use memtrend::units::count_as_f64;

/// `labels` are those of the application.
fn restarts(page: &Page, labels: &str) -> [f64; 3] {
    ["oom", "exit", "unknown"].map(|cause| page.must(&format!("memtrend_restarts_total{{{labels},cause=\"{cause}\"}}")))
}

#[test]
fn every_kill_has_its_scope_and_a_group_kill_is_one() {
    let text = run(&["-t", "300", "-p", "setfattr"], "scopes.sh", &[]);
    let page = &pages(&text)["end"];
    for (application, expected) in [
        ("own", [3.0, 0.0, 0.0, 0.0, 0.0]),
        ("above", [0.0, 3.0, 0.0, 0.0, 0.0]),
        ("free", [0.0, 0.0, 3.0, 0.0, 0.0]),
        ("group", [3.0, 0.0, 0.0, 0.0, 0.0]),
        ("marked", [0.0, 0.0, 0.0, 2.0, 0.0]),
    ] {
        assert_eq!(kills(page, application), expected, "{application}: {text}");
    }
    assert_eq!(restarts(page, "application=\"group\""), [2.0, 0.0, 0.0]);
    assert_eq!(page.must("memtrend_memory_events_total{application=\"group\",event=\"oom_group_kill\"}"), 3.0);
    assert_eq!(page.must("memtrend_oom_kills_unattributed_total"), 0.0);
    let [cgroup, log, vmstat, marks] =
        ["cgroup", "kernel_log", "vmstat", "userspace"].map(|source| seen_by(page, source));
    assert!(cgroup == vmstat && log == vmstat && vmstat > 12.0, "processes of a group are several: {text}");
    assert_eq!(marks, 2.0);
}

/// A pod whose container is killed and removed at once, again and again; its sidecar runs so.
fn assert_every_kill_is_counted(uid: &str, capabilities: &str) {
    let count = rounds(4, 200);
    let seconds = (120 + 15 * count).to_string();
    let text = run(&["-s", "-t", &seconds, "-p", "crun"], "pods.sh", &[&count.to_string(), uid, capabilities]);
    let page = &pages(&text)["end"];
    // As the kubelet has told it by the container's mounts.
    let app = "application=\"app\",container=\"app\"";
    let counted = SCOPES.map(|scope| page.must(&format!("memtrend_oom_kills_total{{{app},scope=\"{scope}\"}}")));
    assert_eq!(counted, [count_as_f64(count), 0.0, 0.0, 0.0, 0.0], "{text}");
    assert_eq!(restarts(page, app), [count_as_f64(count - 1), 0.0, 0.0], "{text}");
    println!("{count} of {count} in a pod, from a sidecar with uid {uid} and [{capabilities}]");
    println!("cgroup {} vmstat {}", seen_by(page, "cgroup"), seen_by(page, "vmstat"));
}

#[test]
fn every_kill_in_a_pod_is_counted_by_a_sidecar_of_the_same_user() {
    assert_every_kill_is_counted("1000", "");
}

#[test]
fn every_kill_in_a_pod_is_counted_by_a_sidecar_of_root_with_sys_ptrace() {
    assert_every_kill_is_counted("0", "\"CAP_SYS_PTRACE\"");
}
