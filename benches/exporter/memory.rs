//! Resident memory by the number of applications, and what each further one takes.

use crate::client::{OPEN_METRICS_GZIP, TEXT};
use crate::crowd::Crowd;
use crate::machine::status_kib;
use crate::plan::Plan;
use crate::program::Program;
use crate::scrapes;
use crate::table::Table;
use std::time::Duration;

/// Anonymous and file pages in KiB, at a number of applications.
#[derive(Clone, Copy)]
struct Resident {
    applications: f64,
    anon: f64,
    file: f64,
}

pub(crate) fn measure(plan: &Plan, table: &mut Table) {
    let mut memtrend_grew = Vec::new();
    let mut other_grew = Vec::new();
    for &applications in plan.applications {
        let _crowd = Crowd::start(applications, applications);
        let mut memtrend = Program::memtrend(plan.memory_flags);
        let mut other = Program::process_exporter(true);
        wait_for_windows(plan, &mut memtrend, applications);
        let watched = memtrend.value("memtrend_applications");
        memtrend_grew.push(resident(table, &memtrend, applications, watched));
        if let Some(other) = &mut other {
            other.wait(plan);
            other_grew.push(resident(table, other, applications, applications as f64));
        }
        scrapes::measure(plan, table, &memtrend, other.as_ref(), applications);
    }
    growth(table, "memtrend", &memtrend_grew, Some(8.0));
    growth(table, "process-exporter", &other_grew, None);
}

/// Until all applications have the window of 60 base blocks.
fn wait_for_windows(plan: &Plan, memtrend: &mut Program, applications: usize) {
    memtrend.wait(plan);
    let window = format!("window=\"{}\"}}", plan.memory_window);
    let is_it = |line: &&str| line.starts_with("memtrend_heap_growth_bytes_per_second{") && line.contains(&window);
    plan.wait_until(|| {
        plan.sleep(Duration::from_millis(500));
        let page = String::from_utf8(memtrend.page(TEXT)).unwrap();
        page.lines().filter(is_it).count() >= applications
    });
}

fn resident(table: &mut Table, program: &Program, applications: usize, watched: f64) -> Resident {
    for wanted in [TEXT, OPEN_METRICS_GZIP].into_iter().flat_map(|wanted| [wanted; 3]) {
        program.page(wanted);
    }
    let [anon, file] = ["RssAnon", "RssFile"].map(|key| status_kib(program.pid(), key));
    let setting = format!("{applications} applications");
    let target = (program.name == "memtrend" && applications == 10).then_some(6.0);
    table.row("resident memory", &setting, program.name, vec![(anon + file) / 1024.0], "MiB", target);
    table.row("of it anonymous", &setting, program.name, vec![anon / 1024.0], "MiB", None);
    Resident { applications: watched, anon, file }
}

/// Between the two largest, where what is there anyhow weighs least.
fn growth(table: &mut Table, name: &str, sizes: &[Resident], target: Option<f64>) {
    let [.., smaller, larger] = sizes else { return };
    let resident = |size: &Resident| size.anon + size.file;
    let per_application = (resident(larger) - resident(smaller)) / (larger.applications - smaller.applications);
    table.row("resident memory", "each further application", name, vec![per_application], "KiB", target);
}
