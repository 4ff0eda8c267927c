//! What a real run tells, to all places at once, and what is made of it: baselines, the action, other loads.

mod action;
mod others;

use super::marked::{Marked, Over};
use super::servers::free_port;
use crate::support::binary;
use roxmltree::Document;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// A short run at a rate that the server keeps easily.
const SHORT: [&str; 4] = ["--rate=500", "--warm-up=0s", "--min-time=3s", "--max-time=25s"];

/// A server that keeps so many bytes of each request.
fn server(port: u16, per_request: u32) -> Vec<String> {
    let words = ["leak".to_owned(), format!("--serve=127.0.0.1:{port}"), format!("--per-request={per_request}")];
    std::iter::once(binary().display().to_string()).chain(words).collect()
}

/// Runs it on a server with further flags, as within GitHub or not.
fn check(per_request: u32, flags: &[String], is_github: bool) -> Over {
    let port = free_port();
    let mut check = Command::new(binary());
    check.arg("check").args(SHORT).arg(format!("--http=http://127.0.0.1:{port}/{{n}}")).args(flags);
    check.arg("--").args(server(port, per_request));
    if !is_github {
        return Marked::start(check, Stdio::null()).end("check");
    }
    check.env("GITHUB_ACTIONS", "true");
    Marked::start_kept(check, Stdio::null()).end("check")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The outcome and the sentence of one check of a report.
fn checked<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str) {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == name).unwrap();
    (check["outcome"].as_str().unwrap(), check["sentence"].as_str().unwrap())
}

#[test]
fn all_reports_of_one_leak_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut flags: Vec<String> = ["json", "junit", "svg", "markdown", "trace", "save"]
        .iter()
        .map(|name| format!("--{name}={}", path(name).display()))
        .collect();
    flags.push("--idle-after=600ms".to_owned());
    for old in ["json", "junit", "svg", "markdown"] {
        std::fs::write(path(old), "of another day\n").unwrap();
    }
    let over = check(1024, &flags, true);
    let report = json(&path("json"));
    assert_eq!(over.status.code(), Some(1), "{over:?}");
    assert_eq!((&report["exit_code"], &report["verdict"]), (&1.into(), &"leak".into()), "{report}");
    let growth = report["growth_bytes_per_unit"]["rate"].as_f64().unwrap();
    assert!((0.8..1.25).contains(&(growth / 1024.0)), "{growth}: {report}");
    let (outcome, sentence) = checked(&report, "growth");
    assert_eq!(outcome, "failed");
    assert_eq!(report["sentence"], sentence);
    let (outcome, idle) = checked(&report, "idle");
    assert!(outcome == "told" && idle.contains(" came back when the load had stopped"), "{report}");
    assert!(report["idle_bytes"].as_u64() > Some(1 << 20), "{report}");

    assert!(over.output.starts_with(&format!("leak: {sentence}\n")), "{over:?}");
    assert!(over.output.contains("\n::error title=memtrend%3A leak%3A "), "{over:?}");
    assert!(over.errors.is_empty(), "standard error is no terminal: {over:?}");
    let page = std::fs::read_to_string(path("markdown")).unwrap();
    assert!(page.starts_with("of another day\n") && page.contains("## memtrend: leak\n"), "{page}");
    let junit = std::fs::read_to_string(path("junit")).unwrap();
    let junit = Document::parse(&junit).unwrap();
    let failures: Vec<_> = junit.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].parent().unwrap().attribute("name"), Some("growth"));
    assert_eq!(failures[0].attribute("message"), Some(sentence));
    let svg = std::fs::read_to_string(path("svg")).unwrap();
    assert_eq!(Document::parse(&svg).unwrap().root_element().tag_name().name(), "svg");
    let trace = std::fs::read_to_string(path("trace")).unwrap();
    assert!(trace.lines().count() > 20 && trace.lines().all(|line| line.split(',').count() == 5), "{trace}");
    assert!(!path("save").exists(), "a run that fails is nothing to hold others against");
    // Nothing half-written lies beside them.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[test]
fn a_leakier_run_than_the_saved_one_fails_and_the_same_passes() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.json");
    let report = folder.path().join("report.json");
    let bound = "--max-growth=600B/request".to_owned();
    let json_flag = format!("--json={}", report.display());
    let first = check(300, &[bound.clone(), json_flag.clone(), format!("--save={}", saved.display())], false);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    assert_eq!(json(&saved), json(&report));
    let baseline = format!("--baseline={}", saved.display());
    let same = check(300, &[bound.clone(), json_flag.clone(), baseline.clone(), "--max-level=100%".to_owned()], false);
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let told = json(&report);
    assert_eq!(checked(&told, "baseline-growth").0, "passed");
    assert_eq!(checked(&told, "baseline-level").0, "passed");
    let before = std::fs::read(&saved).unwrap();
    let save = format!("--save={}", saved.display());
    let leakier = check(4096, &[bound, json_flag, baseline, save], false);
    assert_eq!(leakier.status.code(), Some(1), "{leakier:?}");
    let told = json(&report);
    assert_eq!(checked(&told, "baseline-growth").0, "failed", "{told}");
    assert!(checked(&told, "baseline-growth").1.ends_with(" more than in the earlier run"), "{told}");
    assert_eq!(checked(&told, "baseline-level").0, "failed", "{told}");
    assert_eq!(std::fs::read(&saved).unwrap(), before, "a run that fails does not replace the saved one");
}

#[test]
fn a_bound_on_memory_that_is_passed_fails() {
    let over = check(8192, &["--max-rss=8MiB".to_owned(), "--json=-".to_owned()], false);
    assert_eq!(over.status.code(), Some(1), "{over:?}");
    let (outcome, sentence) = checked(&over.report, "max-rss");
    assert!(outcome == "failed" && sentence.ends_with(" were held, limit 8.0 MiB"), "{over:?}");
}

#[test]
fn the_self_test_passes_here() {
    let mut check = Command::new(binary());
    check.args(["check", "--self-test"]);
    let over = Marked::start(check, Stdio::null()).end_within("self-test", 120);
    assert_eq!(over.status.code(), Some(0), "{over:?}");
    assert!(over.output.ends_with("self-test: passed\n"), "{over:?}");
}
