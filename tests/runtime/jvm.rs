//! JVMs that answer: every collector of every JDK on this machine.

use super::program::Program;
use super::{LONG, MIB, detected, is_near};
use crate::support::project;
use memtrend::source::runtime::{LiveHeap, NodeHook, Runtime, RuntimeError, collect};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// JDKs, newest last; the first compiles for all.
fn homes() -> Vec<PathBuf> {
    let listed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let programs = listed.map(|entry| entry.path().join("bin/java")).filter_map(|java| java.canonicalize().ok());
    let homes: BTreeSet<_> = programs.filter_map(|java| Some(java.parent()?.parent()?.to_owned())).collect();
    assert!(!homes.is_empty(), "no JDK below /usr/lib/jvm: run scripts/setup");
    homes.into_iter().collect()
}

/// The folder of the compiled program.
fn classes() -> &'static Path {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
        let source = project().join("tests/runtime/Holder.java");
        let compiled = Command::new("javac").args(["--release", "11", "-d"]).args([&folder, &source]).output().unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        folder
    })
}

/// A command for it that takes no more of the machine than it must.
pub(super) fn java(home: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(home.join("bin/java"));
    command.args(["-XX:TieredStopAtLevel=1", "-Xmx256m"]).args(options).arg("-cp").arg(classes()).arg("Holder");
    command
}

pub(super) fn any_java(options: &[&str]) -> Program {
    Program::start(&mut java(&homes()[0], options)).expect("a JVM that starts")
}

pub(super) fn asked(program: &Program, within: Duration) -> Result<LiveHeap, RuntimeError> {
    let process = detected(program.pid());
    assert_eq!(process.runtime(), Runtime::Jvm);
    let parent = tempfile::tempdir().unwrap();
    collect(&process, &NodeHook::new(parent.path()).unwrap(), within)
}

/// Whether an `.attach_pid` file of a process is left.
pub(super) fn leaves_a_file(pid: u32) -> bool {
    let name = format!(".attach_pid{pid}");
    [Path::new("/tmp"), Path::new(".")].iter().any(|folder| folder.join(&name).exists())
}

#[test]
fn what_a_jvm_holds_is_told_apart_from_garbage_and_from_what_is_outside_with_every_collector() {
    const HELD: u64 = 40;
    const DIRECT: u64 = 32;
    let mut tried = Vec::new();
    for home in homes() {
        for collector in ["Serial", "Parallel", "G1", "Z", "Shenandoah"] {
            let option = format!("-XX:+Use{collector}GC");
            let Some(mut program) = Program::start(&mut java(&home, &[&option])) else { continue };
            let name = format!("{} {collector}", home.display());
            let empty = asked(&program, LONG).unwrap_or_else(|error| panic!("{name}: {error}"));
            program.tell(&format!("hold {HELD}"));
            let held = asked(&program, LONG).unwrap();
            program.tell(&format!("direct {DIRECT}"));
            let direct = asked(&program, LONG).unwrap();
            program.tell("thin");
            let thin = asked(&program, LONG).unwrap();
            program.tell("drop");
            let dropped = asked(&program, LONG).unwrap();
            let grown = |from: LiveHeap, to: LiveHeap| to.heap.0.saturating_sub(from.heap.0);
            assert!(grown(empty, held).abs_diff(HELD * MIB) < MIB, "{name}: {empty:?} {held:?}");
            assert!(grown(held, direct) < MIB, "{name}: {held:?} {direct:?}");
            let fallen = direct.heap.0.saturating_sub(thin.heap.0);
            assert!(fallen.abs_diff(HELD * MIB / 8) < MIB, "{name}: {direct:?} {thin:?}");
            assert!(is_near(dropped.heap, empty.heap.0, MIB), "{name}: {empty:?} {dropped:?}");
            let outside = |heap: LiveHeap| heap.outside.unwrap() as u64;
            let grown = outside(direct).saturating_sub(outside(held));
            assert!(grown.abs_diff(DIRECT * MIB) < 6 * MIB, "{name}: {held:?} {direct:?}");
            // By now the buffers have been freed, which is done after the collection that finds them.
            let left = outside(asked(&program, LONG).unwrap()).saturating_sub(outside(held));
            assert!(left < DIRECT * MIB / 4, "{name}: {held:?} {left}");
            assert!(!leaves_a_file(program.pid()));
            let output = program.end();
            assert!(
                output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
                "{name}: {output:?}"
            );
            tried.push(name);
        }
    }
    println!("{tried:?}");
    assert!(tried.len() >= 3, "{tried:?}");
}

#[test]
fn a_jvm_that_takes_no_explicit_collections_is_collected_all_the_same() {
    for option in ["-XX:+DisableExplicitGC", "-XX:+ExplicitGCInvokesConcurrent"] {
        let mut program = any_java(&["-XX:+UseG1GC", option]);
        program.tell("hold 20");
        let live = asked(&program, LONG).unwrap();
        assert!(is_near(live.heap, 21 * MIB, 2 * MIB), "{option}: {live:?}");
    }
}

#[test]
fn being_asked_leaves_nothing_in_a_jvm() {
    let program = any_java(&["-XX:+UseSerialGC"]);
    let heap = || asked(&program, LONG).unwrap().heap;
    crate::support::wait_for("it to be quiet", LONG, || (heap() == heap()).then_some(()));
    let before = heap();
    let after: Vec<_> = (0..10).map(|_| heap()).collect();
    assert!(after.iter().all(|after| is_near(*after, before.0, 512)), "{before:?} {after:?}");
}
