//! `memtrend analyze --labels` as users run it: labelled traces in, figures that were worked out by hand out.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const LIMIT: f64 = 1_073_741_824.0;

fn analyze(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_memtrend")).current_dir(folder).arg("analyze").args(arguments).output().unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = analyze(folder, &[&["--format", "json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn error(folder: &Path, arguments: &[&str]) -> String {
    let output = analyze(folder, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something before it failed");
    error
}

/// Six hours, one row every 30 s; load as steady as can be.
fn write(folder: &Path, name: &str, heap: impl Fn(u32) -> u32) {
    let header = "timestamp_seconds,heap_bytes,limit_bytes,requests_total\n".to_owned();
    let text = (0..720).fold(header, |text, row| format!("{text}{},{},{LIMIT},{}\n", row * 30, heap(row), row * 300));
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// 2,000 bytes a second.
fn leak(row: u32) -> u32 {
    50_000_000 + row * 60_000
}

fn flat(row: u32) -> u32 {
    50_000_000 + row % 7 * 100_000
}

const HEADER: &str =
    "file,label,kind,runtime,onset_seconds,growth_bytes_per_second,limit_bytes,ambiguous,source,description\n";

/// Two leaks, of which one is called; one that is called before it begins; two clean ones, of which one is called; one
/// that can be argued; and one that nobody asks for.
fn corpus(folder: &Path) {
    let labels = "\
live/found.csv,leak,map,java,0,2000,1073741824,,us,\"grows, and grows\"
live/hidden.csv,leak,tiny,,0,1,1073741824,,us,
live/early.csv,leak,map,java,21000,2000,1073741824,,us,
real/flat.csv,clean,steady,go,,,,,them,
real/called.csv,clean,warm-up,go,,,,,them,
real/argued.csv,clean,warm-up,go,,,,\"grows, with load\",them,
other/absent.csv,clean,steady,go,,,,,them,
";
    fs::write(folder.join("labels.csv"), [HEADER, labels].concat()).unwrap();
    for name in ["live/found.csv", "live/early.csv", "real/called.csv", "real/argued.csv"] {
        write(folder, name, leak);
    }
    write(folder, "live/hidden.csv", flat);
    write(folder, "real/flat.csv", flat);
    fs::write(folder.join("live/notes.csv"), "not a trace, and without a label").unwrap();
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() / expected - 1.0).abs() < 1e-6
}

#[test]
fn the_score_is_what_comes_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let told = json(folder.path(), &["--labels", "labels.csv", "live", "real"]);
    let all = &told["everything"];
    let counts =
        ["leaks", "leaks_called", "leaks_called_early", "clean", "clean_called"].map(|name| all[name].as_u64());
    assert_eq!(counts, [3, 1, 1, 2, 1].map(Some), "{all}");
    assert_eq!(all["leaks_growing_or_leaking"], 2, "the early one still leaks after its onset: {all}");
    assert!(
        near(&all["precision"], 1.0 / 3.0) && near(&all["recall"], 1.0 / 3.0) && near(&all["f1"], 1.0 / 3.0),
        "{all}"
    );
    // One call in two clean series of 719 steps of 30 s.
    assert!(near(&all["false_alarms_per_app_week"], 604_800.0 / (2.0 * 21_570.0)), "{all}");

    let alone = analyze(folder.path(), &["--format", "json", "live/found.csv"]);
    let line: Value = serde_json::from_slice(&alone.stdout).unwrap();
    let call = line["first_leaking_seconds"].as_f64().unwrap();
    assert!(near(&all["hours_to_call"], call / 3600.0), "{all}");
    // The median of the first ten minutes is that of the eleventh row.
    let exhaustion = (LIMIT - f64::from(leak(10))) / 2000.0;
    assert!(near(&all["share_left"], (exhaustion - call) / exhaustion), "{all}");
    let rate = line["growth_bytes_per_second"].as_f64().unwrap();
    assert!((all["slope_error"].as_f64().unwrap() - (rate - 2000.0).abs() / 2000.0).abs() < 1e-9, "{all}");
    let (expected, truth) = (line["time_to_limit_seconds"].as_f64().unwrap(), (LIMIT - f64::from(leak(719))) / 2000.0);
    assert!((all["time_to_limit_error"].as_f64().unwrap() - (expected - truth).abs() / truth).abs() < 1e-9, "{all}");
}

#[test]
fn groups_are_told_and_what_can_be_argued_is_apart() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let told = json(folder.path(), &["--labels", "labels.csv", "live", "real"]);
    let counts = |group: &Value| [&group["leaks"], &group["clean"]].map(|count| count.as_u64().unwrap());
    assert_eq!(counts(&told["sources"]["live"]), [3, 0]);
    assert_eq!(counts(&told["sources"]["real"]), [0, 2]);
    assert_eq!(counts(&told["kinds"]["map"]), [2, 0]);
    assert_eq!(counts(&told["kinds"]["warm-up"]), [0, 1]);
    assert_eq!(counts(&told["runtimes"]["unknown"]), [1, 0]);
    assert_eq!(counts(&told["ambiguous"]), [0, 1]);
    assert_eq!(told["ambiguous"]["clean_called"], 1);
    assert_eq!(told["sources"]["live"]["false_alarms_per_app_week"], Value::Null);
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&told["misses"]), ["live/hidden.csv"]);
    assert_eq!(names(&told["false_calls"]), ["live/early.csv", "real/called.csv", "real/argued.csv"]);
    assert!(told["false_calls"][1]["evidence"].as_str().unwrap().contains("MiB/h for"), "{told}");
    let argued = &told["false_calls"][2];
    assert_eq!((&argued["is_ambiguous"], &argued["kind"]), (&Value::Bool(true), &Value::from("warm-up")));

    let text = String::from_utf8(analyze(folder.path(), &["--labels", "labels.csv", "live", "real"]).stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("everything")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells[1..11], ["3", "1", "1", "2", "2", "1", "0.33", "0.33", "0.33", "14.019"], "{text}");
    assert!(text.contains("\nmissed: live/hidden.csv (tiny): steady: "), "{text}");
    assert!(text.contains("\ncalled falsely: real/argued.csv (warm-up, ambiguous): leaking: +"), "{text}");
}

#[test]
fn a_trace_may_be_named_alone_and_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let told = json(&folder.path().join("live"), &["--labels", "../labels.csv", "../live/found.csv", "found.csv"]);
    assert_eq!((&told["everything"]["leaks"], &told["everything"]["clean"]), (&1.into(), &0.into()));
    let linked = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder.path().join("live"), linked.path().join("live")).unwrap();
    fs::copy(folder.path().join("labels.csv"), linked.path().join("labels.csv")).unwrap();
    let told = json(linked.path(), &["--labels", "labels.csv", "live"]);
    assert_eq!(told["everything"]["leaks"], 3);
}

#[test]
fn labels_and_traces_that_do_not_fit_are_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let with_labels = |path: &str| error(folder.path(), &["--labels", "labels.csv", path]);
    assert!(with_labels("live/notes.csv").contains("live/notes.csv: this trace has no label in labels.csv"));
    assert!(with_labels(".").contains("labels.csv: line 8: other/absent.csv: no such trace below"));
    assert!(with_labels("gone").contains("gone: No such file or directory"));
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(with_labels("empty").contains("empty: no trace in this folder has a label in labels.csv"));
    fs::write(folder.path().join("bad.csv"), format!("{HEADER}live/found.csv,leaky,,,,,,,,\n")).unwrap();
    let bad = error(folder.path(), &["--labels", "bad.csv", "live"]);
    assert!(bad.contains("bad.csv: line 2: label is \"leaky\": expected leak or clean"), "{bad}");
    let missing = error(folder.path(), &["--labels", "gone.csv", "live"]);
    assert!(missing.contains("gone.csv: No such file"), "{missing}");
    fs::write(folder.path().join("live/hidden.csv"), "timestamp_seconds,heap_bytes\n1,x\n").unwrap();
    assert!(with_labels("live").contains("live/hidden.csv: line 2: heap_bytes is \"x\""));
}

#[test]
fn a_folder_is_walked_in_order_without_its_labels() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    fs::remove_file(folder.path().join("live/notes.csv")).unwrap();
    let output = analyze(folder.path(), &["--format", "json", "."]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let files: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["file"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["live/early", "live/found", "live/hidden", "real/argued", "real/called", "real/flat"];
    assert_eq!(files, expected.map(|name| format!("./{name}.csv")));
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(error(folder.path(), &["empty"]).contains("empty: no *.csv or *.csv.gz in this folder"));
}
