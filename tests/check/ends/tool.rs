//! The load tool ends, or is ended.

use super::super::marked::{Marked, send, shell};
use super::super::servers::free_port;
use super::{STUBBORN, at, side_by_side, stages};
use rustix::process::Signal;
use std::thread;
use std::time::Duration;

const PROGRAM: &str = r#"exec "$0" leak --start 30000000 --rate 0"#;

/// With a load that takes longer than any test.
fn with_long_tool(tool: &str) -> Vec<&str> {
    let mut flags = stages(&["--min-time=30s", "--max-time=30s"]);
    flags.extend(["--load", tool]);
    flags
}

#[test]
fn a_load_tool_that_is_killed_at_any_moment_is_told() {
    at(&[0, 150, 400, 800, 1200], |_, moment| {
        let context = format!("the tool killed after {moment:?}");
        let run = Marked::check(&with_long_tool("setsid -f sleep 1000; exec sleep 999"), &shell(PROGRAM, 0));
        let pid = run.find("sleep 999");
        thread::sleep(moment);
        send(pid, Signal::KILL);
        let over = run.end(&context);
        over.assert_fails_closed(&context);
        assert_eq!(over.sentence(), "the load tool was killed by signal 9", "{context}: {over:?}");
    });
}

#[test]
fn a_load_tool_that_fails_is_told() {
    let cases = [
        ("exit 3", "the load tool ended with exit code 3"),
        ("no-such-tool-anywhere", "the load tool ended with exit code 127"),
        ("setsid -f sleep 1000; sleep 0.3; exit 7", "the load tool ended with exit code 7"),
        ("exit 0", "the load ended after "),
        ("", "the load ended after "),
    ];
    side_by_side(&cases, |(tool, expected)| {
        let over = Marked::check(&with_long_tool(tool), &shell(PROGRAM, 0)).end(tool);
        over.assert_fails_closed(tool);
        assert!(over.sentence().starts_with(expected), "{tool}: {over:?}");
    });
}

#[test]
fn what_happens_while_a_stubborn_load_tool_is_ended_is_not_lost() {
    // The load takes 1.5 s from 0.4 s on, its tool three more to end.
    let tool = r#"trap "" TERM; setsid -f sleep 1000; exec sleep 999"#;
    side_by_side(&[true, false], |is_program| {
        let port = free_port();
        let mut flags = stages(&["--stop-timeout=3s"]);
        flags.extend(["--load", tool]);
        let run = Marked::check(&flags, &shell(STUBBORN, port));
        run.find("sleep 999");
        let program = run.find(&format!("{} leak --serve", crate::support::binary().display()));
        thread::sleep(Duration::from_millis(2500));
        send(if is_program { program } else { run.pid() }, if is_program { Signal::KILL } else { Signal::TERM });
        let over = run.end("while the tool is ended");
        over.assert_fails_closed("while the tool is ended");
        let expected = if is_program { "the program was killed by signal 9" } else { "memtrend was told to stop" };
        assert!(over.sentence().starts_with(expected), "{over:?}");
    });
}

#[test]
fn a_load_tool_that_is_ended_with_the_verdict_is_no_trouble() {
    // Its keeper is gone while the program rests.
    side_by_side(&["exec sleep 999", r#"trap "" TERM; exec sleep 999"#], |tool| {
        let mut flags = stages(&["--idle-after=700ms"]);
        flags.extend(["--load", tool]);
        let over = Marked::check(&flags, &shell(PROGRAM, 0)).end(tool);
        let checks = over.report["checks"].as_array().unwrap();
        let troubles: Vec<_> =
            checks.iter().filter(|one| one["check"] == "program" || one["check"] == "load").collect();
        assert_eq!((troubles.len(), &troubles[0]["outcome"]), (1, &"passed".into()), "{tool}: {over:?}");
        assert!(checks.iter().any(|one| one["check"] == "idle"), "{tool}: {over:?}");
    });
}
