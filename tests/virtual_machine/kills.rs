//! Kills under cgroup v2, of each scope, from the host's side.

use super::{pages, run};
use crate::kills::{kills, restarts, seen_by};

#[test]
fn every_kill_has_its_scope_and_a_group_kill_is_one() {
    let text = run(&["-t", "900", "-p", "setfattr"], "scopes.sh", &[]);
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
