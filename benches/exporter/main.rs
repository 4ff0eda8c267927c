//! What memtrend costs, side by side with what is installed: `cargo bench --bench exporter [-- --quick] [-- --out FILE]`.
//!
//! It measures the binary that MEMTREND_BINARY names (`make bench` gives the static release binary), on a process table
//! that holds nothing but what the benchmark starts, where the system allows it a process namespace of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark fails by panicking, and its counts are far below 2^53"
)]

mod client;
mod crowd;
mod kernel;
mod memory;
mod namespace;
mod passes;
mod plan;
mod program;
mod scrapes;
mod start_up;

#[path = "../shared/machine.rs"]
mod machine;
#[path = "../shared/spread.rs"]
mod spread;
#[path = "../shared/table.rs"]
mod table;

use plan::Plan;
use table::Table;

fn main() {
    let plan = Plan::from_arguments(std::env::args().skip(1));
    let is_alone = namespace::enter();
    let mut table = Table::default();
    machine::state_facts(&mut table);
    let alone = if is_alone { "a namespace of its own" } else { "the machine's, whatever runs on it" };
    table.fact("process table", alone);
    program::state_versions(&mut table);
    let bytes = std::fs::metadata(program::memtrend()).unwrap().len() as f64;
    table.row("binary", "file", "memtrend", vec![bytes], "bytes", Some(6e6));
    start_up::measure(&plan, &mut table);
    passes::measure(&plan, &mut table);
    memory::measure(&plan, &mut table);
    table.fact("time taken", &format!("{} s", spread::written(plan.elapsed().as_secs_f64())));
    print!("{table}");
    if let Some(path) = &plan.out {
        std::fs::write(path, table.to_string()).unwrap();
    }
}
