//! Time from exec to the first page.

use crate::crowd::Crowd;
use crate::plan::Plan;
use crate::program::Program;
use crate::table::Table;
use std::time::{Duration, Instant};

pub(crate) fn measure(plan: &Plan, table: &mut Table) {
    for processes in [100, 1000] {
        let _crowd = Crowd::start(processes, 20);
        let times = (0..plan.start_ups).map(|_| {
            let begun = Instant::now();
            let mut memtrend = Program::memtrend("");
            while !memtrend.answers() {
                plan.sleep(Duration::from_millis(1));
            }
            begun.elapsed().as_secs_f64() * 1e3
        });
        let setting = format!("exec to the first page, {processes} processes");
        table.row("start-up", &setting, "memtrend", times.collect(), "ms", Some(50.0));
    }
}
