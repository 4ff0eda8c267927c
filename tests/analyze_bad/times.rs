//! Times that repeat, go back or jump; starts and limits that change at each row.

use super::{judged, must_be_refused};
use std::fmt::Write;

/// Rows of (time, heap).
fn trace(rows: impl IntoIterator<Item = (u64, u64)>) -> Vec<u8> {
    let mut text = "timestamp_seconds,heap_bytes,requests_total\n".to_owned();
    for (at, heap) in rows {
        let _ = writeln!(text, "{at},{heap},{}", at * 10);
    }
    text.into_bytes()
}

/// A row each 30 s from `from`, which grows by `pace` bytes.
fn stretch(from: u64, rows: u64, heap: u64, pace: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..rows).map(move |row| (from + row * 30, heap + row * pace))
}

const DAY: u64 = 86_400;

#[test]
fn a_clock_that_goes_back_and_one_in_another_unit_are_told() {
    must_be_refused(&[
        (
            "back",
            &trace([(30, 1), (60, 1), (59, 1)]),
            "line 4: timestamp_seconds 59 is before 60 of the row above: expected rising times; sort the file by time",
        ),
        ("below zero", b"timestamp_seconds,heap_bytes\n-5,1\n", "line 2: timestamp_seconds is \"-5\": expected"),
        (
            "milliseconds",
            &trace([(1_790_000_000_000, 1)]),
            "line 2: timestamp_seconds is 1790000000000.0, after the year 9999: expected seconds, not milliseconds",
        ),
        (
            "a jump of 2^53 s",
            &trace([(5, 1), (1 << 53, 1)]),
            "line 3: timestamp_seconds is 9007199254740992.0, after the year 9999: expected seconds",
        ),
        ("the largest", b"timestamp_seconds,heap_bytes\n1e308,1\n", "line 2: timestamp_seconds is 1e308, after"),
    ]);
}

#[test]
fn a_time_that_stands_still_teaches_nothing() {
    let line = judged(&trace((0..5000).map(|row| (60, row * 1_000_000))));
    assert_eq!((&line["verdict"], &line["samples"]), (&"learning".into(), &5000.into()));
    let twice = stretch(0, 720, 50_000_000, 60_000).flat_map(|row| [row, row]);
    let line = judged(&trace(twice));
    assert_eq!((&line["verdict"], &line["samples"]), (&"leaking".into(), &1440.into()));
}

#[test]
fn a_gap_of_days_or_years_is_no_growth() {
    for gap in [DAY, 5 * DAY, 4000 * DAY] {
        let step = stretch(0, 240, 100_000_000, 0).chain(stretch(gap, 240, 900_000_000, 0));
        let line = judged(&trace(step));
        assert_eq!(
            (&line["verdict"], &line["first_growing_seconds"]),
            (&"steady".into(), &().into()),
            "{gap} s: {line}"
        );
        let ends = stretch(0, 240, 100_000_000, 60_000).chain(stretch(gap, 960, 114_400_000, 0));
        let line = judged(&trace(ends));
        assert_eq!(
            (&line["verdict"], &line["first_leaking_seconds"]),
            (&"steady".into(), &().into()),
            "{gap} s: {line}"
        );
    }
}

#[test]
fn growth_before_a_gap_is_not_added_to_that_after_it() {
    let parts = (0..6).flat_map(|part| stretch(part * 9 * DAY, 300, 100_000_000 + part * 18_000_000, 60_000));
    let line = judged(&trace(parts));
    assert_eq!(line["first_leaking_seconds"], serde_json::Value::Null, "six times two and a half hours: {line}");
    let rate = line["growth_bytes_per_second"].as_f64().unwrap();
    assert!((rate - 2000.0).abs() < 20.0, "{line}");
}

#[test]
fn a_gap_shows_no_rhythm() {
    let without_load = |rows: Vec<(u64, u64)>| {
        let rows = rows.iter().map(|(at, heap)| format!("{at},{heap}\n")).collect::<String>();
        judged(["timestamp_seconds,heap_bytes\n", &rows].concat().as_bytes())
    };
    let growth = |from| stretch(from, 900, 100_000_000, 60_000);
    let line = without_load([(0, 100_000_000)].into_iter().chain(growth(2 * DAY)).collect());
    assert_eq!(line["first_leaking_seconds"], serde_json::Value::Null, "{line}");
    let seen = stretch(0, 5760, 100_000_000, 0).chain(growth(2 * DAY));
    assert!(without_load(seen.collect())["first_leaking_seconds"].is_number(), "two days that were seen show it");
}

#[test]
fn few_rows_far_apart_are_never_a_leak() {
    let line = judged(&trace((0..60).map(|day| (day * DAY, 100_000_000 + day * 10_000_000))));
    assert_eq!(line["verdict"], "learning", "{line}");
}

#[test]
fn starts_that_go_back_alternate_or_are_to_come_are_lives_and_no_harm() {
    let with_start = |rows: u64, start: fn(u64) -> u64| {
        let mut text = "timestamp_seconds,heap_bytes,start_time_seconds,limit_bytes\n".to_owned();
        for row in 0..rows {
            let (at, heap) = (100_000 + row * 30, 50_000_000 + row * 60_000);
            let _ = writeln!(
                text,
                "{at},{heap},{},{}",
                start(row),
                [0, 1, 1 << 40, heap][usize::try_from(row % 4).unwrap()]
            );
        }
        judged(text.as_bytes())
    };
    let alternating = with_start(3000, |row| row % 2);
    assert_eq!((&alternating["verdict"], &alternating["lifetimes"]), (&"learning".into(), &3000.into()));
    let back = with_start(720, |row| 90_000 - row / 360 * 50_000);
    assert_eq!((&back["lifetimes"], &back["verdict"]), (&2.into(), &"growing".into()), "{back}");
    let ahead = with_start(720, |_| 9_000_000_000);
    assert_eq!(ahead["lifetimes"], 1);
    assert!(ahead["age_at_onset_seconds"].as_f64().is_none_or(|age| age >= 0.0), "{ahead}");
}
