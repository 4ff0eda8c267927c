//! CPU time of a sampling pass, turn by turn with what others spend on a scrape.

use crate::client::TEXT;
use crate::crowd::Crowd;
use crate::plan::Plan;
use crate::program::{PASSES, Program};
use crate::table::Table;
use std::process::Command;
use std::time::Duration;

const WHAT: &str = "CPU time of a pass";
const MILLISECOND: f64 = 1e6;

pub(crate) fn measure(plan: &Plan, table: &mut Table) {
    for &programs in plan.programs {
        let mut crowd = Crowd::start(0, programs);
        for &processes in plan.crowds {
            crowd.grow_to(processes);
            let setting = format!("{processes} processes, {programs} program{}", if programs == 1 { "" } else { "s" });
            side_by_side(plan, table, &setting, target(processes));
            if programs == 1 && plan.at_default_interval == Some(processes) {
                at_default_interval(plan, table, &setting);
            }
        }
    }
}

fn target(processes: usize) -> Option<f64> {
    match processes {
        1000 => Some(3.0),
        5000 => Some(20.0),
        _ => None,
    }
}

fn side_by_side(plan: &Plan, table: &mut Table, setting: &str, target: Option<f64>) {
    let mut memtrend =
        Program::memtrend(&format!("--trend.block {} --interval {}ms", plan.block, plan.interval.as_millis()));
    let others = [Program::process_exporter(true), Program::process_exporter(false), Program::node_exporter()];
    let mut others: Vec<Program> = others.into_iter().flatten().collect();
    others.iter_mut().for_each(|other| other.wait(plan));
    memtrend.wait(plan);
    plan.sleep(plan.warm_up);
    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    let mut scraped: Vec<Vec<f64>> = vec![Vec::new(); others.len()];
    for _ in 0..plan.windows {
        quiet.push(pass(plan, &memtrend, plan.passes, || {}));
        busy.push(pass(plan, &memtrend, plan.passes / 3, || drop(Command::new("true").status())));
        memtrend.pause();
        for (other, scraped) in others.iter().zip(&mut scraped) {
            scraped.push(scrape(plan, other));
        }
        memtrend.resume();
        plan.sleep(plan.interval);
    }
    table.row(WHAT, setting, memtrend.name, quiet, "ms", target);
    table.row(WHAT, &format!("{setting}, one born in each pass"), memtrend.name, busy, "ms", None);
    for (other, scraped) in others.iter().zip(scraped) {
        table.row(WHAT, setting, other.name, scraped, "ms, a scrape", None);
    }
}

/// CPU time of a pass in one window, with something done about once in each.
fn pass(plan: &Plan, memtrend: &Program, passes: u32, mut once_a_pass: impl FnMut()) -> f64 {
    let (_, before, begun) = memtrend.passes(plan);
    for _ in 0..passes {
        once_a_pass();
        plan.sleep(plan.interval);
    }
    let (ended, after, _) = memtrend.passes(plan);
    (ended - begun) / (after - before) / MILLISECOND
}

/// CPU time of a scrape of one that works when it is scraped.
fn scrape(plan: &Plan, other: &Program) -> f64 {
    let (begun, begun_at) = (other.cpu(), plan.elapsed());
    let mut scrapes = 0.0;
    while scrapes < 10.0 && plan.elapsed() - begun_at < Duration::from_millis(500) {
        other.page(TEXT);
        scrapes += 1.0;
    }
    plan.sleep(Duration::from_millis(10));
    (other.cpu() - begun) / scrapes / MILLISECOND
}

/// The interval that users have: the caches are colder than five times a second. The base block is shorter than
/// theirs, so that programs need not run for a minute before they are watched.
fn at_default_interval(plan: &Plan, table: &mut Table, setting: &str) {
    let mut memtrend = Program::memtrend("--trend.block 10s --interval 5s");
    memtrend.wait(plan);
    // The first passes look at every new process again.
    plan.wait_until(|| memtrend.value(PASSES) >= 5.0);
    let window = |_| {
        let (_, before, begun) = memtrend.passes(plan);
        plan.sleep(Duration::from_millis(5200));
        let (ended, after, _) = memtrend.passes(plan);
        (ended - begun) / (after - before) / MILLISECOND
    };
    let passes = (0..5).map(window).collect();
    table.row(WHAT, &format!("{setting}, every 5 s as by default"), memtrend.name, passes, "ms", None);
}
