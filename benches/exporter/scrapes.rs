//! CPU time and bytes of a scrape.

use crate::client::{Connection, OPEN_METRICS, OPEN_METRICS_GZIP, TEXT, TEXT_GZIP, Wanted};
use crate::kernel::first_thread_nanoseconds;
use crate::plan::Plan;
use crate::program::Program;
use crate::table::Table;
use std::time::Duration;

const MICROSECOND: f64 = 1e3;
/// Scrapes between two readings of the CPU time.
const SCRAPES: u32 = 20;

/// Of memtrend by the thread that answers: passes go on meanwhile, in a thread of their own.
pub(crate) fn measure(
    plan: &Plan,
    table: &mut Table,
    memtrend: &Program,
    other: Option<&Program>,
    applications: usize,
) {
    let setting = |name: &str| format!("{applications} applications, {name}");
    let answering = || first_thread_nanoseconds(memtrend.pid());
    for wanted in [TEXT, OPEN_METRICS, TEXT_GZIP, OPEN_METRICS_GZIP] {
        let cpu = repeat(plan, answering, SCRAPES, || drop(memtrend.page(wanted)));
        row(table, memtrend.name, &setting(wanted.name), cpu, target(applications));
    }
    let mut kept = Connection::open(memtrend.address).unwrap();
    let cpu = repeat(plan, answering, SCRAPES, || drop(kept.get(OPEN_METRICS_GZIP, "keep-alive").unwrap()));
    row(table, memtrend.name, &setting("OpenMetrics, gzip, keep-alive"), cpu, target(applications));
    if let Some(other) = other {
        let cpu = repeat(plan, || other.cpu(), 2, || drop(other.page(TEXT_GZIP)));
        row(table, other.name, &setting(TEXT_GZIP.name), cpu, None);
        sizes(table, other, &[TEXT, TEXT_GZIP], &setting);
    }
    sizes(table, memtrend, &[TEXT, OPEN_METRICS, TEXT_GZIP, OPEN_METRICS_GZIP], &setting);
    let page = String::from_utf8(memtrend.page(TEXT)).unwrap();
    let series = page.lines().filter(|line| line.contains("application=\"application0000\"")).count();
    table.row("series", &setting("each"), memtrend.name, vec![series as f64], "", None);
}

fn target(applications: usize) -> Option<f64> {
    match applications {
        10 => Some(300.0),
        1000 => Some(10_000.0),
        _ => None,
    }
}

fn repeat(plan: &Plan, cpu: impl Fn() -> f64, scrapes: u32, mut scrape: impl FnMut()) -> Vec<f64> {
    scrape();
    let window = |_| {
        let begun = cpu();
        (0..scrapes).for_each(|_| scrape());
        // The connection is closed after the answer has been read.
        plan.sleep(Duration::from_millis(5));
        (cpu() - begun) / f64::from(scrapes) / MICROSECOND
    };
    (0..plan.windows).map(window).collect()
}

fn row(table: &mut Table, of: &str, setting: &str, cpu: Vec<f64>, target: Option<f64>) {
    table.row("CPU time of a scrape", setting, of, cpu, "µs", target);
}

fn sizes(table: &mut Table, program: &Program, wanted: &[Wanted], setting: &dyn Fn(&str) -> String) {
    for wanted in wanted {
        let bytes = program.page(*wanted).len() as f64;
        table.row("size of a page", &setting(wanted.name), program.name, vec![bytes], "bytes", None);
    }
}
