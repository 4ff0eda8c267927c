//! Real kills by the kernel: every one counted once, though the cgroup is gone before the next pass.
//!
//! `make soak` makes the long runs of the same tests: what they gave is in docs/oom.md.

mod children;
mod containers;
mod restarts;

use crate::support::exporter::Exporter;
use crate::support::page::Page;
use crate::support::wait_for;
use std::time::Duration;

/// So many rounds, and in `make soak` so many.
pub(crate) fn rounds(short: u64, long: u64) -> u64 {
    if std::env::var_os("MEMTREND_SOAK").is_some() { long } else { short }
}

pub(crate) const SCOPES: [&str; 5] = ["own", "ancestor", "node", "userspace", "unknown"];

/// Kills by scope, which are there from the first pass on.
pub(crate) fn kills(page: &Page, application: &str) -> [f64; 5] {
    SCOPES
        .map(|scope| page.must(&format!("memtrend_oom_kills_total{{application=\"{application}\",scope=\"{scope}\"}}")))
}

/// Restarts by cause (`oom`, `exit`, `unknown`) of the application with these labels.
pub(crate) fn restarts(page: &Page, labels: &str) -> [f64; 3] {
    ["oom", "exit", "unknown"].map(|cause| page.must(&format!("memtrend_restarts_total{{{labels},cause=\"{cause}\"}}")))
}

pub(crate) fn seen_by(page: &Page, source: &str) -> f64 {
    page.must(&format!("memtrend_oom_source_kills_total{{source=\"{source}\"}}"))
}

fn is_known(page: &Page, application: &str) -> bool {
    page.value(&format!("memtrend_application_up{{application=\"{application}\"}}")) == Some(1.0)
}

/// All that is told of kills, for when it is wrong.
fn told(page: &Page, exporter: &Exporter) -> String {
    let is_of_kills = |series: &str| ["oom_", "restarts"].iter().any(|part| series.contains(part));
    let lines = page.series.iter().filter(|(series, value)| is_of_kills(series) && **value != 0.0);
    let lines: Vec<String> = lines.map(|(series, value)| format!("{series} {value}")).collect();
    format!("{}\n{}", lines.join("\n"), exporter.log().join("\n"))
}

/// Waits until an application has so many kills of its own limit, and checks that none is told twice or otherwise.
fn assert_own_kills(exporter: &Exporter, application: &str, expected: u64) {
    let expected = memtrend::units::count_as_f64(expected);
    for _ in 0..300 {
        if kills(&exporter.page(), application)[0] >= expected {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // What would be counted twice would be so by the passes that follow.
    std::thread::sleep(Duration::from_secs(1));
    let page = exporter.page();
    assert_eq!(kills(&page, application), [expected, 0.0, 0.0, 0.0, 0.0], "{application}: {}", told(&page, exporter));
}

fn wait_known(exporter: &Exporter, application: &str) {
    wait_for(application, Duration::from_secs(20), || is_known(&exporter.page(), application).then_some(()));
}
