//! Children that are killed while the main process lives on: nobody else tells of them.

use super::{assert_own_kills, kills, rounds, told};
use crate::support::binary;
use crate::support::exporter::Exporter;
use crate::support::limited::LimitedGroup;
use crate::support::wait_for;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

/// A main process in a cgroup of its own that starts a child, far too large for it, for every line that it is given.
struct Family {
    main: Child,
    group: LimitedGroup,
}

impl Family {
    fn start(name: &str) -> Option<Self> {
        let group = LimitedGroup::create(name, 24 * MIB)?;
        let script =
            "echo $$ >\"$1/cgroup.procs\"; while read -r _; do \"$2\" leak --start 67108864 --rate 0; done; : \"$0\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, &format!("family-{name}")]).arg(&group.folder).arg(binary());
        let main = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the shell in its cgroup", Duration::from_secs(10), || {
            let inside = std::fs::read_to_string(group.folder.join("cgroup.procs")).unwrap();
            (!inside.is_empty()).then_some(())
        });
        Some(Self { main, group })
    }

    /// Has so many children made, one after another.
    fn make_children(&mut self, count: u64) {
        let lines = "\n".repeat(usize::try_from(count).unwrap());
        self.main.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// What its cgroup has counted.
    fn counted(&self) -> u64 {
        let file = if self.group.is_v1 { "memory.oom_control" } else { "memory.events" };
        let text = std::fs::read_to_string(self.group.folder.join(file)).unwrap();
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")).unwrap().parse().unwrap()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let _ = self.main.kill();
        let _ = self.main.wait();
    }
}

/// Waits until memtrend has found an application in its own cgroup: the shell goes there by itself.
fn wait_at_home(exporter: &Exporter, name: &str) {
    let series = format!("memtrend_application_info{{application=\"{name}\",evidence=\"cgroup_v");
    wait_for(name, Duration::from_secs(20), || {
        exporter.page().series.keys().any(|known| known.starts_with(&series)).then_some(())
    });
}

fn watching(names: &[&str], more: &[&str]) -> Exporter {
    let mut flags: Vec<String> = names.iter().map(|name| format!("--match={name}=family-{name}$")).collect();
    // The pattern is in the arguments of the shell, not in its program's name.
    flags.iter_mut().for_each(|flag| *flag = flag.replace('$', "( |$)"));
    flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    Exporter::start(&flags)
}

#[test]
fn every_child_that_is_killed_is_counted_once_one_after_another() {
    let Some(mut family) = Family::start("one") else { return };
    let exporter = watching(&["one"], &["--interval=1s"]);
    wait_at_home(&exporter, "one");
    let count = rounds(30, 1000);
    family.make_children(count);
    while family.counted() < count {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_own_kills(&exporter, "one", count);
    println!("{count} of {count} children counted, one after another");
    // The kernel's line with the control group, by which a child is known that was born and killed between two passes, is
    // left out when kills are many, on the whole machine: a later one is named.
    for more in 1..=20 {
        if is_last_victim_named(&exporter) {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
        family.make_children(1);
        while family.counted() < count + more {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_own_kills(&exporter, "one", count + more);
    }
    panic!("no victim is named: {}", told(&exporter.page(), &exporter));
}

/// The last kill as the report tells it: whose limit, how much that was, and whether the victim is named, as it should be where
/// the kernel log is readable.
fn is_last_victim_named(exporter: &Exporter) -> bool {
    let answer = exporter.get("/api/v1/report", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let report: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    let app = report["applications"].as_array().unwrap().iter().find(|app| app["application"] == "one").unwrap();
    assert_eq!((&report["version"], &app["up"]), (&serde_json::json!(1), &serde_json::json!(true)));
    let kill = &app["last_oom_kill"];
    assert_eq!((&kill["scope"], &kill["memory_limit_bytes"]), (&"own".into(), &(24 * MIB).into()), "{kill}");
    let age = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
        - kill["timestamp_seconds"].as_f64().unwrap();
    assert!((0.0..60.0).contains(&age), "{kill}");
    let log = report["oom_sources"].as_array().unwrap().iter().find(|source| source["source"] == "kernel_log").unwrap();
    if log["readable"] != true {
        return true;
    }
    let is_named = kill.get("process").is_some();
    if is_named {
        assert_eq!(kill["process"].as_str(), binary().file_name().unwrap().to_str(), "{kill}");
        assert!(kill["pid"].as_u64().unwrap() > 1 && kill["resident_bytes"].as_u64().unwrap() > 16 * MIB, "{kill}");
    }
    is_named
}

#[test]
fn every_child_that_is_killed_is_counted_once_four_at_a_time() {
    let names = ["four-a", "four-b", "four-c", "four-d"];
    let Some(mut families) = names.iter().map(|name| Family::start(name)).collect::<Option<Vec<_>>>() else { return };
    let exporter = watching(&names, &["--interval=1s"]);
    names.iter().for_each(|name| wait_at_home(&exporter, name));
    let count = rounds(12, 250);
    families.iter_mut().for_each(|family| family.make_children(count));
    while families.iter().any(|family| family.counted() < count) {
        std::thread::sleep(Duration::from_millis(20));
    }
    names.iter().for_each(|name| assert_own_kills(&exporter, name, count));
    println!("{0} of {0} children counted, four at a time", 4 * count);
}

#[test]
fn a_kill_is_on_the_page_within_fifty_milliseconds() {
    let Some(mut family) = Family::start("fast") else { return };
    // No pass will come while it is measured.
    let exporter = watching(&["fast"], &["--trend.block=1h", "--interval=30m"]);
    wait_at_home(&exporter, "fast");
    let mut delays = Vec::new();
    for number in 1..=rounds(15, 200) {
        family.make_children(1);
        while family.counted() < number {
            std::thread::sleep(Duration::from_micros(200));
        }
        let killed = Instant::now();
        let expected = memtrend::units::count_as_f64(number);
        while kills(&exporter.page(), "fast")[0] < expected {
            let page = exporter.page();
            assert!(killed.elapsed() < Duration::from_secs(5), "kill {number}: {}", told(&page, &exporter));
        }
        delays.push(killed.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    delays.sort();
    let median = delays[delays.len() / 2];
    println!(
        "from the kill to the page: median {median:?}, longest {:?} of {}",
        delays[delays.len() - 1],
        delays.len()
    );
    assert!(median < Duration::from_millis(50), "{delays:?}");
}
