//! `memtrend analyze` as users run it: files in, lines and exit codes out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn analyze(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_memtrend")).args(["analyze", "--format", "json"]).args(arguments).output().unwrap()
}

/// Rows of six hours, one every 30 s, below a limit of 1 GiB.
fn trace(heap: impl Fn(u32) -> u32) -> String {
    let header = "timestamp_seconds,heap_bytes,limit_bytes,requests_total\n".to_owned();
    (0..720).fold(header, |text, row| format!("{text}{},{},1073741824,{}\n", row * 30, heap(row), row * 300))
}

fn write(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_leak_is_told_with_its_figures_and_ends_with_1_gzip_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let leak = trace(|row| 50_000_000 + row * 60_000);
    let plain = write(folder.path(), "leak.csv", leak.as_bytes());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(leak.as_bytes()).unwrap();
    let gzip = write(folder.path(), "leak.csv.gz", &packed.finish().unwrap());
    let output = analyze(&[&plain, &gzip]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (&first["verdict"], &first["samples"], &first["lifetimes"]),
        (&"leaking".into(), &720.into(), &1.into())
    );
    assert_eq!(first["transitions"], second["transitions"]);
    assert!((first["growth_bytes_per_second"].as_f64().unwrap() - 2000.0).abs() < 20.0, "{first}");
    assert!(first["onset_seconds"].as_f64().unwrap() <= 60.0, "{first}");
    assert!(first["first_growing_seconds"].as_f64() < first["first_leaking_seconds"].as_f64(), "{first}");
    let left = (1_073_741_824.0 - 50_000_000.0 - 719.0 * 60_000.0) / 2000.0;
    assert!((first["time_to_limit_seconds"].as_f64().unwrap() / left - 1.0).abs() < 0.02, "{first}");
}

#[test]
fn flat_memory_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let flat = write(folder.path(), "flat.csv", trace(|row| 50_000_000 + row % 7 * 100_000).as_bytes());
    let output = analyze(&[&flat]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["verdict"], &line["first_leaking_seconds"]), (&"steady".into(), &serde_json::Value::Null));
}

#[test]
fn what_is_no_trace_is_one_clear_line_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let header = "timestamp_seconds,heap_bytes\n";
    let cut_gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.csv", b"", "line 1: the file is empty"),
        ("only-header.csv", header.as_bytes(), "no row below the header"),
        ("garbage.csv", b"\x7fELF\x02\xff\xfe", "line 1: not text"),
        ("cut.csv.gz", &cut_gzip, "after line 0"),
        ("back.csv", b"timestamp_seconds,heap_bytes\n5,1\n4,1\n", "line 3: timestamp_seconds 4 is before 5"),
        ("nan.csv", b"timestamp_seconds,heap_bytes\n5,NaN\n", "line 2: heap_bytes is \"NaN\""),
    ];
    for (name, content, expected) in cases {
        let output = analyze(&[&write(folder.path(), name, content)]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {error}");
        assert_eq!(error.lines().count(), 1, "{name}: {error}");
        assert!(error.contains(name) && error.contains(expected), "{name}: {error}");
    }
    let output = analyze(&[&folder.path().join("missing.csv")]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_leak_that_is_carried_over_a_restart_is_told_with_its_growth() {
    // Lives of eleven minutes, each up to the limit; the last has gone on for ten.
    let (limit, rows, pace) = (1_073_741_824_u64, 44_u64, 22_130_495_u64);
    let header = "timestamp_seconds,heap_bytes,limit_bytes,requests_total,start_time_seconds\n".to_owned();
    let text = (0..5 * rows + 40).fold(header, |text, row| {
        let (life, age) = (row / rows, row % rows);
        let (at, heap) = (row * 15, 100_000_000 + age * pace);
        format!("{text}{at},{heap},{limit},{},{}\n", at * 10, life * rows * 15)
    });
    let folder = tempfile::tempdir().unwrap();
    let output = analyze(&[&write(folder.path(), "loop.csv", text.as_bytes())]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let evidence = line["evidence"].as_str().unwrap();
    assert!(evidence.contains("before its restart") && evidence.contains("; now +"), "{line}");
    let number = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{name}: {line}"));
    let rate = number("growth_bytes_per_second");
    assert!((rate / (22_130_495.0 / 15.0) - 1.0).abs() < 0.01, "{line}");
    assert!(number("growth_lower_bytes_per_second") <= rate && rate <= number("growth_upper_bytes_per_second"));
    assert!(number("time_to_limit_seconds") > 0.0);
}

#[test]
fn what_cannot_be_read_does_not_hide_what_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let leak = trace(|row| 50_000_000 + row * 60_000);
    for name in ["mixed", "mixed/sub", "none"] {
        fs::create_dir(at(name)).unwrap();
    }
    let good = write(folder.path(), "good.csv", trace(|_| 50_000_000).as_bytes());
    let cut = write(folder.path(), "cut.csv", b"timestamp_seconds,heap_bytes\n1,5\n2,what\n");
    write(folder.path(), "mixed/a.csv", b"name,age\nme,5\n");
    write(folder.path(), "mixed/sub/b.csv", leak.as_bytes());
    let output = analyze(&[&good, &cut, &at("none"), &at("gone.csv"), &at("mixed")]);
    assert_eq!(output.status.code(), Some(2), "2 wins over 1: {output:?}");
    let told: Vec<(String, String)> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| (line["file"].as_str().unwrap().to_owned(), line["verdict"].as_str().unwrap().to_owned()))
        .collect();
    let leaking = at("mixed/sub/b.csv");
    let shown = |path: &Path| path.display().to_string();
    assert_eq!(told, [(shown(&good), "steady".to_owned()), (shown(&leaking), "leaking".to_owned())]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let expected = [
        (cut, "line 3: heap_bytes is \"what\""),
        (at("none"), "no *.csv or *.csv.gz in this folder"),
        (at("gone.csv"), "No such file or directory"),
        (at("mixed/a.csv"), "line 1: expected a header"),
    ];
    assert_eq!(errors.lines().count(), expected.len(), "{errors}");
    for (line, (path, problem)) in errors.lines().zip(&expected) {
        assert!(line.starts_with(&format!("memtrend: {}: {problem}", path.display())), "{problem}: {line}");
    }
    // As long as all can be read, a leak is 1.
    assert_eq!(analyze(&[&good, &leaking]).status.code(), Some(1));
}

/// Of a flat trace and one that leaks, with and without labels.
fn with_output(output: impl Fn() -> Stdio) -> Vec<(Option<i32>, String)> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "flat.csv", trace(|_| 50_000_000).as_bytes());
    write(folder.path(), "leak.csv", trace(|row| 50_000_000 + row * 60_000).as_bytes());
    write(folder.path(), "labels.csv", b"file,label\nflat.csv,clean\nleak.csv,leak\n");
    let labels = ["--labels", "labels.csv"];
    let flags: [&[&str]; 4] = [&[], &["--format", "json"], &labels, &[&labels[..], &["--format", "json"]].concat()];
    let run = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memtrend"));
        command.arg("analyze").args(flags).args(["flat.csv", "leak.csv"]).current_dir(folder.path());
        let child = command.stdout(output()).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    flags.into_iter().map(run).collect()
}

#[test]
fn a_reader_that_hangs_up_ends_it_without_a_word() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer.into()
    };
    assert_eq!(with_output(closed), vec![(Some(0), String::new()); 4]);
}

#[test]
fn standard_output_that_is_full_is_named() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into();
    for (code, error) in with_output(full) {
        assert_eq!(code, Some(2), "{error}");
        assert!(error.starts_with("memtrend: standard output: No space left on device"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn the_help_tells_the_exit_codes() {
    let output = Command::new(env!("CARGO_BIN_EXE_memtrend")).args(["analyze", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let codes = help.split("Exit codes:").nth(1).unwrap_or_else(|| panic!("{help}"));
    let codes = codes.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["0 nothing leaks at its end", "1 something does", "2 something could not be read", "With --labels"] {
        assert!(codes.contains(part), "{part}: {codes}");
    }
}
