//! The process in which memtrend keeps what it starts is killed, or left alone.

use super::super::marked::{Marked, send, shell};
use super::super::servers::free_port;
use super::{HABITS, at, stages};
use crate::support::binary;
use rustix::process::Signal;
use serde_json::Value;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_keeper_that_is_killed_leaves_nothing_behind() {
    let flags = stages(&["--stop-timeout=20s"]);
    at(&[0, 20, 300, 700, 1200, 2100, 1500, 900], |place, moment| {
        let context = format!("the keeper killed after {moment:?}");
        let mut run = Marked::check(&flags, &shell(HABITS[place % HABITS.len()], free_port()));
        let keeper = run.find_keeper("keep");
        thread::sleep(moment);
        run.assert_runs(&context);
        send(keeper, Signal::KILL);
        let over = run.end(&context);
        over.assert_fails_closed(&context);
        assert_eq!(
            over.sentence(),
            "the process in which memtrend keeps the program was killed",
            "{context}: {over:?}"
        );
        // There is nobody left who could be asked to end it.
        assert!(over.took < Duration::from_secs(5), "{context}: {over:?}");
    });
}

#[test]
fn what_a_wrapper_leaves_behind_has_as_long_to_end_as_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let ended = folder.path().join("ended");
    // The shell that is asked to end does so at once.
    let script = format!(
        r#"sh -c 'trap "sleep 4; echo well > {}; exit" TERM; while :; do sleep 0.1; done' & wait"#,
        ended.display()
    );
    let flags = stages(&["--idle-after=0s", "--stop-timeout=20s"]);
    let over = Marked::check(&flags, &shell(&script, free_port())).end("a wrapper");
    assert_eq!(std::fs::read_to_string(&ended).unwrap_or_default(), "well\n", "{over:?}");
    let notes = over.report["notes"].as_array().unwrap();
    assert!(!notes.iter().any(|note| note.as_str().unwrap().contains("was killed")), "{over:?}");
    assert!(notes.iter().any(|note| note.as_str().unwrap().contains("processes ended under load")), "{over:?}");
}

#[test]
fn the_keeper_of_a_load_tool_that_is_killed_leaves_nothing_behind() {
    let mut flags = stages(&["--min-time=30s", "--max-time=30s"]);
    flags.extend(["--load", "setsid -f sleep 1000; exec sleep 999"]);
    let run = Marked::check(&flags, &shell(r#"exec "$0" leak --start 30000000 --rate 0"#, 0));
    run.find("sleep 999");
    send(run.find_keeper("sh -c setsid"), Signal::KILL);
    run.end("keeper of the tool").assert_fails_closed("keeper of the tool");
}

#[test]
fn a_keeper_whose_memtrend_is_gone_already_keeps_nothing() {
    let begun = Instant::now();
    let (near, far) = UnixStream::pair().unwrap();
    drop(near);
    let mut keep = Command::new(binary());
    keep.args(["keep", "--", "sleep", "1000"]);
    let run = Marked::start(keep, OwnedFd::from(far).into());
    run.end("keep");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn streams_that_nobody_reads_or_that_are_closed_do_not_change_the_code() {
    let check = r#""$0" check "$@"; echo $? >"$CODE""#;
    let wrong = r#""$0" check --max-growth=much -- true; echo $? >"$CODE""#;
    let no_flag = r#""$0" check --no-such-flag; echo $? >"$CODE""#;
    let of = |script: &str, streams: &str| format!("{{ sleep 0.2; {script}; }} {streams}");
    // A report that could not be told to its end is no pass; where it has no place at all it is not wanted.
    for (script, is_lost) in [
        (of(check, ">&- 2>&-"), false),
        (of(check, "<&- >&- 2>&-"), false),
        (of(check, ">/dev/full 2>/dev/full"), true),
        (of(check, "2>&1 | true"), true),
        (of(wrong, "2>&1 | true"), true),
        (of(no_flag, "2>&1 | true"), true),
        (of(no_flag, ">/dev/full 2>/dev/full"), true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let [code, json] = ["code", "report.json"].map(|name| folder.path().join(name));
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .arg(binary())
            .args(stages(&["--idle-after=0s", "--min-time=900ms", "--max-time=900ms"]))
            .arg("--json")
            .arg(&json)
            .env("CODE", &code);
        command.args(["--", "sleep", "1000"]);
        Marked::start(command, Stdio::null()).end(&script);
        let code = std::fs::read_to_string(&code).unwrap();
        let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap_or_default()).unwrap_or_default();
        let expected = if is_lost { "2".to_owned() } else { report["exit_code"].to_string() };
        assert_eq!(code.trim(), expected, "{script}: {report}");
    }
}
