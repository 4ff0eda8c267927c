//! Bad flags and bad input: one clear line, exit code 2, nothing started, and no file touched.

mod cases;
mod load;

use super::marked::{Marked, Over};
use cases::{BASELINES, CASES};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Lines of the longest answer: clap's with a tip and a usage.
const MOST_LINES: usize = 7;

/// What stood in files before.
const BEFORE: &str = "of another day\n";

/// Files that reports would go to.
const REPORTS: [&str; 6] = ["--json", "--junit", "--svg", "--markdown", "--save", "--trace"];

/// Runs it in a folder with reports of another day; the program would leave a file there.
fn run(folder: &Path, flags: &[String], program: &[&str]) -> Over {
    let mut check = Command::new(crate::support::binary());
    check.arg("check").current_dir(folder);
    for report in REPORTS {
        let file = report.trim_start_matches('-');
        fs::write(folder.join(file), BEFORE).unwrap();
        if !flags.iter().any(|flag| flag.starts_with(report)) {
            check.args([report, file]);
        }
    }
    check.args(flags).args(program);
    Marked::start(check, Stdio::null()).end(&format!("{flags:?}"))
}

/// What is wrong with an answer to bad input.
fn faults(folder: &Path, over: &Over, expected: &str) -> Vec<String> {
    let first = over.errors.lines().next().unwrap_or_default();
    let mut faults = Vec::new();
    let mut check = |is_right: bool, fault: &str| faults.extend((!is_right).then(|| fault.to_owned()));
    check(over.status.code() == Some(2), &format!("{}, not exit code 2", over.status));
    check(over.output.is_empty(), "something on standard output");
    check(first.contains(expected), &format!("no `{expected}` in its first line"));
    match first.strip_prefix("memtrend: ") {
        Some(_) => check(over.errors.lines().count() == 1, "more than a line"),
        None => check(first.starts_with("error: "), "its beginning"),
    }
    check(over.errors.lines().count() <= MOST_LINES, "too many lines");
    check(!over.errors.contains("panicked"), "a panic");
    check(over.errors.chars().all(|one| one == '\n' || !one.is_control()), "characters that move a cursor");
    check(!folder.join("started").exists(), "the program was started");
    for report in REPORTS {
        let file = report.trim_start_matches('-');
        let text = fs::read_to_string(folder.join(file)).unwrap();
        check(text == BEFORE, &format!("{file} was touched: {text}"));
    }
    faults
}

fn assert_refused(flags: &[String], program: &[&str], expected: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    // Larger than all memory there is, and without an end.
    File::create(folder.path().join("huge")).unwrap().set_len(1 << 42).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("endless")).unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (name, text) in BASELINES {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let over = run(folder.path(), flags, program);
    let mut faults = faults(folder.path(), &over, expected);
    if over.took > Duration::from_secs(5) {
        faults.push("it took too long".to_owned());
    }
    if !faults.is_empty() {
        faults.insert(0, format!("\n{flags:?}: {}", over.errors));
    }
    faults
}

const PROGRAM: [&str; 4] = ["--", "sh", "-c", "touch started; sleep 1000"];

#[test]
fn bad_flags_are_one_line_and_start_nothing() {
    let mut faults = Vec::new();
    for (flags, expected) in CASES {
        let flags: Vec<String> = flags.split('|').map(str::to_owned).collect();
        let is_elsewhere = flags.iter().any(|flag| flag.starts_with("--pid") || flag.starts_with("--container"));
        let program: &[&str] = if is_elsewhere { &[] } else { &PROGRAM };
        faults.extend(assert_refused(&flags, program, expected));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_to_be_run_must_be_said_once() {
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&[], &[], "required arguments were not provided"),
        (&[], &["--"], "required arguments were not provided"),
        (&["--pid=1"], &PROGRAM, "--pid <PID>' cannot be used with '[COMMAND]...'"),
        (&["--container=abcd"], &PROGRAM, "--container <ID>' cannot be used with '[COMMAND]...'"),
        (&["--self-test"], &PROGRAM, "--self-test' cannot be used with '[COMMAND]...'"),
    ];
    let mut faults = Vec::new();
    for (flags, program, expected) in cases {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        faults.extend(assert_refused(&flags, program, expected));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
