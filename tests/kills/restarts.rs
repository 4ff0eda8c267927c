//! memtrend itself is killed in the middle: what it has counted is not lost, and nothing is counted twice.

use super::{kills, rounds, told, wait_known};
use crate::support::binary;
use crate::support::exporter::Exporter;
use crate::support::limited::LimitedGroup;
use memtrend::units::count_as_f64;
use std::process::{Command, Stdio};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// Starts a program in a new cgroup that is killed a second or so later, waits for that, and removes the cgroup at once.
fn live_and_die(name: &str, between: impl FnOnce()) -> bool {
    let Some(group) = LimitedGroup::create(name, 24 * MIB) else { return false };
    let mut command = Command::new(binary());
    command.args(["leak", "--start", "8388608", "--rate", "16777216", "--join"]).arg(&group.folder);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    between();
    child.wait().unwrap();
    true
}

#[test]
fn when_memtrend_is_killed_again_and_again_no_kill_is_lost_and_none_is_counted_twice() {
    let state = tempfile::tempdir().unwrap();
    let dir = format!("--state.dir={}", state.path().display());
    let flags = ["--match=mortal=memtrend leak .*memtrend-test-mortal", "--interval=250ms", "--trend.block=10s", &dir];
    let mut exporter = Exporter::start(&flags);
    let count = rounds(8, 400);
    let mut highest = 0.0;
    for round in 0..count {
        // At another moment in each round: long before the kill, around it, and after it.
        let delay = Duration::from_millis(round * 137 % 1300);
        let is_tried = live_and_die("mortal", || {
            wait_known(&exporter, "mortal");
            if round % 2 == 1 {
                return;
            }
            std::thread::sleep(delay);
            exporter.kill();
            exporter = Exporter::start(&flags);
            let now = kills(&exporter.page(), "mortal").iter().sum::<f64>();
            assert!(now >= highest, "the counter went from {highest} to {now}");
            highest = now;
        });
        if !is_tried {
            return;
        }
    }
    std::thread::sleep(Duration::from_secs(2));
    let page = exporter.page();
    let counted = kills(&page, "mortal");
    assert_eq!(counted.iter().sum::<f64>(), count_as_f64(count), "{counted:?} {}", told(&page, &exporter));
    println!("{count} of {count} counted ({counted:?}), memtrend killed {} times meanwhile", count.div_ceil(2));
}
