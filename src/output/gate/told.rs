//! Facts of a run as lines for people, which several outputs tell. Nothing in them is untrusted.

use crate::analysis::gate::amounts::{growth, slope};
use crate::analysis::gate::judge::Finding;
use crate::analysis::gate::report::{GateReport, Judged, KindGrowth, Unit};
use crate::units::{Bytes, Span, whole};
use std::fmt::Write;

/// Kinds of memory that are told.
const MOST_KINDS: usize = 4;

/// One line: what it is about, and what is told.
pub(super) type Told = (&'static str, String);

/// Growth of each part, and how it was judged.
pub(super) fn parts(report: &GateReport) -> Vec<Told> {
    let part = |judged: &Judged| {
        let window = judged.finding.window();
        let mut text = window.map_or_else(String::new, |window| format!("{}: ", growth(window.growth, report.unit)));
        match &judged.finding {
            Finding::Leak(_) => text.push_str("leak"),
            Finding::NoLeak(_) => text.push_str("no leak"),
            // The check on growth has told why. Writing to a String cannot fail, here and below.
            Finding::Open(doubt, _) if report.parts.len() > 1 => drop(write!(text, "{doubt}")),
            Finding::Open(..) => text.push_str("open"),
        }
        if let Some(window) = window {
            let _ = write!(text, "; {} floors over {}", window.floors.len(), Span(window.seconds));
        }
        (judged.part.name(), text)
    };
    report.parts.iter().map(part).collect()
}

/// Growth by kind of memory, the fastest first; kinds that there is nothing of are left out.
pub(super) fn kinds(report: &GateReport) -> Vec<Told> {
    let present = report.kinds.iter().filter(|kind| kind.end > Bytes(0) || kind.rate != 0.0);
    let kind =
        |kind: &KindGrowth| (kind.kind.name(), format!("{}, {} at the end", slope(kind.rate, report.unit), kind.end));
    present.take(MOST_KINDS).map(kind).collect()
}

/// All else that is known.
pub(super) fn rest(report: &GateReport) -> Vec<Told> {
    let rows =
        [("memory", levels(report)), ("work", work(report)), ("processes", processes(report)), ("time", time(report))];
    let baseline = report.comparison.map(|comparison| {
        let more = format!("{}, level {:+.1} %", growth(comparison.growth, report.unit), comparison.level * 100.0);
        let before = report.growth.zip(report.levels.floor).map_or_else(String::new, |(now, floor)| {
            let level = Bytes(whole(floor.as_f64() / (1.0 + comparison.level)));
            format!("; earlier {}, floor {level}", slope(now.rate - comparison.growth.rate, report.unit))
        });
        ("baseline", format!("more by {more}{before}"))
    });
    rows.into_iter().filter(|(_, text)| !text.is_empty()).chain(baseline).collect()
}

fn levels(report: &GateReport) -> String {
    let levels = &report.levels;
    let stages = [
        ("ready", levels.ready),
        ("floor", levels.floor),
        ("peak", levels.peak),
        ("end", levels.end),
        ("after idle", levels.idle),
    ];
    let known: Vec<String> = stages.iter().filter_map(|(name, level)| Some(format!("{name} {}", (*level)?))).collect();
    known.join(", ")
}

fn work(report: &GateReport) -> String {
    let work = &report.work;
    // Where hours are judged nothing else was counted.
    let unit = Some(report.unit).filter(|unit| *unit != Unit::Hour);
    let done = unit.map(|unit| {
        let plural = if whole(work.done) == 1 { "" } else { "s" };
        format!("{:.0} {}{plural} at {} a second", work.done, unit.name(), figures(work.per_second))
    });
    let failed = work.failed.map(|failed| format!("{failed} failed"));
    let answered =
        work.latency.map(|[half, most]| format!("half answered in {}, 99 % in {}", latency(half), latency(most)));
    let known: Vec<String> = [done, failed, answered].into_iter().flatten().collect();
    known.join(", ")
}

/// Three figures.
fn figures(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn latency(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", figures(seconds * 1e3)) } else { format!("{} s", figures(seconds)) }
}

fn processes(report: &GateReport) -> String {
    let processes = &report.processes;
    let mut text = if processes.most == 1 { "1".to_owned() } else { format!("{} at the most", processes.most) };
    if processes.begun + processes.ended > 0 {
        let (begun, ended) = (processes.begun, processes.ended);
        let _ = write!(text, "; {begun} began after it was ready, {ended} ended before the load did");
    }
    text
}

fn time(report: &GateReport) -> String {
    let stages = &report.stages;
    let mut text = format!("ready after {}, load after {}", brief(stages.ready), brief(report.load_began));
    if let Some(from) = stages.judged_from {
        let _ = write!(text, ", judged from {}", brief(from));
    }
    let _ = write!(text, ", verdict after {}", brief(stages.verdict));
    text
}

/// A short time to a tenth of a second.
fn brief(seconds: f64) -> String {
    if seconds < 100.0 { format!("{seconds:.1} s") } else { Span(seconds).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::analysis::gate::report::{Processes, Work};
    use crate::analysis::sample::Kind;

    #[test]
    fn facts_are_told_with_units_and_what_is_not_known_is_left_out() {
        let told: Vec<String> =
            rest(&fixture::with_baseline()).iter().map(|(name, text)| format!("{name}: {text}")).collect();
        assert_eq!(
            told,
            [
                "memory: ready 24.0 MiB, floor 68.3 MiB, peak 85.8 MiB, end 84.4 MiB, after idle 82.6 MiB",
                "work: 20500 requests at 500 a second, 0 failed, half answered in 2.10 ms, 99 % in 8.43 ms",
                "processes: 1",
                "time: ready after 1.2 s, load after 1.3 s, judged from 21.8 s, verdict after 42.3 s",
                "baseline: more by 2.90 KiB per request (2.88-2.94), level +29.0 %; earlier +100 B per request, floor 52.9 MiB",
            ]
        );
        let told = rest(&fixture::killed());
        assert!(!told.iter().any(|(name, _)| *name == "baseline"), "{told:?}");
        let mut report = fixture::leak();
        report.unit = Unit::Hour;
        assert_eq!(work(&report), "0 failed, half answered in 2.10 ms, 99 % in 8.43 ms");
        report.work = Work::default();
        assert!(!rest(&report).iter().any(|(name, _)| *name == "work"));
        report.kinds.push(KindGrowth { kind: Kind::Swap, rate: 0.0, end: Bytes(0) });
        assert_eq!(kinds(&report).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["anon", "file"]);
        report.processes = Processes { most: 3, begun: 2, ended: 1 };
        assert_eq!(processes(&report), "3 at the most; 2 began after it was ready, 1 ended before the load did");
    }

    #[test]
    fn counts_and_times_are_short() {
        assert_eq!([0.000_35, 0.0123, 1.5].map(latency), ["0.35 ms", "12.3 ms", "1.50 s"]);
        assert_eq!([brief(9.96), brief(125.0)], ["10.0 s", "2 min 5 s"]);
    }
}
