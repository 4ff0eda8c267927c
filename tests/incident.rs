//! The incident that memtrend exists to prevent, as a made series: days flat, a deploy that brings a cache without
//! eviction, the limit at 02:00, a restart at 02:30 that changes nothing, kills, the revert at 06:30.
//!
//! What the detector says of it, sample by sample, is the table of `docs/incident-replay.md`; `MEMTREND_ACCEPT=1` writes
//! that anew.

pub(crate) mod alerts;
mod quiet;
pub(crate) mod series;

use crate::support::generated::hold_part;
use memtrend::analysis::report::ApplicationReport;
use memtrend::analysis::verdict::Verdict;
use memtrend::trace::{Replay, Row};
use memtrend::units::{Bytes, Span, whole};
use series::{LIMIT, at, clock, rows};
use std::fmt::Write;

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
    let head = "| time | | verdict | without versions | lifetimes | limit in | a restart buys | evidence |\n|---|---|---|---|---|---|---|---|\n";
    hold_part("docs/incident-replay.md", "replay", &format!("{head}{table}"));
}
