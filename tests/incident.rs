//! The incident that memtrend exists to prevent, as a made series: days flat, a deploy that brings a cache without
//! eviction, the limit at 02:00, a restart at 02:30 that changes nothing, kills, the revert at 06:30.
//!
//! What the detector says of it, sample by sample, is the table of `docs/incident-replay.md`; `MEMTREND_ACCEPT=1` writes
//! that anew.

use crate::support::project;
use memtrend::analysis::report::ApplicationReport;
use memtrend::analysis::sample::{About, LoadCounters};
use memtrend::analysis::verdict::Verdict;
use memtrend::trace::{Replay, Row};
use memtrend::units::{Bytes, Span, whole};
use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::sync::Arc;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
const MIB: f64 = 1_048_576.0;
const STEP: f64 = 15.0;
const LIMIT: f64 = 4096.0 * MIB;

/// Days before the one of the deploy.
const CALM_DAYS: f64 = 3.0;

/// A time of the day of the deploy in seconds; times after midnight are over 24 h.
fn at(hours: f64, minutes: f64) -> f64 {
    CALM_DAYS * DAY + hours * HOUR + minutes * 60.0
}

/// Requests a second: a day's wave with its peak at 20:00, and noise.
fn load(time: f64) -> f64 {
    let wave = 300.0 + 150.0 * ((time / DAY - 20.0 / 24.0) * TAU).cos();
    wave * (1.0 + 0.1 * noise(time))
}

/// Between -1 and 1, the same at each run.
fn noise(time: f64) -> f64 {
    let mixed = (whole(time).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5bd1_e995)
        .rotate_left(31)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f64::from(u32::try_from(mixed >> 33).unwrap_or_default()) / f64::from(1_u32 << 30) - 1.0
}

/// One life of the application.
struct Life {
    from: f64,
    to: f64,
    version: &'static str,
    /// Bytes that each request leaves behind.
    leak: f64,
}

/// The story. The limit is hit at 02:00; the service is down until it is restarted at 02:30. After that the
/// keys that all clients ask for at once fill the cache faster: it dies each 66 min or so.
fn lives() -> Vec<Life> {
    let mut lives = vec![
        Life { from: 0.0, to: at(14.0, 4.0), version: "2.4.0", leak: 0.0 },
        Life { from: at(14.0, 5.0), to: at(26.0, 0.0), version: "2.4.1", leak: 171.0 },
    ];
    let mut from = at(26.0, 30.0);
    while from < at(30.0, 29.0) {
        let to = (from + 66.0 * 60.0).min(at(30.0, 29.0));
        lives.push(Life { from, to, version: "2.4.1", leak: 3300.0 });
        from = to + 60.0;
    }
    lives.push(Life { from: at(30.0, 30.0), to: at(38.0, 0.0), version: "2.4.0", leak: 0.0 });
    lives
}

/// All rows; without versions as a recording has that knows none.
fn rows(with_versions: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for life in lives() {
        let version = with_versions.then(|| life.version.into());
        let about = Arc::new(About { version, ..About::default() });
        let (mut time, mut leaked, mut requests) = (life.from, 0.0, 0.0);
        while time < life.to {
            let age = time - life.from;
            requests += load(time) * STEP;
            leaked += life.leak * load(time) * STEP;
            let started = 1000.0 * MIB * (1.0 - (-age / 120.0).exp());
            let in_flight = 0.25 * MIB * load(time);
            let saw = 60.0 * MIB * (age / 40.0).fract();
            let heap = 200.0 * MIB + started + in_flight + saw + leaked + 4.0 * MIB * noise(time + 7.0);
            rows.push(Row {
                timestamp_seconds: time,
                heap: Bytes(whole(heap.min(LIMIT))),
                limit: Some(Bytes(whole(LIMIT))),
                live_heap: None,
                load: LoadCounters { requests: Some(requests), cpu_seconds: None },
                start_seconds: Some(life.from),
                about: Arc::clone(&about),
            });
            time += STEP;
        }
    }
    rows
}

#[test]
fn the_limit_is_hit_at_two_and_not_before() {
    let full = Bytes(whole(LIMIT));
    let hit = rows(false).iter().find(|row| row.heap == full).map(|row| row.timestamp_seconds);
    assert!(
        hit.is_some_and(|hit| (at(25.0, 55.0)..=at(26.0, 0.0)).contains(&hit)),
        "{}",
        hit.map_or_else(String::new, clock)
    );
}

/// What was known at certain times, and when the verdict changed.
struct Told {
    reports: Vec<(f64, ApplicationReport)>,
    changes: Vec<(f64, Verdict)>,
}

impl Told {
    fn of(rows: &[Row], times: &[f64]) -> Self {
        let mut replay = Replay::new(&rows[0]);
        let mut reports = Vec::new();
        let mut due = times.iter().copied().peekable();
        for row in &rows[1..] {
            while let Some(time) = due.next_if(|time| *time < row.timestamp_seconds) {
                reports.push((time, replay.report()));
            }
            replay.push(row);
        }
        let changes = replay.outcome().transitions;
        Self { reports, changes: changes.iter().map(|change| (change.at_seconds, change.verdict)).collect() }
    }

    fn at(&self, time: f64) -> &ApplicationReport {
        &self.reports.iter().find(|(told, _)| *told == time).unwrap().1
    }

    fn first(&self, verdict: Verdict, after: f64) -> f64 {
        let in_force = |change: &&(f64, Verdict)| change.1 == verdict && change.0 >= after;
        self.changes.iter().find(in_force).map_or(f64::INFINITY, |change| change.0)
    }
}

/// The moments that are looked at, with what happens then.
fn moments() -> Vec<(f64, &'static str)> {
    vec![
        (at(14.0, 0.0), "three days and a half of 2.4.0"),
        (at(14.0, 10.0), "2.4.1 was deployed at 14:05"),
        (at(14.0, 30.0), ""),
        (at(14.0, 50.0), "45 min after the deploy"),
        (at(16.0, 0.0), ""),
        (at(18.0, 0.0), ""),
        (at(22.0, 0.0), ""),
        (at(25.0, 55.0), "5 min before the limit"),
        (at(26.0, 35.0), "restarted at 02:30"),
        (at(28.0, 0.0), "killed for the second time at 03:36"),
        (at(30.0, 25.0), ""),
        (at(30.0, 35.0), "reverted to 2.4.0 at 06:30"),
        (at(32.0, 30.0), "2 h after the revert"),
        (at(37.0, 0.0), ""),
    ]
}

fn judged(with_versions: bool) -> Told {
    let times: Vec<f64> = moments().iter().map(|moment| moment.0).collect();
    Told::of(&rows(with_versions), &times)
}

fn clock(time: f64) -> String {
    let minutes = whole((time / 60.0).round()) % (24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[test]
fn it_is_seen_within_the_hour_called_in_the_afternoon_and_known_after_the_restart() {
    for with_versions in [true, false] {
        let told = judged(with_versions);
        let changes: Vec<_> = told.changes.iter().map(|(time, verdict)| (clock(*time), verdict.name())).collect();
        let deploy = at(14.0, 5.0);
        assert_eq!(told.first(Verdict::Leaking, 0.0), told.first(Verdict::Leaking, deploy), "{changes:?}");
        assert!(told.first(Verdict::Growing, deploy) <= deploy + 45.0 * 60.0, "{changes:?}");
        assert!(told.first(Verdict::Leaking, deploy) <= at(18.0, 0.0), "{changes:?}");
        let evening = told.at(at(18.0, 0.0));
        let onset = evening.onset.unwrap().0;
        assert!((onset - deploy).abs() <= 15.0 * 60.0, "onset at {}", clock(onset));
        assert_eq!(evening.origin.as_ref().unwrap().version.as_deref(), with_versions.then_some("2.4.1"));
        let restarted = told.at(at(26.0, 35.0));
        assert_eq!((restarted.verdict, restarted.leak_lifetimes), (Verdict::Leaking, 2), "{changes:?}");
        let fixed = told.at(at(32.0, 30.0));
        assert_eq!((fixed.verdict, fixed.leak_lifetimes), (Verdict::Steady, 0), "{changes:?}");
        assert!(told.first(Verdict::Leaking, at(32.5, 0.0)).is_infinite(), "{changes:?}");
    }
}

#[test]
fn the_table_of_the_docs_is_what_the_detector_says() {
    let (with, without) = (judged(true), judged(false));
    let mut table = String::new();
    for (time, what) in moments() {
        let report = with.at(time);
        let left = report.present.as_ref().and_then(|present| present.time_to_limit);
        let gain = report.present.as_ref().and_then(|present| present.restart_gain_seconds);
        let span = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| Span(seconds).to_string());
        let origin = report.origin.as_ref().map_or_else(String::new, |origin| format!("; {origin}"));
        writeln!(
            table,
            "| {} | {what} | **{}** | {} | {} | {} | {} | {}{origin} |",
            clock(time),
            report.verdict.name(),
            without.at(time).verdict.name(),
            report.leak_lifetimes,
            span(left.map(|left| left.expected)),
            span(gain),
            report.evidence,
        )
        .unwrap();
    }
    let path = project().join("docs/incident-replay.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- replay:begin -->\n").expect("a mark where the table begins");
    let (_, after) = rest.split_once("<!-- replay:end -->").expect("a mark where the table ends");
    let fresh = format!(
        "{before}<!-- replay:begin -->\n| time | | verdict | without versions | lifetimes | limit in | a restart buys | evidence |\n|---|---|---|---|---|---|---|---|\n{table}<!-- replay:end -->{after}"
    );
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == fresh, "docs/incident-replay.md is stale: run `make docs`");
}
