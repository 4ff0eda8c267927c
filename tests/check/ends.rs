//! However a run ends, nothing that it has started stays behind, and what could not be judged is exit code 2.

mod keeping;
mod program;
mod tool;

use super::marked::{Marked, is_killed, send, shell};
use super::servers::free_port;
use crate::support::project;
use rustix::process::Signal;
use std::thread;
use std::time::Duration;

/// Ready from 0.4 s on, load for 1.5 s, rest for longer than any moment here; what ignores SIGTERM is killed after a second.
const STAGES: [&str; 7] = [
    "--ready-after=400ms",
    "--warm-up=0s",
    "--min-time=1500ms",
    "--max-time=1500ms",
    "--idle-after=30s",
    "--stop-timeout=1s",
    "--max-growth=100GiB/hour",
];

/// A server that ignores SIGTERM.
const STUBBORN: &str = r#"trap "" TERM; exec "$0" leak --serve=127.0.0.1:$1 --per-request=0"#;

/// What programs do that makes them hard to end.
const HABITS: [&str; 5] = [
    STUBBORN,
    r#"trap "" TERM; sleep 1000 & (sleep 1000 & sleep 1000) & exec "$0" leak --serve=127.0.0.1:$1 --per-request=0"#,
    // A session and a parent of its own.
    r#"trap "" TERM; (setsid -f sh -c 'setsid -f sleep 1000; exec sleep 1000'); exit 0"#,
    r#"trap "" TERM; while :; do setsid -f sleep 1000; sleep 0.05; done"#,
    // Whoever lists it finds it gone.
    r#"trap "" TERM; f() { sleep 0.05; ( f ) & exit; }; f & sleep 1000"#,
];

/// With another value of some flags.
fn stages<'a>(others: &[&'a str]) -> Vec<&'a str> {
    let name = |flag: &str| flag.split('=').next().map(str::to_owned);
    let kept = STAGES.iter().copied().filter(|flag| !others.iter().any(|other| name(other) == name(flag)));
    kept.chain(others.iter().copied()).collect()
}

/// All cases at once: most of a run is waiting.
fn side_by_side<T: Copy + Send>(cases: &[T], run: impl Fn(T) + Sync) {
    let run = &run;
    thread::scope(|scope| {
        for case in cases.iter().copied() {
            scope.spawn(move || run(case));
        }
    });
}

/// The same for moments in milliseconds, with their places.
fn at(moments: &[u64], run: impl Fn(usize, Duration) + Sync) {
    let cases: Vec<(usize, u64)> = moments.iter().copied().enumerate().collect();
    side_by_side(&cases, |(place, moment)| run(place, Duration::from_millis(moment)));
}

/// Moments of all stages, in milliseconds: start, readiness, load, rest; and with no rest at its end.
const MOMENTS: [u64; 11] = [0, 10, 50, 200, 500, 900, 1500, 2000, 2600, 3500, 3500];

fn signalled(signal: Signal, name: &str) {
    at(&MOMENTS, |place, moment| {
        let habit = HABITS[place % HABITS.len()];
        let is_end = moment == Duration::from_millis(3500);
        let flags = if is_end { stages(&["--idle-after=0s", "--stop-timeout=6s"]) } else { STAGES.to_vec() };
        let context = format!("{name} after {moment:?}: {habit}");
        let mut run = Marked::check(&flags, &shell(habit, free_port()));
        run.await_handlers();
        thread::sleep(moment);
        run.assert_runs(&context);
        send(run.pid(), signal);
        let over = run.end(&context);
        if signal == Signal::KILL {
            assert!(is_killed(over.status), "{context}: {over:?}");
        } else {
            over.assert_fails_closed(&context);
            assert_eq!(over.sentence(), format!("memtrend was told to stop by {name}"), "{context}: {over:?}");
            assert!(over.took < Duration::from_secs(8), "{context}: {over:?}");
        }
    });
}

#[test]
fn memtrend_that_is_killed_leaves_nothing_behind() {
    signalled(Signal::KILL, "SIGKILL");
}

#[test]
fn memtrend_that_is_told_to_stop_says_so_and_leaves_nothing_behind() {
    signalled(Signal::TERM, "SIGTERM");
}

#[test]
fn memtrend_that_is_interrupted_says_so_and_leaves_nothing_behind() {
    signalled(Signal::INT, "SIGINT");
}

#[test]
fn a_second_signal_kills_what_will_not_end() {
    let run = Marked::check(&stages(&["--stop-timeout=60s"]), &shell(STUBBORN, free_port()));
    run.await_handlers();
    run.find(crate::support::binary().to_str().unwrap());
    send(run.pid(), Signal::INT);
    thread::sleep(Duration::from_millis(500));
    send(run.pid(), Signal::INT);
    let over = run.end("twice");
    over.assert_fails_closed("twice");
    assert!(over.took < Duration::from_secs(5), "{over:?}");
}

#[test]
fn a_leak_that_is_found_decides_nothing_once_somebody_cuts_the_run_short() {
    let flags = stages(&["--min-time=3s", "--max-time=6s", "--max-growth=1MiB/hour"]);
    let direct = r#"exec "$0" leak --start 30000000 --rate 67108864"#;
    // The shell ends with 143.
    let below = r#""$0" leak --start 30000000 --rate 67108864; exit $?"#;
    let cases = [
        (direct, None, Signal::TERM, "memtrend was told to stop by SIGTERM"),
        (direct, Some("leak"), Signal::KILL, "the program was killed by signal 9 after "),
        (below, Some("leak"), Signal::TERM, "the program was ended by signal 15 (exit code 143) after "),
    ];
    side_by_side(&cases, |(program, victim, signal, expected)| {
        let run = Marked::check(&flags, &shell(program, 0));
        run.await_handlers();
        let leak = format!("{} leak", crate::support::binary().display());
        let victim = victim.map_or(run.pid(), |_| run.find(&leak));
        thread::sleep(Duration::from_secs(8));
        send(victim, signal);
        let over = run.end(expected);
        over.assert_fails_closed(expected);
        assert!(over.sentence().starts_with(expected), "{over:?}");
        let growth = &over.report["checks"][0];
        assert_eq!((&growth["check"], &growth["outcome"]), (&"growth".into(), &"failed".into()), "{over:?}");
    });
}

/// The server in Python, which lives on when its parent ends.
fn python(port: u16) -> String {
    format!("python3 {} lru {port}", project().join("tests/check/programs/server.py").display())
}
