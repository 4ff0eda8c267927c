//! Time to write a page of 1,000 applications, by memtrend's writer and by the `prometheus` crate.

use crate::NODE;
use crate::crate_encoder::{encode, tree};
use crate::fleet::{Basis, Fleet};
use crate::table::Table;
use memtrend::output::encoder::Format;
use memtrend::output::instruments::Instruments;
use memtrend::output::page::Page;
use memtrend::output::pieces::Pieces;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

const WHAT: &str = "writing a page";

pub(crate) fn measure(table: &mut Table, repetitions: usize) {
    for basis in [Basis::Processes, Basis::Cgroup] {
        let report = Arc::new(Fleet::grown(NODE, basis).engine.report());
        let instruments = Instruments::new().unwrap();
        let page = |format| Page::new(Arc::clone(&report), instruments.clone(), format);
        let text = String::from_utf8(page(Format::Text).whole()).unwrap();
        let setting = format!("{NODE} applications, {}", basis.name());
        let lines = text.lines().count() as f64;
        let mut row = |of: &str, values, unit: &str| table.row(WHAT, &setting, of, values, unit, None);
        row("lines", vec![lines], "");
        row("text", vec![text.len() as f64], "bytes");
        for (name, format) in [("a line, text", Format::Text), ("a line, OpenMetrics", Format::OpenMetrics)] {
            let times = repeat(repetitions, lines, || {
                let (mut page, mut piece) = (page(format), Vec::new());
                while page.write_piece(&mut piece) {
                    piece.clear();
                }
            });
            row(name, times, "ns");
        }
        let known: HashSet<&str> = text.lines().collect();
        let by_crate = String::from_utf8(encode(&tree(&report))).unwrap();
        assert!(by_crate.lines().all(|line| known.contains(line)), "the two pages differ");
        row("a line, text, prometheus crate", repeat(repetitions, lines, || drop(encode(&tree(&report)))), "ns");
    }
}

/// Nanoseconds a line.
fn repeat(repetitions: usize, lines: f64, mut write: impl FnMut()) -> Vec<f64> {
    let once = |_| {
        let begun = Instant::now();
        write();
        begun.elapsed().as_nanos() as f64 / lines
    };
    (0..repetitions).map(once).collect()
}
