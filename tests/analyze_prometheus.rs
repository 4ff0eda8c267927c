//! `memtrend analyze --prometheus` against a real Prometheus with a past; what none can be made to say comes from a
//! server with prepared answers.

mod wrong;

use crate::support::binary;
use crate::support::prometheus::Prometheus;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// When the past begins.
pub(crate) const BEGIN: u64 = 1_767_225_600;

const LIMIT: u64 = 1 << 30;

fn analyze(arguments: &[&str]) -> Output {
    Command::new(binary()).args(["analyze", "--format", "json"]).args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.code() != Some(2), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The object without the name of what was judged.
fn nameless(mut line: Value) -> Value {
    line.as_object_mut().unwrap().remove("file").unwrap();
    line
}

/// Arguments of a query with all times of a past of `rows` rows.
fn over(url: &str, query: &str, rows: u64, step: u64) -> Vec<String> {
    let (from, to) = (BEGIN.to_string(), (BEGIN + (rows - 1) * step).to_string());
    let step = format!("{step}s");
    let flags = ["--prometheus", url, "--query", query, "--from", &from, "--to", &to, "--step", &step];
    flags.map(str::to_owned).to_vec()
}

fn run(arguments: &[String], more: &[&str]) -> Output {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    analyze(&arguments)
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Labels, and the value of each row.
type Series<'a> = (&'a str, &'a dyn Fn(u64) -> Option<String>);

/// One metric of a past.
fn metric(text: &mut String, name: &str, series: &[Series], rows: u64, step: u64) {
    writeln!(text, "# TYPE {name} gauge").unwrap();
    for (labels, value) in series {
        for row in 0..rows {
            if let Some(value) = value(row) {
                writeln!(text, "{name}{{{labels}}} {value} {}", BEGIN + row * step).unwrap();
            }
        }
    }
}

const ROWS: u64 = 1440;
const STEP: u64 = 15;

/// The columns of a leak that restarts once, and of a flat one: heap, limit, requests, CPU seconds, start, live heap.
fn leak(row: u64) -> [u64; 6] {
    let (life, age) = if row < 1300 { (0, row) } else { (1300, row - 1300) };
    let heap = 50_000_000 + age * 120_000 + row % 5 * 10_000;
    [heap, LIMIT, age * 150, age * 3, BEGIN + life * STEP, heap - 1_000_000]
}

fn flat(row: u64) -> [u64; 6] {
    [80_000_000 + row % 7 * 100_000, 2 * LIMIT, row * 150, row * 3, BEGIN - 500, 70_000_000]
}

const NAMES: [&str; 6] = ["heap", "limit", "requests", "cpu", "start", "live"];
const HOSTILE: &str = r#"instance="a\"\\<b>&\n:1",job="x""#;
const PLAIN: &str = r#"instance="b:1",job="x""#;

fn past_of_both() -> String {
    let mut text = String::new();
    for (column, name) in NAMES.iter().enumerate() {
        let leak = |row| Some(leak(row)[column].to_string());
        let flat = |row| Some(flat(row)[column].to_string());
        metric(&mut text, name, &[(HOSTILE, &leak), (PLAIN, &flat)], ROWS, STEP);
    }
    text + "# EOF\n"
}

fn as_csv(values: impl Fn(u64) -> [u64; 6], columns: usize) -> String {
    let names =
        ["heap_bytes", "limit_bytes", "requests_total", "cpu_seconds_total", "start_time_seconds", "live_heap_bytes"];
    let mut text = format!("timestamp_seconds,{}\n", names[..columns].join(","));
    for row in 0..ROWS {
        let values: Vec<String> = values(row)[..columns].iter().map(u64::to_string).collect();
        writeln!(text, "{},{}", BEGIN + row * STEP, values.join(",")).unwrap();
    }
    text
}

#[test]
fn series_of_a_prometheus_are_judged_as_the_same_series_in_files() {
    let prometheus = Prometheus::of_past(&past_of_both(), None);
    let url = format!("http://{}", prometheus.address);
    let arguments = over(&url, "heap", ROWS, STEP);
    let all = ["--limit-query", "limit", "--requests-query", "requests", "--cpu-query", "cpu"];
    let all = [&all[..], &["--start-time-query", "start", "--live-heap-query", "live"]].concat();
    let folder = tempfile::tempdir().unwrap();
    for columns in [1, 6] {
        let output = run(&arguments, if columns == 6 { &all } else { &[] });
        let files = [("leak.csv", as_csv(leak, columns)), ("flat.csv", as_csv(flat, columns))];
        let files = files.map(|(name, text)| write(folder.path(), name, &text));
        let expected = analyze(&files.each_ref().map(|path| path.to_str().unwrap()));
        assert_eq!(output.status.code(), expected.status.code());
        let (found, expected) = (lines(&output), lines(&expected));
        assert_eq!((found.len(), expected.len()), (2, 2), "{found:?}");
        assert_eq!(found[0]["file"], r#"heap{instance="a\"\\<b>&\n:1",job="x"}"#);
        assert_eq!(found[1]["file"], r#"heap{instance="b:1",job="x"}"#);
        assert_eq!(found[0]["lifetimes"], if columns == 6 { 2 } else { 1 });
        for (found, expected) in found.into_iter().zip(expected) {
            assert_eq!(nameless(found), nameless(expected), "{columns} columns");
        }
    }
    // The leak is called with its load known: the columns do reach the detector.
    let known = lines(&run(&arguments, &all));
    assert_eq!((&known[0]["verdict"], &known[1]["verdict"]), (&"leaking".into(), &"steady".into()), "{known:?}");

    // A sum has fewer labels and is joined all the same; so is the only one, whatever its labels.
    let one = over(&url, "heap{instance='b:1'}", ROWS, STEP);
    let equal = lines(&run(&one, &["--limit-query", "limit{instance='b:1'}"]));
    for limit in ["sum by (job) (limit{instance='b:1'})", "label_replace(limit{instance='b:1'},'job','y','','')"] {
        assert_eq!(lines(&run(&one, &["--limit-query", limit])), equal, "{limit}");
    }
    let other = run(&arguments, &["--limit-query", "label_replace(limit{instance='b:1'},'job','y','','')"]);
    wrong::says(&other, &[&url, "--limit-query", "none of its series has the labels of one of --query"]);
    let both = run(&one, &["--limit-query", "sum by (job) (limit) or sum by (instance) (limit)"]);
    wrong::says(&both, &[&url, "--limit-query", r#"several of its series fit heap{instance="b:1",job="x"}"#]);
    let svg = folder.path().join("out.svg");
    wrong::says(&run(&arguments, &["--svg", svg.to_str().unwrap()]), &["2 series", "--svg draws one"]);
    assert!(!svg.exists());
    assert_eq!(run(&one, &["--svg", svg.to_str().unwrap()]).status.code(), Some(0));
    assert!(std::fs::read_to_string(svg).unwrap().contains("heap{instance=&quot;b:1&quot;"));
}

#[test]
fn ninety_days_at_15_s_are_paged() {
    const ROWS: u64 = 90 * 86_400 / STEP;
    // From the 40th day on, 20 KiB a minute.
    let heap = |row: u64| 200_000_000 + row.saturating_sub(40 * 5760) * 5120 + row * 7919 % 20_000_000;
    let mut past = String::new();
    metric(&mut past, "heap", &[("app=\"x\"", &|row| Some(heap(row).to_string()))], ROWS, STEP);
    let prometheus = Prometheus::of_past(&(past + "# EOF\n"), None);
    let mut csv = String::from("timestamp_seconds,heap_bytes\n");
    (0..ROWS).for_each(|row| writeln!(csv, "{},{}", BEGIN + row * STEP, heap(row)).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "heap.csv", &csv);
    let expected = std::thread::spawn(move || lines(&analyze(&[file.to_str().unwrap()])));
    // Not aligned to the steps at the end: no point is asked for after --to.
    let mut arguments = over(&format!("http://{}", prometheus.address), "heap", ROWS, STEP);
    arguments[7] = (BEGIN + (ROWS - 1) * STEP + 7).to_string();
    let found = lines(&run(&arguments, &[]));
    assert_eq!(found[0]["samples"], 518_400);
    assert_eq!(found.into_iter().map(nameless).collect::<Vec<_>>(), {
        let expected = expected.join().unwrap();
        expected.into_iter().map(nameless).collect::<Vec<_>>()
    });
}

#[test]
fn gaps_stay_gaps_and_what_is_no_number_is_not_known() {
    let is_there = |row: u64| !(400..900).contains(&row);
    let value = |row: u64| match row {
        100..110 => "NaN".to_owned(),
        110..120 => "+Inf".to_owned(),
        _ => (50_000_000 + row * 60_000).to_string(),
    };
    let mut past = String::new();
    metric(&mut past, "heap", &[("app=\"x\"", &|row| is_there(row).then(|| value(row)))], ROWS, STEP);
    metric(&mut past, "unknown", &[("app=\"x\"", &|_| Some("NaN".to_owned()))], ROWS, STEP);
    let prometheus = Prometheus::of_past(&(past + "# EOF\n"), None);
    let url = format!("http://{}", prometheus.address);
    let mut csv = String::from("timestamp_seconds,heap_bytes\n");
    for row in 0..ROWS {
        // A range query holds the last value for five minutes (its lookback).
        let seen = if is_there(row) { row } else { 399 };
        let is_known = !(100..120).contains(&row) && row - seen <= 300 / STEP;
        if is_known {
            writeln!(csv, "{},{}", BEGIN + row * STEP, value(seen)).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let expected = lines(&analyze(&[write(folder.path(), "heap.csv", &csv).to_str().unwrap()]));
    let found = lines(&run(&over(&url, "heap", ROWS, STEP), &[]));
    assert_eq!(found[0]["samples"], ROWS - 500 + 20 - 20);
    assert_eq!(nameless(found[0].clone()), nameless(expected[0].clone()));

    wrong::says(&run(&over(&url, "unknown", ROWS, STEP), &[]), &["--query: no known value from 2026-01-01T00:00:00Z"]);
    // One that is known beside one that is not.
    let two = lines(&run(&over(&url, "{app='x'}", ROWS, STEP), &[]));
    assert_eq!((two.len(), &two[0]["samples"]), (1, &found[0]["samples"]));
}
