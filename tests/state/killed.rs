//! memtrend is killed at any moment while it writes.

use super::{Growing, seconds, shown};
use crate::kills::rounds;
use crate::support::exporter::Exporter;
use crate::support::page::Page;
use std::thread;
use std::time::Duration;

/// What is kept may be so much older than the kill: an interval and the time that a loaded machine takes to write.
const OLDEST: f64 = 3.0;

/// Slopes that are known.
fn slopes(page: &Page) -> usize {
    page.series.keys().filter(|name| name.starts_with("memtrend_heap_growth_bytes_per_second")).count()
}

#[test]
fn it_starts_again_and_goes_on_whenever_it_is_killed() {
    let growing = Growing::start();
    let folder = tempfile::tempdir().unwrap();
    let flags = growing.flags(folder.path());
    let mut exporter = Exporter::start(&flags);
    // Until there is a slope to lose.
    crate::support::wait_for("a slope", Duration::from_secs(40), || (slopes(&exporter.page()) > 0).then_some(()));
    thread::sleep(Duration::from_millis(500));
    for round in 0..rounds(40, 1000) {
        // Moments spread over the interval, and so over all steps of a write.
        thread::sleep(Duration::from_micros(round * 7919 % 150_000));
        let killed_at = seconds();
        exporter.kill();
        let kept = shown(folder.path());
        let kept_at = kept["trends"]["kept_at_seconds"].as_f64().unwrap();
        assert!(killed_at - kept_at < OLDEST, "round {round}: kept {:.2} s before", killed_at - kept_at);
        exporter = Exporter::start(&flags);
        assert!(slopes(&exporter.page()) > 0, "round {round}: its slope is forgotten: {:?}", exporter.log());
        let is_damaged = exporter.log().iter().any(|line| line.contains("put aside"));
        assert!(!is_damaged, "round {round}: {:?}", exporter.log());
        assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 3, "round {round}: files are left behind");
    }
}
