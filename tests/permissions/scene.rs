//! What host and containers have in common: the applications, and how they are watched to their end.

use super::{ABOVE, MOST_LIVES, OWN};
use crate::support::docker::MIB;
use crate::support::page::Page;
use crate::support::wait_for;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes: the limit of the one application, and of the other the limit above and its own.
pub(super) const OWN_LIMIT: u64 = 48 * MIB;
pub(super) const TOP_LIMIT: u64 = 56 * MIB;
pub(super) const LOOSE_LIMIT: u64 = 200 * MIB;

/// Whether the machine is one of those that the table is of; where not, it is said aloud.
pub(crate) fn is_as_told() -> bool {
    let is_v1 = Path::new("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists();
    let is_restricted = fs::read_to_string("/proc/sys/kernel/dmesg_restrict").is_ok_and(|text| text.trim() == "1");
    let tells_sizes = fs::metadata("/proc/self/fd").is_ok_and(|folder| folder.len() > 0);
    let is_so = is_v1 && is_restricted && tells_sizes;
    if !is_so {
        eprintln!("this needs cgroup v1, kernel.dmesg_restrict = 1 and kernel 6.2 or newer");
    }
    is_so
}

/// A number that tells an application by its command line from those of other tests.
pub(super) fn mark(scene: &str, application: &str) -> String {
    let scene = if scene == "host" { 1 } else { 2 };
    let application = if application == OWN { 1 } else { 2 };
    format!("{}{scene}{application}0000000000", std::process::id())
}

/// Arguments of an application, which lives for some five seconds.
pub(super) fn leaking(mark: &str) -> Vec<String> {
    ["leak", "--start", "16777216", "--rate", "7000000", "--stop-at", mark].map(str::to_owned).into()
}

/// Of a memtrend that watches two applications by the path of their program and their marks.
pub(super) fn flags(program: &Path, marks: &[String; 2]) -> Vec<String> {
    let match_by = |name: &str, mark: &str| format!("--match={name}=^{} leak .* {mark}$", program.display());
    let [own, above] = marks;
    let interval = format!("--interval={}ms", INTERVAL.as_millis());
    vec![
        match_by(OWN, own),
        match_by(ABOVE, above),
        interval,
        "--version-env=VERSION".into(),
        "--trend.block=10s".into(),
    ]
}

/// Time between passes.
const INTERVAL: Duration = Duration::from_millis(500);

/// Pages on which an application is, read some passes after it has come.
fn wait_live(name: &str, pages: &[&dyn Fn() -> Page]) -> Vec<Page> {
    let is_there = |page: &Page| page.value(&format!("memtrend_heap_bytes{{application=\"{name}\"}}")).is_some();
    for page in pages {
        wait_for(name, Duration::from_secs(10), || is_there(&page()).then_some(()));
    }
    std::thread::sleep(INTERVAL * 2);
    let live: Vec<Page> = pages.iter().map(|page| page()).collect();
    assert!(live.iter().all(is_there), "{name} was killed too soon");
    live
}

/// Waits for a kill on the page; tells whether it has come.
fn is_counted(name: &str, page: impl Fn() -> Page) -> bool {
    let start = format!("memtrend_oom_kills_total{{application=\"{name}\"");
    let has_kill = |page: Page| page.series.iter().any(|(series, kills)| series.starts_with(&start) && *kills > 0.0);
    let end = Instant::now() + Duration::from_secs(4);
    while !has_kill(page()) {
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// Has the applications killed before all watchers' eyes; the pages while the first lives, the pages at the end, and the kills.
pub(super) fn watch(
    pages: &[&dyn Fn() -> Page],
    mut start: impl FnMut(&str, u32),
    mut wait_killed: impl FnMut(&str, u32),
) -> (Vec<Page>, Vec<Page>, [u32; 2]) {
    let mut live = Vec::new();
    let kills = [OWN, ABOVE].map(|name| {
        let mut life = 0;
        loop {
            start(name, life);
            live.extend(wait_live(name, pages));
            wait_killed(name, life);
            life += 1;
            // All are asked, so that each page is of some time after the kill.
            let missed = pages.iter().filter(|page| !is_counted(name, page)).count();
            if missed == 0 || life == MOST_LIVES {
                return life;
            }
            eprintln!("{missed} have missed a kill of {name}");
        }
    });
    live.truncate(pages.len());
    (live, pages.iter().map(|page| page()).collect(), kills)
}
