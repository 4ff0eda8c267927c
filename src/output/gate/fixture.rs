//! Made runs, judged as real ones are, for the tests of all outputs.

use crate::analysis::gate::compare::Kept;
use crate::analysis::gate::facts::{Bounds, Facts};
use crate::analysis::gate::judge::{Growth, Rules};
use crate::analysis::gate::report::{GateReport, Levels, Part, Processes, Stages, Unit, Work};
use crate::analysis::gate::series::{Point, Series};
use crate::analysis::gate::trouble::Trouble;
use crate::analysis::sample::Kind;
use crate::units::{Bytes, whole};

/// Requests in a second.
const RATE: f64 = 500.0;

/// Ten looks a second, with a collector's saw of 2 MiB over `floor`, a function of the requests done.
fn series(seconds: u32, floor: impl Fn(f64) -> f64) -> Series {
    let mut series = Series::default();
    for tick in 0..=seconds * 10 {
        let seconds = f64::from(tick) / 10.0;
        let work = seconds * RATE;
        // A hash of the tick, so that no two runs differ.
        let noise = f64::from(tick.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
        let bytes = floor(work) + 2_097_152.0 * (seconds % 1.7) / 1.7 + 300_000.0 * noise;
        series.push(Point { seconds, work, bytes });
    }
    series
}

/// What is known of a run of so many seconds.
fn facts(seconds: u32, floor: impl Fn(f64) -> f64 + Copy) -> Facts {
    let total = series(seconds, floor);
    let bytes = |index: usize| Some(Bytes(whole(total.points()[index].bytes)));
    let peak = total.points().iter().map(|point| whole(point.bytes)).max();
    let load = f64::from(seconds);
    Facts {
        subject: "node server.js --port 8080".to_owned(),
        bounds: Bounds {
            rules: Rules::with(100.0),
            unit: Unit::Request,
            most_memory: None,
            before: None,
            most_level: 0.1,
        },
        parts: vec![(Part::Memory, total.clone())],
        kinds: vec![
            (Kind::File, series(seconds, |_| 12.5e6)),
            (Kind::Anon, series(seconds, |work| floor(work) - 12.5e6)),
            (Kind::Shmem, Series::default()),
        ],
        levels: Levels {
            ready: bytes(0),
            floor: None,
            peak: peak.map(Bytes),
            end: bytes(total.points().len() - 1),
            idle: None,
        },
        stages: Stages { ready: 1.2, judged_from: None, verdict: load + 1.3 },
        load_began: 1.3,
        work: Work { done: load * RATE, per_second: RATE, failed: Some(0), latency: Some([0.0021, 0.00843]) },
        processes: Processes { most: 1, begun: 0, ended: 0 },
        troubles: Vec::new(),
        notes: Vec::new(),
        total,
    }
}

/// 3 KiB a request.
fn leaking() -> Facts {
    let mut facts = facts(41, |work| 25_200_000.0 + 3072.0 * work);
    facts.levels.idle = facts.levels.end.map(|end| Bytes(end.0 - 1_900_000));
    facts
}

/// It leaks.
pub(super) fn leak() -> GateReport {
    leaking().report()
}

/// It fills up and stays there.
pub(super) fn no_leak() -> GateReport {
    facts(31, |work| 25_200_000.0 + 4096.0 * work.min(3000.0)).report()
}

/// Its growth is slowing down.
pub(super) fn inconclusive() -> GateReport {
    facts(60, |work| 25_200_000.0 + 30e6 * (1.0 - (-work / 15_000.0).exp())).report()
}

/// The kernel killed it.
pub(super) fn killed() -> GateReport {
    let mut facts = facts(9, |work| 25_200_000.0 + 20_000.0 * work);
    facts.bounds.most_memory = Some(Bytes(192 << 20));
    facts.troubles.push(Trouble::OutOfMemory(1));
    facts.notes.push("the limit of its cgroup is 128 MiB".to_owned());
    facts.report()
}

/// It leaks, and did so less in an earlier run.
pub(super) fn with_baseline() -> GateReport {
    let mut facts = leaking();
    let growth = Growth { rate: 100.0, lower: 70.0, upper: 130.0 };
    facts.bounds.before = Some(Kept { growth, level: 55.5e6 });
    facts.report()
}

/// A runtime whose live heap was asked for: that leaks, and what is outside does not.
pub(super) fn in_parts() -> GateReport {
    let mut facts = leaking();
    facts.parts =
        vec![(Part::LiveHeap, series(41, |work| 5e6 + 3072.0 * work)), (Part::OutsideHeap, series(41, |_| 17e6))];
    facts.bounds.most_memory = Some(Bytes(96 << 20));
    facts.report()
}

/// A run whose names and sentences are an attack on whatever shows them.
pub(super) fn hostile() -> GateReport {
    let mut report = leak();
    let attack = "\"q, \\\", {[x\u{1b}[2J\r\n::error::y ##[add-mask]z | <img src=x> `a` *b* [c](d) @team #1 %0A $e$ ]]> & \u{202e}\u{ffff}é\u{0}";
    report.subject = attack.to_owned();
    report.sentence = attack.to_owned();
    report.checks.iter_mut().for_each(|checked| checked.sentence = attack.to_owned());
    report.notes = vec![attack.to_owned(), format!("```\n</details>{}", "long ".repeat(3000))];
    report
}

/// All of them.
pub(super) fn all() -> [GateReport; 7] {
    [leak(), no_leak(), inconclusive(), killed(), with_baseline(), in_parts(), hostile()]
}
