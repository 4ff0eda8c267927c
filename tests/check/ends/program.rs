//! The program ends, or is ended, by itself or by others.

use super::super::marked::{Marked, Over, send, shell};
use super::super::servers::free_port;
use super::{STAGES, at, python, side_by_side, stages};
use crate::support::{binary, wait_for};
use rustix::process::Signal;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// Moments of all stages, in milliseconds after the program is there.
const MOMENTS: [u64; 7] = [0, 200, 600, 850, 1200, 1700, 2100];

fn killed(flags: &[&str], command: &(dyn Fn(u16) -> Vec<String> + Sync), victim: &str, moments: &[u64]) {
    at(moments, |_, moment| {
        let port = free_port();
        let context = format!("{victim} killed after {moment:?}: {flags:?}");
        let kills = kills_of_the_kernel();
        let mut run = Marked::check(flags, &command(port));
        if victim.contains("server.py") {
            // What starts it may have its command line for a while.
            wait_for("the server", Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).ok());
        }
        let pid = run.find(&victim.replace("PORT", &port.to_string()));
        thread::sleep(moment);
        run.assert_runs(&context);
        send(pid, Signal::KILL);
        let over = run.end(&context);
        if is_of_another(&over, kills) {
            return;
        }
        over.assert_fails_closed(&context);
        let expected = ["the program ", "its memory could not be read: it has no process"];
        assert!(expected.iter().any(|expected| over.sentence().starts_with(expected)), "{context}: {over:?}");
    });
}

/// On this machine, since it was started.
fn kills_of_the_kernel() -> u64 {
    let counters = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    counters.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap_or(0)
}

/// Whether a kill by another test in that very second is blamed: of whom it was is not known everywhere.
fn is_of_another(over: &Over, kills: u64) -> bool {
    over.sentence().contains("for want of memory") && kills_of_the_kernel() > kills
}

fn server() -> String {
    format!("{} leak --serve=127.0.0.1:PORT", binary().display())
}

#[test]
fn a_program_that_is_killed_at_any_moment_is_told() {
    let plain = |port| shell(r#"exec "$0" leak --serve=127.0.0.1:$1 --per-request=0"#, port);
    killed(&STAGES, &plain, &server(), &MOMENTS);
}

#[test]
fn a_program_whose_children_outlive_it_is_killed_and_not_restarted() {
    // The look that misses it may come before its end is told.
    let forks = |port| shell(r#"sleep 1000 & exec "$0" leak --serve=127.0.0.1:$1 --per-request=0"#, port);
    killed(&STAGES, &forks, &server(), &[600, 720, 840, 960, 1080, 1210, 1330, 1450, 1570, 1690, 1810, 1930]);
}

#[test]
fn a_program_in_the_background_that_is_killed_is_told() {
    let daemon = |port| shell(&format!("setsid -f {}; exit 0", python(port)), port);
    killed(&STAGES, &daemon, "server.py lru PORT", &[300, 1000, 1500, 2500]);
}

#[test]
fn a_program_that_ends_by_itself_is_told_with_how() {
    let cases = [
        ("exit 0", "the program ended with exit code 0 after "),
        ("exit 3", "the program ended with exit code 3 after "),
        ("sleep 2.5; exit 3", "the program ended with exit code 3 after "),
        ("kill -KILL $$", "the program was killed by signal 9 after "),
        ("sleep 1000 & exit 3", "the program ended with exit code 3 after "),
    ];
    side_by_side(&cases, |(script, expected)| {
        let kills = kills_of_the_kernel();
        let over = Marked::check(&STAGES, &shell(script, 0)).end(script);
        if is_of_another(&over, kills) {
            return;
        }
        over.assert_fails_closed(script);
        assert!(over.sentence().starts_with(expected), "{script}: {over:?}");
    });
}

#[test]
fn a_job_that_is_done_too_early_is_not_judged() {
    let over = Marked::check(&STAGES, &shell("sleep 0.8; exit 0", 0)).end("job");
    over.assert_fails_closed("job");
    assert!(over.sentence().contains("before anything could be told"), "{over:?}");
}

#[test]
fn a_program_that_cannot_be_started_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "no program\n").unwrap();
    for (program, why) in [
        ("/does/not/exist".to_owned(), "No such file or directory"),
        ("no-such-program-\u{1b}[31m\n".to_owned(), "No such file or directory"),
        (folder.path().display().to_string(), "ermission denied"),
        (plain.display().to_string(), "ermission denied"),
    ] {
        let over = Marked::check(&STAGES, std::slice::from_ref(&program)).end(&program);
        over.assert_fails_closed(&program);
        assert!(over.sentence().starts_with("the program could not be started: "), "{over:?}");
        assert!(over.sentence().contains(why), "{over:?}");
    }
}

#[test]
fn children_that_come_and_go_do_not_matter() {
    let script = r#"while :; do sleep 0.05; done & exec "$0" leak --start 30000000 --rate 0"#;
    let over = Marked::check(&stages(&["--idle-after=300ms"]), &shell(script, 0)).end("children");
    let program = over.report["checks"].as_array().unwrap().iter().find(|check| check["check"] == "program").unwrap();
    assert_eq!(program["outcome"], "passed", "{over:?}");
    assert!(over.report["processes_ended"].as_u64() > Some(3), "{over:?}");
    assert_ne!(over.status.code(), Some(1), "{over:?}");
}

#[test]
fn a_stopped_program_is_ended_too() {
    let flags = stages(&["--idle-after=300ms"]);
    let run = Marked::check(&flags, &shell(r#"exec "$0" leak --start 30000000 --rate 0"#, 0));
    send(run.find(binary().to_str().unwrap()), Signal::STOP);
    run.end("stopped");
}

#[test]
fn a_restart_by_a_supervisor_fails() {
    let script = r#"while :; do "$0" leak --start 30000000 --rate 0; done"#;
    let flags = stages(&["--min-time=20s", "--max-time=20s"]);
    let run = Marked::check(&flags, &shell(script, 0));
    run.find(&format!("{} leak", binary().display()));
    thread::sleep(Duration::from_millis(1500));
    send(run.find(&format!("{} leak", binary().display())), Signal::KILL);
    let over = run.end("restart");
    assert_eq!((over.status.code(), &over.report["verdict"]), (Some(1), &"failed".into()), "{over:?}");
    assert!(over.sentence().ends_with("ended and was replaced: a restart hides a leak"), "{over:?}");
}
