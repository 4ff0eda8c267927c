//! What one application costs inside: `cargo bench --bench analysis [-- --quick] [-- --samples] [-- --out FILE]`;
//! `--samples` measures single samples alone.
//!
//! Samples are made up, so that all five windows exist and half of the applications leak; time and memory are those of
//! the library, built as the benchmark is.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark fails by panicking, and its counts are far below 2^53"
)]

mod crate_encoder;
mod fleet;
mod pages;
mod resident;
mod samples;

#[path = "../shared/machine.rs"]
mod machine;
#[path = "../shared/spread.rs"]
mod spread;
#[path = "../shared/table.rs"]
mod table;

use fleet::{Basis, Fleet};
use std::time::Instant;
use table::Table;

/// Applications of a full node.
const NODE: usize = 1000;

fn main() {
    let (mut out, mut repetitions, mut samples_alone) = (None, 9, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--quick" => repetitions = 3,
            "--samples" => samples_alone = true,
            "--out" => out = Some(arguments.next().expect("--out FILE")),
            resident::FLAG => return resident::answer(&arguments.next().expect("what is measured")),
            other => panic!("{other}: expected --quick, --samples or --out FILE"),
        }
    }
    let mut table = Table::default();
    machine::state_facts(&mut table);
    samples::measure(&mut table, repetitions);
    if !samples_alone {
        for basis in [Basis::Processes, Basis::Cgroup] {
            for applications in [1, NODE] {
                observe(&mut table, basis, applications, repetitions);
            }
        }
        pages::measure(&mut table, repetitions);
        resident::measure(&mut table);
    }
    print!("{table}");
    if let Some(path) = out {
        std::fs::write(path, table.to_string()).unwrap();
    }
}

/// Samples as often as by default: twelve a base block, of which one completes the block.
fn observe(table: &mut Table, basis: Basis, applications: usize, repetitions: usize) {
    const PASSES_OF_A_BLOCK: usize = 12;
    let mut fleet = Fleet::grown(applications, basis);
    let blocks = (4 * NODE / applications).min(1000);
    let (mut observed, mut reported) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let (mut observing, mut reporting) = (0.0, 0.0);
        for _ in 0..blocks {
            let samples: Vec<_> = (0..PASSES_OF_A_BLOCK).map(|_| fleet.next_sample(5.0)).collect();
            let begun = Instant::now();
            samples.into_iter().for_each(|sample| fleet.engine.observe(sample));
            observing += begun.elapsed().as_nanos() as f64;
            let begun = Instant::now();
            let report = fleet.engine.report();
            reporting += begun.elapsed().as_nanos() as f64;
            assert_eq!(report.applications.len(), applications);
        }
        observed.push(observing / (blocks * PASSES_OF_A_BLOCK * applications) as f64);
        reported.push(reporting / (blocks * applications) as f64);
    }
    let setting = format!("{applications} applications, {}", basis.name());
    table.row("Engine::observe", &setting, "an application's sample", observed, "ns", None);
    table.row("Engine::report", &setting, "an application", reported, "ns", None);
}
