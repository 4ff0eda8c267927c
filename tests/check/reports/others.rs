//! Programs that run already, and loads that are not memtrend's own.

use super::super::marked::{Marked, send};
use super::super::servers::free_port;
use super::{SHORT, checked, server};
use crate::support::project;
use rustix::process::Signal;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Without the rate of the built-in load.
fn short() -> Vec<&'static str> {
    SHORT.iter().copied().filter(|flag| !flag.starts_with("--rate")).collect()
}

#[test]
fn a_server_that_runs_already_is_judged_and_goes_on() {
    let port = free_port();
    let words = server(port, 1024);
    let mut running = Command::new(&words[0]).args(&words[1..]).spawn().unwrap();
    let (pid, url) = (format!("--pid={}", running.id()), format!("--http=http://127.0.0.1:{port}/{{n}}"));
    let flags: Vec<&str> = SHORT.iter().copied().chain([pid.as_str(), &url]).collect();
    let over = Marked::check(&flags, &[]).end("pid");
    assert_eq!((over.status.code(), &over.report["verdict"]), (Some(1), &"leak".into()), "{over:?}");
    assert!(running.try_wait().unwrap().is_none(), "it goes on: {over:?}");
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn a_running_server_that_is_killed_while_it_rests_is_told() {
    let port = free_port();
    let words = server(port, 0);
    let mut running = Command::new(&words[0]).args(&words[1..]).spawn().unwrap();
    let (pid, url) = (format!("--pid={}", running.id()), format!("--http=http://127.0.0.1:{port}/{{n}}"));
    let times = ["--rate=200", "--warm-up=0s", "--min-time=1s", "--max-time=1s", "--idle-after=20s"];
    let flags: Vec<&str> = times.iter().copied().chain([pid.as_str(), &url]).collect();
    let run = Marked::check(&flags, &[]);
    std::thread::sleep(Duration::from_secs(4));
    send(running.id(), Signal::KILL);
    running.wait().unwrap();
    let over = run.end("pid");
    over.assert_fails_closed("pid");
    assert!(over.sentence().starts_with("the program ended and is gone after "), "{over:?}");
    assert!(over.took < Duration::from_secs(5), "{over:?}");
}

#[test]
fn requests_of_a_tool_are_counted_by_its_output() {
    let port = free_port();
    let load = format!(
        "n=0; while :; do curl -sS 'http://127.0.0.1:{port}/[1-20]' >/dev/null || exit 9; n=$((n+20)); echo \"$n requests done\"; sleep 0.02; done"
    );
    let mut flags = short();
    let ready = format!("--ready-tcp=127.0.0.1:{port}");
    flags.extend(["--load", &load, "--requests-from", "output:([0-9]+) requests", "--idle-after=300ms", &ready]);
    let over = Marked::check(&flags, &server(port, 2048)).end("output");
    assert_eq!((over.status.code(), &over.report["verdict"]), (Some(1), &"leak".into()), "{over:?}");
    let growth = over.report["growth_bytes_per_unit"]["rate"].as_f64().unwrap();
    assert!((0.7..1.4).contains(&(growth / 2048.0)), "{growth}: {over:?}");
    assert!(checked(&over.report, "load").1.ends_with(" requests were counted"), "{over:?}");
}

#[test]
fn requests_of_a_tool_are_counted_by_a_counter_of_the_program() {
    let port = free_port();
    let load = format!("exec curl -sS 'http://127.0.0.1:{port}/item/[1-10000000]' >/dev/null");
    let place = format!("http_requests_total@http://127.0.0.1:{port}/metrics");
    let program = ["python3", &project().join("tests/check/programs/server.py").display().to_string(), "lru"];
    let mut program: Vec<String> = program.iter().map(|word| (*word).to_owned()).collect();
    program.extend([port.to_string(), "entries=10".to_owned()]);
    let mut flags = short();
    flags.extend(["--load", &load, "--requests-from", &place, "--max-growth=100KiB/request", "--ready-log=^ready"]);
    let over = Marked::check(&flags, &program).end("counter");
    assert_eq!((over.status.code(), &over.report["verdict"]), (Some(0), &"no leak".into()), "{over:?}");
    assert_eq!(over.report["unit"], "request", "{over:?}");
    assert!(over.report["units_done"].as_f64() > Some(100.0), "{over:?}");
    // What the program prints goes to standard error.
    assert!(over.errors.starts_with(&format!("ready {port}\n")), "{over:?}");
}

#[test]
fn a_terminal_shows_progress_without_what_would_move_its_cursor() {
    let evil = "\u{1b}]0;evil\u{7}";
    let check = format!(
        "'{}' check --ready-log=\"$EVIL\" --ready-timeout=500ms -- sleep 1000 \"$EVIL\"",
        crate::support::binary().display()
    );
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &check, "/dev/null"]).env("EVIL", evil);
    let over = Marked::start(script, Stdio::null()).end("terminal");
    assert_eq!(over.status.code(), Some(2), "{over:?}");
    assert!(over.output.contains("memtrend: waiting for "), "{over:?}");
    assert!(!over.output.contains(evil) && !over.output.contains('\u{7}'), "{over:?}");
}
