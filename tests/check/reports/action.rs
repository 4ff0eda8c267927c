//! The GitHub action: the script of its step, run by bash with the variables that it names.

use super::super::marked::{Marked, Over};
use super::super::servers::free_port;
use super::{json, server};
use crate::support::{binary, project};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The step that checks.
fn step() -> Value {
    let text = fs::read_to_string(project().join("action.yml")).unwrap();
    let action: Value = serde_saphyr::from_str(&text).unwrap();
    let steps = action["runs"]["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == "check").unwrap().clone()
}

/// Runs the step in a folder, as GitHub does.
fn run(folder: &Path, command: &str, flags: &str) -> Over {
    let step = step();
    let script = folder.join("step.sh");
    fs::write(&script, step["run"].as_str().unwrap()).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script).current_dir(folder);
    for name in step["env"].as_object().unwrap().keys() {
        let value = match name.as_str() {
            "MEMTREND" => binary().display().to_string(),
            "COMMAND" => command.to_owned(),
            "FLAGS" => flags.to_owned(),
            "REPORTS" => "some/reports".to_owned(),
            other => panic!("a variable that is not known here: {other}"),
        };
        bash.env(name, value);
    }
    bash.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", folder.join("summary"));
    bash.env("GITHUB_OUTPUT", folder.join("output"));
    Marked::start_kept(bash, Stdio::null()).end("action")
}

#[test]
fn the_step_fails_with_a_leak_and_tells_it() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let flags = format!(
        "--http 'http://127.0.0.1:{port}/{{n}}' --rate 500 --warm-up 0s --min-time 3s --header 'X-Words: two words'"
    );
    let over = run(folder.path(), &server(port, 1024).join(" "), &flags);
    assert_eq!(over.status.code(), Some(1), "{over:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("output"), "verdict=leak\n");
    assert!(read("summary").contains("## memtrend: leak\n"));
    assert!(over.output.contains("\n::error title=memtrend%3A leak%3A bash -c "), "{over:?}");
    let report = json(&folder.path().join("some/reports/report.json"));
    assert_eq!(report["exit_code"], 1);
    for name in ["junit.xml", "memory.svg"] {
        roxmltree::Document::parse(&read(&format!("some/reports/{name}"))).unwrap();
    }
}

#[test]
fn the_step_fails_where_nothing_could_be_run_without_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    // Of an earlier step.
    fs::create_dir_all(folder.path().join("some/reports")).unwrap();
    fs::write(folder.path().join("some/reports/report.json"), "{\"verdict\":\"no leak\"}\n").unwrap();
    let over = run(folder.path(), "true", "--max-growth much");
    assert_eq!(over.status.code(), Some(2), "{over:?}");
    assert_eq!(fs::read_to_string(folder.path().join("output")).unwrap(), "verdict=\n");
}
