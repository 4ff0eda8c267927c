//! Resident memory of 1,000 applications in the engine and while their page is written; each is measured in a process
//! of its own, so that no memory that another has given back is used again unseen.

use crate::NODE;
use crate::crate_encoder::{encode, tree};
use crate::fleet::{Basis, Fleet};
use crate::machine::status_kib;
use crate::table::Table;
use memtrend::analysis::report::ApplicationReport;
use memtrend::output::encoder::Format;
use memtrend::output::instruments::Instruments;
use memtrend::output::page::Page;
use memtrend::output::pieces::Pieces;
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;

/// What makes this program such a process.
pub(crate) const FLAG: &str = "--resident";

pub(crate) fn measure(table: &mut Table) {
    let bytes = size_of::<ApplicationReport>() as f64;
    table.row("size of the value", "any", "an application in a report", vec![bytes], "bytes", None);
    for (what, of) in [
        ("engine", "an application in the engine"),
        ("page", "an application while a page is written"),
        ("crate", "an application while a page is written, prometheus crate"),
    ] {
        for basis in [Basis::Processes, Basis::Cgroup] {
            let program = std::env::current_exe().unwrap();
            let output = Command::new(program).args([FLAG, &format!("{what},{}", basis.name())]).output().unwrap();
            let bytes = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
            let setting = format!("{NODE} applications, {}", basis.name());
            table.row("resident memory", &setting, of, vec![bytes], "bytes", None);
        }
    }
}

/// Prints the bytes an application.
pub(crate) fn answer(question: &str) {
    let (what, name) = question.split_once(',').unwrap();
    let basis = [Basis::Processes, Basis::Cgroup].into_iter().find(|basis| basis.name() == name).unwrap();
    let before = resident();
    let fleet = Fleet::grown(NODE, basis);
    let with_engine = resident();
    let report = Arc::new(fleet.engine.report());
    let with_report = resident();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let kib = match what {
        "engine" => with_engine - before,
        "page" => {
            let (mut page, mut piece) = (Page::new(report, Instruments::new().unwrap(), Format::Text), Vec::new());
            while page.write_piece(&mut piece) {
                piece.clear();
            }
            highest() - with_report
        }
        "crate" => {
            black_box(encode(&tree(&report)));
            highest() - with_report
        }
        other => panic!("{other}: not measured"),
    };
    println!("{}", kib.max(0.0) * 1024.0 / NODE as f64);
    drop(fleet);
}

fn resident() -> f64 {
    status_kib(std::process::id(), "VmRSS")
}

/// Since the mark was set back.
fn highest() -> f64 {
    status_kib(std::process::id(), "VmHWM")
}
