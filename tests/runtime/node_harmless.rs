//! That a program does not notice the hook, nor memtrend, nor its end.

use super::LONG;
use super::node::Hooked;
use super::program::{Program, run};
use memtrend::source::runtime::RuntimeError;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(300);

/// The folder of the hook.
fn folder(hooked: &Hooked) -> Option<PathBuf> {
    std::fs::read_dir(hooked.parent.path()).unwrap().flatten().map(|entry| entry.path()).next()
}

#[test]
fn a_program_that_is_done_ends_and_says_nothing_more() {
    let hooked = Hooked::new();
    let script = "process.exitCode = 3; setTimeout(() => process.stdout.write('done'), 20); \
                  process.on('beforeExit', () => process.stdout.write(' before'));";
    let output = run(hooked.node("").args(["-e", script]));
    assert_eq!(
        (output.status.code(), output.stdout.as_slice(), output.stderr.as_slice()),
        (Some(3), &b"done before"[..], &b""[..])
    );
}

#[test]
fn a_connection_that_stays_open_does_not_keep_a_program() {
    let hooked = Hooked::new();
    let program = hooked.holder();
    let socket = folder(&hooked).unwrap().join(program.pid().to_string());
    let silent = UnixStream::connect(&socket).unwrap();
    let mut broken = UnixStream::connect(&socket).unwrap();
    broken.write_all(b"collect\n").unwrap();
    drop(broken);
    hooked.asked(program.pid(), LONG).unwrap();
    assert!(program.end().status.success());
    drop(silent);
}

#[test]
fn a_crowd_and_nonsense_on_the_socket_change_nothing() {
    let hooked = Hooked::new();
    let program = hooked.holder();
    let socket = folder(&hooked).unwrap().join(program.pid().to_string());
    let crowd: Vec<_> = (0..50).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    for mut stream in crowd {
        // It may have been hung up on.
        let _ = stream.write_all(&[0xff; 20_000]);
        let _ = stream.read(&mut [0; 100]);
    }
    hooked.asked(program.pid(), LONG).unwrap();
    let output = program.end();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_busy_node_and_a_stopped_one_end_in_time() {
    let hooked = Hooked::new();
    let mut program = hooked.holder();
    program.tell("busy");
    let began = Instant::now();
    let busy = hooked.asked(program.pid(), SHORT);
    assert!(matches!(busy, Err(RuntimeError::Late { .. })), "{busy:?}");
    program.stop();
    let stopped = hooked.asked(program.pid(), SHORT);
    assert!(matches!(stopped, Err(RuntimeError::Stopped(_))), "{stopped:?}");
    assert!(began.elapsed() < SHORT * 2 + Duration::from_secs(5));
}

#[test]
fn when_memtrend_has_gone_a_program_runs_on_and_starts_others() {
    const SCRIPT: &str = "console.log('ready'); process.stdin.on('end', () => { \
                          const child = require('child_process').spawnSync('node', ['-e', 'console.log(\"child\")']); \
                          console.log(child.status, String(child.stdout), String(child.stderr)); }).resume();";
    let Hooked { hook, parent } = Hooked::new();
    let hooked = Hooked { hook, parent };
    let program = Program::start(hooked.node("").args(["-e", SCRIPT])).expect("a Node that starts");
    let path = folder(&hooked).unwrap();
    let Hooked { hook, parent } = hooked;
    drop(hook);
    assert!(path.join("hook.cjs").exists(), "programs that it starts would fail without the file");
    let output = program.end();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0 child\n \n", "{output:?}");
    drop(parent);
}

#[test]
fn the_folder_goes_when_no_node_runs() {
    let Hooked { hook, parent } = Hooked::new();
    let hooked = Hooked { hook, parent };
    let program = hooked.holder();
    program.end();
    let path = folder(&hooked).unwrap();
    let Hooked { hook, parent } = hooked;
    assert!(path.exists());
    drop(hook);
    assert!(!path.exists(), "{}", parent.path().display());
}

#[test]
fn a_folder_that_has_vanished_harms_no_program_that_runs() {
    let hooked = Hooked::new();
    let mut program = hooked.holder();
    std::fs::remove_dir_all(folder(&hooked).unwrap()).unwrap();
    program.tell("hold 1");
    let asked = hooked.asked(program.pid(), LONG);
    assert!(matches!(asked, Err(RuntimeError::NoHook(_))), "{asked:?}");
    let output = program.end();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_stands_in_a_sockets_place_is_replaced_or_left_alone() {
    let hooked = Hooked::new();
    let path = folder(&hooked).unwrap();
    let holder = crate::support::project().join("tests/runtime/holder.js");
    // A shell that becomes Node keeps its pid.
    for (make, can_be_replaced) in [(": >", true), ("mkdir", false)] {
        let script = format!("{make} {}/$$; exec node {}", path.display(), holder.display());
        let (name, value) = hooked.hook.environment(None);
        let program =
            Program::start(Command::new("sh").args(["-c", &script]).env(name, value)).expect("a Node that starts");
        let asked = hooked.asked(program.pid(), LONG);
        assert_eq!(asked.is_ok(), can_be_replaced, "{make}: {asked:?}");
        let output = program.end();
        assert!(output.status.success() && output.stderr.is_empty(), "{make}: {output:?}");
    }
}
