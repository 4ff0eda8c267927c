//! JVMs that do not answer: in time, told why, and unharmed.

use super::LONG;
use super::jvm::{any_java, asked, leaves_a_file};
use super::program::Program;
use memtrend::source::runtime::RuntimeError;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(700);

/// It has not printed its threads, nor anything else.
fn is_unharmed(mut program: Program) {
    program.tell("hold 1");
    assert!(!leaves_a_file(program.pid()));
    let output = program.end();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_stopped_jvm_ends_in_time_before_it_listens_and_after() {
    let program = any_java(&["-XX:+UseSerialGC"]);
    for _ in 0..2 {
        program.stop();
        let began = Instant::now();
        let stopped = asked(&program, SHORT);
        assert!(matches!(stopped, Err(RuntimeError::Stopped(_))), "{stopped:?}");
        assert!(began.elapsed() < SHORT + Duration::from_secs(5) && !leaves_a_file(program.pid()));
        program.go_on();
        asked(&program, LONG).unwrap();
    }
    is_unharmed(program);
}

#[test]
fn a_jvm_that_may_not_be_attached_to_gets_no_signal() {
    let program = any_java(&["-XX:+UseSerialGC", "-XX:+DisableAttachMechanism"]);
    let refused = asked(&program, LONG);
    assert!(matches!(refused, Err(RuntimeError::AttachDisabled(_))), "{refused:?}");
    is_unharmed(program);
}

#[test]
fn a_jvm_that_the_signal_would_kill_gets_none() {
    let program = any_java(&["-XX:+UseSerialGC", "-Xrs"]);
    // With this option it listens from its start.
    asked(&program, LONG).unwrap();
    std::fs::remove_file(format!("/tmp/.java_pid{}", program.pid())).unwrap();
    let refused = asked(&program, LONG);
    assert!(matches!(refused, Err(RuntimeError::SignalUnhandled(_))), "{refused:?}");
    is_unharmed(program);
}

#[test]
fn a_jvm_that_does_not_open_its_socket_is_late_and_no_file_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let flags = folder.path().join("flags");
    std::fs::write(&flags, "+DisableAttachMechanism\n").unwrap();
    let program = any_java(&["-XX:+UseSerialGC", &format!("-XX:Flags={}", flags.display())]);
    let began = Instant::now();
    let late = asked(&program, SHORT);
    assert!(matches!(late, Err(RuntimeError::Late { .. })), "{late:?}");
    assert!(began.elapsed() < SHORT + Duration::from_secs(5) && !leaves_a_file(program.pid()));
}

#[test]
fn a_jvm_that_has_ended_is_told_as_such() {
    let program = any_java(&["-XX:+UseSerialGC"]);
    let process = super::detected(program.pid());
    program.end();
    let parent = tempfile::tempdir().unwrap();
    let hook = memtrend::source::runtime::NodeHook::new(parent.path()).unwrap();
    let gone = memtrend::source::runtime::collect(&process, &hook, LONG);
    assert!(matches!(gone, Err(RuntimeError::Gone(_))), "{gone:?}");
}
