//! The report as JSON, one field a line. Names and units are those of the report of `serve`; what is not known is absent. It is also
//! what `--baseline` reads back.
//!
//! Names within are as they were; what could move a terminal's cursor is escaped, as JSON allows anywhere in a string.

mod kept;

pub use kept::{KeptError, read_kept};

use crate::analysis::gate::judge::{self, Finding};
use crate::analysis::gate::report::{GateReport, Unit};
use crate::output::markup::is_harmless;
use crate::units::{Bytes, length_as_count};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Raised when a field changes its meaning or goes; new ones may come without.
const VERSION: u64 = 1;

/// The document; it ends with a newline.
pub fn render(report: &GateReport) -> String {
    // Numbers, strings and maps by string: there is nothing that JSON cannot hold.
    let document = serde_json::to_vec(&Document::of(report)).unwrap_or_default();
    laid_out(&String::from_utf8_lossy(&document))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u64,
    verdict: &'static str,
    exit_code: u8,
    sentence: &'a str,
    subject: &'a str,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth_bytes_per_unit: Option<Growth>,
    max_growth_bytes_per_unit: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_rss_bytes: Option<u64>,
    checks: Vec<Check<'a>>,
    parts: Vec<Part>,
    growth_by_kind_bytes_per_unit: BTreeMap<&'static str, f64>,
    memory_bytes: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth_change_bytes_per_unit: Option<Growth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_change_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_bytes: Option<u64>,
    ready_seconds: f64,
    load_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_from_seconds: Option<f64>,
    verdict_seconds: f64,
    units_done: f64,
    units_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_p50_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_p99_seconds: Option<f64>,
    processes_most: u64,
    processes_begun: u64,
    processes_ended: u64,
    notes: &'a [String],
    /// Of [seconds since the load began, units done, bytes].
    curve: Vec<[f64; 3]>,
}

/// A slope with its bounds.
#[derive(Clone, Copy, Deserialize, Serialize)]
struct Growth {
    rate: f64,
    lower: f64,
    upper: f64,
}

#[derive(Serialize)]
struct Check<'a> {
    check: &'static str,
    outcome: &'static str,
    sentence: &'a str,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    finding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth_bytes_per_unit: Option<Growth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_seconds: Option<f64>,
    /// Of [units done, bytes].
    floors: Vec<[f64; 2]>,
}

impl Growth {
    fn of(growth: judge::Growth) -> Self {
        Self { rate: growth.rate, lower: growth.lower, upper: growth.upper }
    }
}

impl<'a> Document<'a> {
    fn of(report: &'a GateReport) -> Self {
        let (levels, stages, work, processes) = (&report.levels, &report.stages, &report.work, &report.processes);
        let bytes = |level: Option<Bytes>| level.map(|level| level.0);
        let checks = report.checks.iter().map(|checked| Check {
            check: checked.check.name(),
            outcome: checked.outcome.name(),
            sentence: &checked.sentence,
        });
        Self {
            version: VERSION,
            verdict: report.conclusion.name(),
            exit_code: report.conclusion.exit_code(),
            sentence: &report.sentence,
            subject: &report.subject,
            unit: report.unit.name(),
            growth_bytes_per_unit: report.growth.map(Growth::of),
            max_growth_bytes_per_unit: report.most_growth,
            max_rss_bytes: bytes(report.most_memory),
            checks: checks.collect(),
            parts: report.parts.iter().map(|judged| Part::of(judged.part.name(), &judged.finding)).collect(),
            growth_by_kind_bytes_per_unit: report.kinds.iter().map(|kind| (kind.kind.name(), kind.rate)).collect(),
            memory_bytes: report.kinds.iter().map(|kind| (kind.kind.name(), kind.end.0)).collect(),
            growth_change_bytes_per_unit: report.comparison.map(|comparison| Growth::of(comparison.growth)),
            floor_change_ratio: report.comparison.map(|comparison| comparison.level),
            ready_bytes: bytes(levels.ready),
            floor_bytes: bytes(levels.floor),
            peak_bytes: bytes(levels.peak),
            end_bytes: bytes(levels.end),
            idle_bytes: bytes(levels.idle),
            ready_seconds: stages.ready,
            load_seconds: report.load_began,
            judged_from_seconds: stages.judged_from,
            verdict_seconds: stages.verdict,
            units_done: work.done,
            units_per_second: work.per_second,
            failed_requests: work.failed,
            latency_p50_seconds: work.latency.map(|[half, _]| half),
            latency_p99_seconds: work.latency.map(|[_, most]| most),
            processes_most: length_as_count(processes.most),
            processes_begun: length_as_count(processes.begun),
            processes_ended: length_as_count(processes.ended),
            notes: &report.notes,
            curve: report.curve.iter().map(|point| [point.seconds, point.work, point.bytes]).collect(),
        }
    }
}

impl Part {
    fn of(part: &'static str, finding: &Finding) -> Self {
        let (name, doubt) = match finding {
            Finding::Leak(_) => ("leak", None),
            Finding::NoLeak(_) => ("no leak", None),
            Finding::Open(doubt, _) => ("inconclusive", Some(doubt.to_string())),
        };
        let window = finding.window();
        let floors = window.into_iter().flat_map(|window| &window.floors);
        Self {
            part,
            finding: name,
            doubt,
            growth_bytes_per_unit: window.map(|window| Growth::of(window.growth)),
            window_seconds: window.map(|window| window.seconds),
            floors: floors.map(|&(work, bytes)| [work, bytes]).collect(),
        }
    }
}

/// One field of the outermost object a line, so that a difference of two runs can be read; characters that are not harmless stand
/// in strings alone, where they may be escaped.
fn laid_out(document: &str) -> String {
    let mut page = String::with_capacity(document.len() + 256);
    let (mut depth, mut is_string, mut is_escaped) = (0_u32, false, false);
    for character in document.chars() {
        let is_quote = character == '"' && !is_escaped;
        is_escaped = is_string && character == '\\' && !is_escaped;
        is_string ^= is_quote;
        if is_harmless(character) {
            page.push(character);
        } else {
            // Writing to a String cannot fail. None of them is beyond U+FFFF, which would take two.
            let _ = write!(page, "\\u{:04x}", u32::from(character));
        }
        match character {
            '{' | '[' if !is_string => depth += 1,
            '}' | ']' if !is_string => depth = depth.saturating_sub(1),
            ',' if !is_string && depth == 1 => page.push('\n'),
            _ => {}
        }
    }
    page.push('\n');
    page
}

/// The unit of this name.
fn unit_named(name: &str) -> Option<Unit> {
    Unit::ALL.iter().copied().find(|unit| unit.name() == name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::*;
    use serde_json::Value;

    fn read(report: &GateReport) -> Value {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn fields_have_their_units_in_their_names() {
        let text = render(&fixture::with_baseline());
        let told: Vec<&str> = text.lines().filter(|line| !line.contains("floors") && !line.contains("curve")).collect();
        assert!(text.lines().all(|line| !line.is_empty()) && text.len() < 30_000, "{}", text.len());
        assert_eq!(
            format!("\n{}", told.join("\n")),
            r#"
{"version":1,
"verdict":"leak",
"exit_code":1,
"sentence":"leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request",
"subject":"node server.js --port 8080",
"unit":"request",
"growth_bytes_per_unit":{"rate":3074.3211310891543,"lower":3074.3211310891543,"upper":3099.5312151227677},
"max_growth_bytes_per_unit":100.0,
"checks":[{"check":"growth","outcome":"failed","sentence":"leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request"},{"check":"baseline-growth","outcome":"failed","sentence":"2.90 KiB per request (2.88-2.94) more than in the earlier run"},{"check":"baseline-level","outcome":"failed","sentence":"its level is +29 % against the earlier run's, limit +10 %"},{"check":"program","outcome":"passed","sentence":"it ran from beginning to end"},{"check":"load","outcome":"passed","sentence":"20500 requests, none failed"},{"check":"idle","outcome":"told","sentence":"1.8 MiB of 84.4 MiB came back when the load had stopped"}],
"growth_by_kind_bytes_per_unit":{"anon":3074.3211310891543,"file":2.3216696346507355},
"memory_bytes":{"anon":76040900,"file":12864900},
"growth_change_bytes_per_unit":{"rate":2974.3211310891543,"lower":2944.3211310891543,"upper":3013.507204342057},
"floor_change_ratio":0.29039179420364203,
"ready_bytes":25200000,
"floor_bytes":71616744,
"peak_bytes":90013307,
"end_bytes":88540900,
"idle_bytes":86640900,
"ready_seconds":1.2,
"load_seconds":1.3,
"judged_from_seconds":21.8,
"verdict_seconds":42.3,
"units_done":20500.0,
"units_per_second":500.0,
"failed_requests":0,
"latency_p50_seconds":0.0021,
"latency_p99_seconds":0.00843,
"processes_most":1,
"processes_begun":0,
"processes_ended":0,
"notes":[],"#
        );
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let document = read(&fixture::killed());
        assert_eq!((&document["verdict"], &document["exit_code"]), (&Value::from("failed"), &Value::from(1)));
        assert_eq!(document["max_rss_bytes"], 192 << 20);
        for absent in ["growth_change_bytes_per_unit", "idle_bytes", "floor_change_ratio"] {
            assert!(document.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn names_come_back_as_they_were_and_move_no_cursor_on_the_way() {
        let report = fixture::hostile();
        let text = render(&report);
        assert!(text.chars().all(|character| character == '\n' || is_harmless(character)));
        assert_eq!(read(&report)["subject"], report.subject.as_str());
    }
}
