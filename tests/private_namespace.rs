//! A memtrend in a cgroup namespace of its own, as a container has it, with the node's cgroups mounted: names that lead out of the
//! namespace lead to the right folders, and the kernel's kills to the right application.

use crate::support::binary;
use crate::support::exporter::Exporter;
use crate::support::limited::LimitedGroup;
use crate::support::wait_for;
use std::process::Command;
use std::time::Duration;

const MIB: u64 = 1 << 20;

#[test]
fn cgroups_beside_its_own_are_read_on_the_node() {
    let Some(own) = LimitedGroup::create("agent", 512 * MIB) else { return };
    let Some(group) = LimitedGroup::create("beside", 96 * MIB) else { return };
    let path = format!("/{}", group.folder.file_name().unwrap().to_str().unwrap());
    let mut command = Command::new("sh");
    // Joined first: the namespace begins where its first process is.
    command
        .args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec unshare --cgroup \"$@\""])
        .arg(&own.folder)
        .arg(binary());
    let mut leak = group.leak(16 * MIB, 8 * MIB);
    let exporter = Exporter::start_by(command, &["--cgroup", &format!("app={path}"), "--trend.block", "1s"]);
    let seen = std::fs::read_to_string(format!("/proc/{}/cgroup", exporter.pid())).unwrap();
    assert!(seen.contains(own.folder.file_name().unwrap().to_str().unwrap()), "it is where it was put: {seen}");
    let page = wait_for("the application", Duration::from_secs(8), || {
        let page = exporter.page();
        (page.must("memtrend_application_up{application=\"app\"}") == 1.0).then_some(page)
    });
    assert_eq!(page.must("memtrend_memory_limit_bytes{application=\"app\",source=\"own\"}"), f64::from(96_u32 << 20));
    leak.0.wait().unwrap();
    wait_for("the kill in its scope", Duration::from_secs(5), || {
        (exporter.page().must("memtrend_oom_kills_total{application=\"app\",scope=\"own\"}") == 1.0).then_some(())
    });
    drop(exporter);
}
