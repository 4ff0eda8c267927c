//! Bad and strange traces given to the real `memtrend analyze`: one clear line and exit code 2, or a sensible verdict.

mod bounds;
mod files;
mod times;

use crate::support::binary;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HEADER: &str = "timestamp_seconds,heap_bytes,limit_bytes,live_heap_bytes,cpu_seconds_total,requests_total,\
                      start_time_seconds,version,runtime\n";

/// The columns that hold numbers, in the order of [`HEADER`].
const NUMBERS: usize = 7;

/// Runs it in a folder; what hangs is killed, and has no exit code.
fn analyze<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "40"]).arg(binary()).arg("analyze").args(arguments).current_dir(folder);
    command.env("RUST_BACKTRACE", "1").output().unwrap()
}

/// What is wrong with an answer to a bad file: it must be one line that can be shown, begin with this, and nothing else.
fn fault(output: &Output, expected: &str) -> Option<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    let line = error.strip_suffix('\n').unwrap_or_default();
    let is_right = output.status.code() == Some(2)
        && output.stdout.is_empty()
        && line.starts_with(&format!("memtrend: {expected}"))
        && line.len() < 400
        && !line.chars().any(char::is_control);
    (!is_right).then(|| format!("expected {expected:?}, got {output:?}"))
}

/// Each content alone as the file `t`.
fn must_be_refused(cases: &[(&str, &[u8], &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for (name, content, expected) in cases {
        fs::write(folder.path().join("t"), content).unwrap();
        let output = analyze(folder.path(), &["t"]);
        faults.extend(fault(&output, &format!("t: {expected}")).map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is told of a trace that is none too bad to be judged.
fn judged(content: &[u8]) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t"), content).unwrap();
    let output = analyze(folder.path(), &["--format", "json", "t"]);
    assert!(matches!(output.status.code(), Some(0 | 1)) && output.stderr.is_empty(), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code() == Some(1), line["verdict"] == "leaking", "{line}");
    line
}

/// Six hours of a leak of 2,000 bytes a second with load, one row each 30 s; a field of each row may be another.
fn leak(other: impl Fn(usize, u32) -> Option<String>) -> String {
    let mut text = HEADER.to_owned();
    for row in 0..720 {
        let at = row * 30;
        let heap = 50_000_000 + row * 60_000;
        let plain = [at, heap, 1_073_741_824, 40_000_000, at, at * 10, 0].map(|number| number.to_string());
        for (place, number) in plain.into_iter().enumerate() {
            let _ = write!(text, "{},", other(place, row).unwrap_or(number));
        }
        text.push_str("1.0,go\n");
    }
    text
}

#[test]
fn a_header_that_is_none_is_told() {
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let plain = "timestamp_seconds,heap_bytes\n1,2\n";
    let (little, big) = (utf16(plain, u16::to_le_bytes), utf16(&format!("\u{feff}{plain}"), u16::to_be_bytes));
    must_be_refused(&[
        ("empty", b"", "line 1: the file is empty: expected a header and rows"),
        ("a newline", b"\n", "line 1: expected a header with a column `timestamp_seconds`"),
        ("a header alone", HEADER.as_bytes(), "no row below the header: expected at least one"),
        ("empty lines below it", b"timestamp_seconds,heap_bytes\n\r\n \n", "no row below the header"),
        ("no heap", b"timestamp_seconds,limit_bytes\n1,2\n", "line 1: expected a header with a column `heap_bytes`"),
        ("no header", b"1,2\n", "line 1: expected a header with a column `timestamp_seconds`"),
        (
            "a column twice",
            b"timestamp_seconds,heap_bytes,version,version\n1,2,a,b\n",
            "line 1: column `version` stands there twice",
        ),
        ("another case", b"Timestamp_Seconds,heap_bytes\n1,2\n", "line 1: expected a header with a column"),
        ("UTF-16", &little, "line 1: expected a header with a column `timestamp_seconds`"),
        ("UTF-16 with a mark", &big, "line 1: not text: expected a CSV header"),
        ("NUL", b"timestamp_seconds\0,heap_bytes\n1,2\n", "line 1: expected a header with a column"),
        ("a comma in quotes", b"\"a,b\",timestamp_seconds,heap_bytes\n1,2,3\n", "line 1: a field begins with"),
    ]);
}

#[test]
fn a_row_that_is_none_is_told_with_its_line() {
    let below = |row: &str| format!("timestamp_seconds,heap_bytes,version\n1,2,a\n\n{row}\n").into_bytes();
    must_be_refused(&[
        ("no heap", &below("3"), "line 4: heap_bytes is empty: expected bytes"),
        ("no time", &below(",3"), "line 4: timestamp_seconds is empty: expected seconds"),
        ("words", &below("3,many"), "line 4: heap_bytes is \"many\": expected a finite number of at least 0"),
        ("a unit", &below("3,5MB"), "line 4: heap_bytes is \"5MB\": expected a finite number"),
        ("semicolons", &below("3;4"), "line 4: timestamp_seconds is \"3;4\": expected a finite number"),
        ("a decimal comma", &below("\"3,5\",6"), "line 4: a field begins with \"\\\"3\": expected no comma"),
        ("a version with a comma", &below("3,4,\"a,b\""), "line 4: a field begins with \"\\\"a\": expected no comma"),
        ("NUL", &below("3,\0"), "line 4: heap_bytes is \"\\0\": expected"),
        ("an escape sequence", &below("\u{1b}[2J,5"), "line 4: timestamp_seconds is \"\\u{1b}[2J\": expected"),
        ("bytes that are no text", b"timestamp_seconds,heap_bytes\n1,\xff\xfe\n", "line 2: heap_bytes is \""),
        ("a long field", &below(&"9".repeat(5000)), "line 4: timestamp_seconds is \"9999999999"),
    ]);
}

#[test]
fn no_number_that_is_none_is_taken_in_any_column() {
    let names: Vec<&str> = HEADER.split(',').take(NUMBERS).collect();
    let mut contents = Vec::new();
    for (place, name) in names.iter().enumerate() {
        for bad in ["NaN", "inf", "-inf", "-1", "1e400", "0x10", "1_000", "--1", "1 2"] {
            let mut fields = ["1"; NUMBERS];
            fields[place] = bad;
            let expected = format!("line 2: {name} is \"{bad}\": expected a finite number of at least 0, or nothing");
            contents.push((format!("{HEADER}{}\n", fields.join(",")), expected));
        }
    }
    let cases: Vec<_> =
        contents.iter().map(|(text, expected)| (expected.as_str(), text.as_bytes(), expected.as_str())).collect();
    must_be_refused(&cases);
}

#[test]
fn a_number_as_large_as_can_be_in_any_column_gives_a_verdict_without_nonsense() {
    for place in 1..NUMBERS {
        for large in ["0", "9223372036854775808", "18446744073709551616", "1e38", "1e308", "-0", "1e-320"] {
            for is_here in [|_: u32| true, |row: u32| row % 100 == 50, |row: u32| row.is_multiple_of(2)] {
                let text = leak(|at, row| (at == place && is_here(row)).then(|| large.to_owned()));
                let line = judged(text.as_bytes());
                let told = line["evidence"].as_str().unwrap();
                assert!(!told.contains("NaN") && !told.contains("inf"), "{large} in column {place}: {told}");
                let left = line["time_to_limit_seconds"].as_f64();
                assert!(left.is_none_or(|left| left >= 0.0), "{large} in column {place}: {line}");
            }
        }
    }
}

#[test]
fn counters_that_jump_say_nothing_and_hide_nothing() {
    let verdict = |text: String| judged(text.as_bytes())["verdict"].as_str().unwrap().to_owned();
    assert_eq!(verdict(leak(|_, _| None)), "leaking");
    let huge = |place: usize, row: u32| (place == 5).then(|| format!("{}e35", row + 1));
    assert_eq!(verdict(leak(huge)), "leaking", "a load that is steady however much it is");
    let resets = |place: usize, row: u32| (place == 5).then(|| (row % 3 * 300).to_string());
    assert_eq!(verdict(leak(resets)), "leaking", "a counter that is reset at each third row");
}

#[test]
fn ends_of_lines_marks_of_order_and_quotes_change_nothing() {
    let plain = leak(|_, _| None);
    let told = judged(plain.as_bytes());
    let quoted: String =
        plain.lines().map(|line| format!("\"{}\"\n", line.trim_end_matches(',').replace(',', "\",\""))).collect();
    let others = [
        ("CRLF", plain.replace('\n', "\r\n")),
        ("a byte order mark", format!("\u{feff}{plain}")),
        ("quotes", quoted),
        ("blanks", plain.replace(',', " , ")),
        ("no last newline", plain.trim_end().to_owned()),
        ("empty lines", plain.replace('\n', "\n\n")),
        ("columns more than the header's", plain.replace("go\n", "go,more,and more\n")),
    ];
    for (what, other) in others {
        assert_eq!(judged(other.as_bytes()), told, "{what}");
    }
    assert_eq!((&told["verdict"], &told["samples"]), (&"leaking".into(), &720.into()));
}
