//! After a restart it goes on where it was.

use super::{Growing, seconds};
use crate::support::exporter::Exporter;
use crate::support::wait_for;
use serde_json::Value;
use std::thread;
use std::time::Duration;

#[test]
fn slopes_and_floors_go_on_over_a_restart_and_the_gap_is_none_of_them() {
    let growing = Growing::start();
    let folder = tempfile::tempdir().unwrap();
    let flags = growing.flags(folder.path());
    let mut exporter = Exporter::start(&flags);
    let slope = |exporter: &Exporter| {
        let page = exporter.page();
        let mut slopes =
            page.series.iter().filter(|(name, _)| name.starts_with("memtrend_heap_growth_bytes_per_second{"));
        slopes.next().map(|(_, slope)| *slope)
    };
    wait_for("a slope", Duration::from_secs(40), || slope(&exporter));
    assert_eq!(exporter.terminate(), Some(0));
    // Several blocks long.
    thread::sleep(Duration::from_secs(4));
    let restarted = seconds();
    let exporter = Exporter::start(&flags);
    let first = slope(&exporter).unwrap_or_else(|| panic!("it has forgotten: {:?}", exporter.log()));
    assert!((0.5..2.0).contains(&(first / f64::from(1 << 20))), "{first}");
    // The first block after the gap.
    let blocks = wait_for("a block of after the restart", Duration::from_secs(20), || {
        let answer = exporter.get("/api/v1/application?name=growing", &[]).text();
        let told: Value = serde_json::from_str(&answer).unwrap();
        let blocks: Vec<[f64; 3]> = serde_json::from_value(told["heap_floors"]["windows"]["18s"].clone()).unwrap();
        (blocks.last()?[0] > restarted).then_some(blocks)
    });
    assert!(blocks.iter().all(|[_, _, bytes]| *bytes > 1e6), "{blocks:?}");
    let gaps = blocks.windows(2).filter(|pair| pair[1][0] - pair[0][0] - pair[0][1] > 2.0).count();
    assert_eq!(gaps, 1, "{blocks:?}");
}
