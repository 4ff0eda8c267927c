//! Whatever a series holds, its verdict holds together; and it depends on neither the unit of memory nor the time of day.

use memtrend::analysis::sample::{About, LoadCounters};
use memtrend::analysis::trend::Slope;
use memtrend::analysis::verdict::{Evidence, Verdict};
use memtrend::trace::{Outcome, Replay, Row};
use memtrend::units::{Bytes, whole};
use proptest::prelude::*;
use std::sync::Arc;

/// Numbers that a file may hold, the odd ones often.
fn any_number() -> impl Strategy<Value = f64> {
    let odd = prop::sample::select(vec![
        0.0,
        5e-324,
        1.0,
        4096.0,
        9_007_199_254_740_992.0,
        9.2e18,
        1.9e19,
        1e38,
        1e300,
        f64::MAX,
    ]);
    prop_oneof![2 => odd, 5 => 0.0..1e10_f64, 1 => 0.0..1e300_f64]
}

fn maybe<S: Strategy<Value = f64>>(number: S) -> impl Strategy<Value = Option<f64>> {
    prop::option::weighted(0.6, number)
}

/// Seconds to the next row: seconds mostly, also none, days, years, and more than the clock can tell.
fn any_step() -> impl Strategy<Value = f64> {
    let odd = prop::sample::select(vec![0.0, 1e-9, 86_400.0, 3.2e7, 9_007_199_254_740_992.0, 1e300]);
    prop_oneof![1 => odd, 8 => 1.0..400.0_f64]
}

type Odd = (f64, f64, [Option<f64>; 4], Option<u8>);

fn any_row() -> impl Strategy<Value = Odd> {
    let optional = [maybe(any_number()), maybe(any_number()), maybe(any_number()), maybe(any_number())];
    (any_step(), any_number(), optional, prop::option::weighted(0.1, 0..3_u8))
}

fn rows(odd: &[Odd]) -> Vec<Row> {
    let (mut at, mut version) = (0.0_f64, None);
    let mut rows = Vec::new();
    for (step, heap, [limit, live, requests, start], other) in odd {
        at = (at + step).min(f64::MAX);
        version = other.map(|other| other.to_string().into_boxed_str()).or(version);
        let about = About { version: version.clone(), runtime: other.map(|_| "jvm".into()), image: None };
        rows.push(Row {
            timestamp_seconds: at,
            heap: Bytes(whole(*heap)),
            limit: limit.map(|limit| Bytes(whole(limit))),
            live_heap: live.map(|live| Bytes(whole(live))),
            load: LoadCounters { requests: *requests, cpu_seconds: *limit },
            // Mostly the same life, else most rows would be lives of their own.
            start_seconds: start.filter(|start| *start < 1e9).map(|start| (start / 3e8).floor()),
            oom_kills: None,
            about: Arc::new(about),
        });
    }
    rows
}

fn is_in_order(slope: &Slope) -> bool {
    slope.lower <= slope.rate && slope.rate <= slope.upper
}

/// What is wrong with what is known after a row.
fn faults(replay: &Replay, at: f64) -> Vec<String> {
    let report = replay.report();
    let mut faults = Vec::new();
    let mut check = |is_right: bool, what: String| faults.extend((!is_right).then_some(what));
    let text = report.evidence.to_string();
    check(!text.contains("NaN"), format!("evidence: {text}"));
    let word = match &report.evidence {
        Evidence::TooLittle { .. } => Verdict::Learning,
        Evidence::Flat { .. } => Verdict::Steady,
        Evidence::Growth(..) => Verdict::Growing,
        Evidence::Leak(_) | Evidence::Carried { .. } => Verdict::Leaking,
    };
    check(word == report.verdict, format!("{:?}, but {text}", report.verdict));
    check((report.verdict == Verdict::Leaking) == (report.leak_lifetimes > 0), format!("{}", report.leak_lifetimes));
    check(report.onset.is_none_or(|onset| onset.0 <= at), format!("onset {:?} after {at}", report.onset));
    let slope = match &report.evidence {
        Evidence::Growth(seen, _) | Evidence::Leak(seen) => Some(seen.slope),
        _ => None,
    };
    check(slope.is_none_or(|slope| slope.lower.0 > 0.0), format!("growth of {slope:?}"));
    let present = report.present.as_ref().unwrap();
    for slope in present.slopes.iter().flatten().chain(&slope) {
        check(is_in_order(slope), format!("{slope:?}"));
    }
    if let Some(time) = present.time_to_limit {
        let is_in_order = time.earliest >= 0.0 && time.earliest <= time.expected && time.expected <= time.latest;
        check(is_in_order, format!("{time:?}"));
    }
    check(present.restart_gain_seconds.is_none_or(|gain| gain >= 0.0), format!("{:?}", present.restart_gain_seconds));
    faults
}

fn outcome(rows: &[Row]) -> Outcome {
    let mut replay = Replay::new(&rows[0]);
    rows[1..].iter().for_each(|row| replay.push(row));
    replay.outcome()
}

/// Whole numbers of 64 MiB, that none is near the least growth that matters, over whole seconds: (time, heap, requests).
/// Each stretch has its own pace, the last is a leak in half of the series.
fn any_series() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    let stretch = (0..3_u32, 0..4_u32, 1..6_u32, 60..200_u32, any::<u8>());
    (prop::collection::vec(stretch, 1..4), 1..40_u32).prop_map(|(stretches, base)| {
        let (mut at, mut level, mut requests, mut series) = (0, base * 20, 0, Vec::new());
        for (pace, noise, load, rows, seed) in stretches {
            for row in 0..rows {
                at += 120 + (row + u32::from(seed)) % 7;
                requests += load * 1000;
                level += pace * u32::from(!(row + u32::from(seed)).is_multiple_of(3));
                let mixed = (row + u32::from(seed)).wrapping_mul(2_654_435_761) >> 16;
                series.push((at, level + mixed % (noise + 1), requests));
            }
        }
        series
    })
}

/// The series with all memory `times` as much, and `later` by so many seconds.
fn moved(series: &[(u32, u32, u32)], times: u64, later: f64) -> Vec<Row> {
    let limit = 700_u64 * (64 << 20);
    let row = |(at, heap, requests): &(u32, u32, u32)| Row {
        timestamp_seconds: f64::from(*at) + later,
        heap: Bytes(u64::from(*heap) * (64 << 20) * times),
        limit: Some(Bytes(limit * times)),
        live_heap: Some(Bytes(u64::from(*heap) * (32 << 20) * times)),
        load: LoadCounters { requests: Some(f64::from(*requests)), cpu_seconds: None },
        start_seconds: Some(later - 1000.0),
        oom_kills: None,
        about: Arc::default(),
    };
    series.iter().map(row).collect()
}

fn changes(outcome: &Outcome, later: f64) -> Vec<(f64, Verdict)> {
    outcome.transitions.iter().map(|change| (change.at_seconds - later, change.verdict)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn whatever_is_in_a_trace_what_is_told_of_it_holds_together(odd in prop::collection::vec(any_row(), 1..120)) {
        let rows = rows(&odd);
        let mut replay = Replay::new(&rows[0]);
        for row in &rows[1..] {
            replay.push(row);
            prop_assert_eq!(faults(&replay, row.timestamp_seconds), Vec::<String>::new());
        }
        let end = rows[rows.len() - 1].timestamp_seconds;
        let outcome = replay.outcome();
        prop_assert_eq!(outcome.samples, u64::try_from(rows.len()).unwrap());
        prop_assert!(outcome.leaking_since().is_none_or(|since| since <= end));
        prop_assert_eq!(outcome.leaking_since().is_some(), outcome.report.verdict == Verdict::Leaking);
        prop_assert!(outcome.transitions.windows(2).all(|pair| pair[0].verdict != pair[1].verdict
            && pair[0].at_seconds <= pair[1].at_seconds));
    }

    #[test]
    fn twice_the_memory_and_another_day_change_no_verdict(series in any_series()) {
        let plain = changes(&outcome(&moved(&series, 1, 0.0)), 0.0);
        for (times, later) in [(2, 0.0), (1, 1_790_000_000.0)] {
            let other = changes(&outcome(&moved(&series, times, later)), later);
            prop_assert_eq!(&other, &plain, "{} times the memory, {} s later", times, later);
        }
    }
}

#[test]
fn the_series_that_are_moved_hold_every_verdict() {
    let leak: Vec<_> = (0..600_u32).map(|row| (row * 120, 100 + row.saturating_sub(200) / 2, row * 1000)).collect();
    let words: Vec<_> = changes(&outcome(&moved(&leak, 1, 0.0)), 0.0).into_iter().map(|change| change.1).collect();
    assert_eq!(words, [Verdict::Learning, Verdict::Steady, Verdict::Growing, Verdict::Leaking]);
}
