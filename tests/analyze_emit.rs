//! `memtrend analyze --emit`: what `serve` would have exported.

use crate::support::binary;
use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::sample::{Identity, Sample};
use memtrend::output::encoder::Format;
use memtrend::output::instruments::Instruments;
use memtrend::output::page::Page;
use memtrend::trace::{Observing, Rows};
use memtrend::units::{Clock, Moment, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

/// A leak of 1 MiB each 15 s from 100 MiB on, of two lives with ten minutes between them, the first of which is killed.
fn trace() -> String {
    let mut text =
        String::from("timestamp_seconds,heap_bytes,limit_bytes,start_time_seconds,oom_kills_total,version\n");
    for (start, rows) in [(1000, 300), (1000 + 300 * 15 + 600, 200)] {
        for row in 0..rows {
            let kills = u32::from(start > 1000 || row == rows - 1);
            writeln!(text, "{},{},629145600,{start},{kills},2.0", start + row * 15, (100 + row) << 20).unwrap();
        }
    }
    text
}

fn emit(traces: &[&Path], more: &[&str]) -> Output {
    Command::new(binary()).args(["analyze", "--emit", "openmetrics"]).args(more).args(traces).output().unwrap()
}

/// By series: its points, as they are written.
fn points(page: &str) -> BTreeMap<&str, Vec<(&str, f64)>> {
    let mut points: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (rest, time) = line.rsplit_once(' ').unwrap();
        let (series, value) = rest.rsplit_once(' ').unwrap();
        points.entry(series).or_default().push((value, time.parse().unwrap()));
    }
    points
}

fn page(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn each_point_is_what_the_exporter_would_have_told_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.csv");
    fs::write(&path, trace()).unwrap();
    let emitted = page(&emit(&[&path], &["--emit-step=15s"]));
    let emitted = points(&emitted);
    let identity = Identity { application: "shop".into(), namespace: None, pod: None, container: None };
    let (mut engine, mut rows) = (Engine::new(Settings::default()), Rows::new(trace().leak().as_bytes()).unwrap());
    let (mut observing, mut compared) = (None, 0);
    while let Some(row) = rows.next_row().unwrap() {
        let observing = observing.get_or_insert_with(|| Observing::new(Arc::new(identity.clone()), row));
        let at = row.timestamp_seconds;
        if at > 1000.0 + 300.0 * 15.0 {
            break;
        }
        let clock = Clock { moment: Moment(at), wall: Timestamp(at) };
        engine.observe(Sample { clock, applications: vec![observing.observe(row).clone()], ..Sample::default() });
        let live = Page::new(Arc::new(engine.report()), Instruments::new().unwrap(), Format::OpenMetrics).whole();
        for line in String::from_utf8(live).unwrap().lines().filter(|line| line.contains("application=\"shop\"")) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let told = emitted[series].iter().find(|(_, time)| *time == at).map(|(value, _)| *value);
            assert_eq!(told, Some(value), "{series} at {at}");
            compared += 1;
        }
    }
    assert!(compared > 300 * 25, "{compared}");
}

#[test]
fn between_two_lives_it_is_down_and_its_kill_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.csv");
    fs::write(&path, trace()).unwrap();
    let text = page(&emit(&[&path], &["--emit-from=2026-01-01T00:00:00Z", "--emit-label=job=a\"b"]));
    let points = points(&text);
    let up = &points["memtrend_application_up{job=\"a\\\"b\",application=\"shop\"}"];
    let begin = 1_767_225_600.0;
    assert_eq!(up[0], ("1", begin));
    let down: Vec<f64> = up.iter().filter(|(value, _)| *value == "0").map(|(_, time)| (time - begin) / 60.0).collect();
    assert_eq!(down, (75..85).map(f64::from).collect::<Vec<_>>(), "each minute of the ten");
    let kills = &points["memtrend_oom_kills_total{job=\"a\\\"b\",application=\"shop\",scope=\"own\"}"];
    assert_eq!((kills[0].0, kills[kills.len() - 1].0), ("0", "1"));
    assert!(text.ends_with("# EOF\n") && text.contains("# TYPE memtrend_oom_kills counter\n"));
}

#[test]
fn what_cannot_be_emitted_is_one_line_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let (one, other) = (file("a/shop.csv", &trace()), file("b/shop.csv", &trace()));
    let empty = file("empty.csv", "timestamp_seconds,heap_bytes\n");
    let bad = file("bad.csv", "timestamp_seconds,heap_bytes\n1,x\n");
    let cases: [(&[&Path], &[&str], &str); 5] = [
        (&[&one, &other], &[], "b/shop.csv: another trace is named `shop` too"),
        (&[&empty], &[], "empty.csv: no row below the header"),
        (&[&one, &bad], &[], "bad.csv: line 2: heap_bytes is"),
        (&[&one], &["--emit-label=1x=y"], "`1x` is no label name"),
        (&[&one], &["--emit-step=1x"], "1x"),
    ];
    for (traces, more, told) in cases {
        let output = emit(traces, more);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
        assert!(error.contains(told), "{error}");
    }
}
