//! The static binary under cgroup v2, in a virtual machine with a kernel of its own.

mod agent;
mod kills;
mod kubelet;
mod sidecar;

use crate::support::page::Page;
use crate::support::{project, static_binary};
use std::collections::BTreeMap;
use std::process::Command;

/// Runs a script of `tests/vm` in the virtual machine, with options of `tests/vm/run`; what it printed.
pub(crate) fn run(options: &[&str], script: &str, arguments: &[&str]) -> String {
    let output = Command::new(project().join("tests/vm/run"))
        .args(options)
        .arg("-a")
        .arg(static_binary())
        .arg("-a")
        .arg(project().join("tests/vm/pod.sh"))
        .arg(project().join("tests/vm").join(script))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The pages in a text, each after its mark.
pub(crate) fn pages(text: &str) -> BTreeMap<&str, Page> {
    let parts = text.split("@@page ").skip(1).map(|part| part.split_once('\n').unwrap());
    let own = |page: &str| -> String {
        let lines = page.split("@@").next().unwrap().lines().filter(|line| line.starts_with("memtrend_"));
        lines.map(|line| format!("{line}\n")).collect()
    };
    parts.map(|(name, page)| (name, Page::parse(&own(page)))).collect()
}

#[test]
fn kills_under_cgroup_v2_are_counted_over_two_lives() {
    let text = run(&["-t", "900"], "oom.sh", &[]);
    let pages = pages(&text);
    let mut times = Vec::new();
    for line in text.lines() {
        if let Some(time) = line.strip_prefix("@@at ").or_else(|| line.strip_prefix("@@killed ")) {
            times.push(time.trim().parse::<f64>().unwrap());
        }
    }
    let own = "memtrend_oom_kills_total{application=\"app\",scope=\"own\"}";
    assert_eq!(pages["half-way 1"].must(own), 0.0);
    assert_eq!(pages["killed 1"].must(own), 1.0);
    assert_eq!(pages["killed 2"].must(own), 2.0);
    assert_eq!(pages["half-way 2"].must("memtrend_restarts_total{application=\"app\",cause=\"oom\"}"), 1.0);
    assert_eq!(pages["killed 2"].must("memtrend_oom_source_kills_total{source=\"vmstat\"}"), 2.0);
    assert_eq!(pages["killed 2"].must("memtrend_oom_kills_unattributed_total"), 0.0);
    assert_eq!(pages["killed 2"].must("memtrend_application_up{application=\"app\"}"), 0.0);
    let half_way = &pages["half-way 1"];
    assert_eq!(half_way.must("memtrend_memory_limit_bytes{application=\"app\",source=\"own\"}"), f64::from(64 << 20));
    assert_eq!(half_way.must("memtrend_application_info{application=\"app\",evidence=\"cgroup_v2\"}"), 1.0);
    let slope = half_way.must("memtrend_heap_growth_bytes_per_second{application=\"app\",window=\"15s\"}");
    assert!((slope / 2_097_152.0 - 1.0).abs() < 0.05, "slope {slope}");
    let expected = half_way.must("memtrend_time_to_limit_seconds{application=\"app\",estimate=\"expected\"}");
    let left = times[1] - times[0];
    assert!((expected - left).abs() < 0.1 * left + 0.3, "time to limit {expected}, killed after {left}");
    for name in [
        "memtrend_memory_pressure_seconds_total{application=\"app\",kind=\"some\"}",
        "memtrend_memory_events_total{application=\"app\",event=\"oom\"}",
    ] {
        assert!(pages["killed 2"].value(name).is_some(), "{name}");
    }
    println!("slope {slope:.0} of 2097152, time to limit {expected:.2} of {left:.2} s");
}
