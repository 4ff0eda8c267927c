//! Recordings: the whole corpus where it is at hand (`MEMTREND_TRACES`, else beside the checkout), and this project's own.

use crate::support::{binary, project};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const SNAPSHOT: &str = "tests/score/verdicts.txt";

/// The whole corpus, if it is there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("MEMTREND_TRACES").map_or_else(|| project().join("../shared/traces"), PathBuf::from);
    folder.join("labels.csv").exists().then_some(folder)
}

fn score(labels: &Path, folder: &Path) -> Value {
    let mut command = Command::new(binary());
    let output = command.args(["analyze", "--format", "json", "--labels"]).args([labels, folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("{name}: no number in {of}"))
}

fn recall(of: &Value) -> f64 {
    number(of, "leaks_called") / number(of, "leaks")
}

#[test]
fn the_corpus_is_told_apart() {
    let Some(folder) = corpus() else {
        return eprintln!("the whole corpus is not at hand: the sample alone is judged");
    };
    let told = score(&folder.join("labels.csv"), &folder);
    let (all, live, real) = (&told["everything"], &told["sources"]["live"], &told["sources"]["real"]);
    assert!(number(all, "precision") >= 0.95, "{all}");
    assert!(number(real, "clean") >= 120.0 && number(real, "clean_called") <= 2.0, "{real}");
    assert!(number(live, "leaks") >= 24.0 && recall(live) >= 0.9, "{live}");
    assert_eq!(number(all, "leaks_growing_or_leaking"), number(all, "leaks"), "every leak grows at least: {all}");
}

#[test]
fn the_sample_of_the_corpus_is_told_apart() {
    let folder = project().join("traces/sample");
    let all = &score(&folder.join("labels.csv"), &folder)["everything"];
    assert!(number(all, "clean") >= 10.0 && number(all, "clean_called") == 0.0, "{all}");
    assert!(number(all, "leaks") >= 8.0 && recall(all) >= 0.9, "{all}");
}

#[test]
fn our_own_recordings_are_told_apart_no_worse_than_before() {
    let folder = project().join("traces");
    let all = &score(&folder.join("labels.csv"), &folder.join("tuning"))["everything"];
    assert!(number(all, "leaks_called") >= 10.0 && number(all, "clean_called") <= 2.0, "{all}");
    assert_eq!(number(all, "leaks_growing_or_leaking"), number(all, "leaks"), "{all}");
}

/// One line a recording: any change of a verdict shows in the difference.
#[test]
fn verdicts_and_their_times_are_those_that_were_committed() {
    let mut command = Command::new(binary());
    command.current_dir(project().join("traces")).args(["analyze", "--format", "json", "sample", "tuning"]);
    let output = command.output().unwrap();
    let mut text = "file: verdict at the end; hours to the first growing and leaking\n".to_owned();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let told: Value = serde_json::from_str(line).unwrap();
        let hours = |name: &str| told[name].as_f64().map_or_else(|| "-".to_owned(), |at| format!("{:.1}", at / 3600.0));
        let (growing, leaking) = (hours("first_growing_seconds"), hours("first_leaking_seconds"));
        let (file, verdict) = (told["file"].as_str().unwrap(), told["verdict"].as_str().unwrap());
        writeln!(text, "{file}: {verdict}; {growing} {leaking}").unwrap();
    }
    let path = project().join(SNAPSHOT);
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "`make accept` takes it over; the score above must hold");
}
