//! Nodes that answer: programs, modules, children, workers of `cluster`.

use super::program::{Program, run};
use super::{LONG, MIB, detected, is_near};
use crate::support::project;
use memtrend::source::runtime::{LiveHeap, NodeHook, Runtime, RuntimeError, collect};
use std::process::Command;
use std::time::Duration;

pub(super) struct Hooked {
    pub(super) hook: NodeHook,
    pub(super) parent: tempfile::TempDir,
}

impl Hooked {
    pub(super) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        Self { hook: NodeHook::new(parent.path()).unwrap(), parent }
    }

    /// A command for Node with the hook, and with options that a user has set.
    pub(super) fn node(&self, options: &str) -> Command {
        let (name, value) = self.hook.environment(Some(options.as_ref()));
        let mut command = Command::new("node");
        command.env(name, value);
        command
    }

    pub(super) fn holder(&self) -> Program {
        Program::start(self.node("").arg(project().join("tests/runtime/holder.js"))).expect("a Node that starts")
    }

    pub(super) fn asked(&self, pid: u32, within: Duration) -> Result<LiveHeap, RuntimeError> {
        let process = detected(pid);
        assert_eq!(process.runtime(), Runtime::Node);
        collect(&process, &self.hook, within)
    }
}

#[test]
fn what_a_node_holds_is_told_apart_from_garbage_and_from_buffers() {
    let hooked = Hooked::new();
    let mut program = hooked.holder();
    let pid = program.pid();
    let empty = hooked.asked(pid, LONG).unwrap();
    program.tell("hold 40");
    let held = hooked.asked(pid, LONG).unwrap();
    program.tell("buffers 32");
    let buffers = hooked.asked(pid, LONG).unwrap();
    program.tell("drop");
    let dropped = hooked.asked(pid, LONG).unwrap();
    // V8 does not touch all that it has of large objects: what is outside then seems to be less.
    let outside = |now: LiveHeap, before: LiveHeap, mib: u64| {
        let more = now.outside.unwrap() - before.outside.unwrap() - (mib * MIB) as f64;
        (-((20 * MIB) as f64)..(4 * MIB) as f64).contains(&more)
    };
    assert!(is_near(held.heap, empty.heap.0 + 40 * MIB, MIB), "{empty:?} {held:?}");
    assert!(outside(held, empty, 0), "{empty:?} {held:?}");
    assert!(is_near(buffers.heap, held.heap.0, MIB), "{held:?} {buffers:?}");
    assert!(outside(buffers, held, 32), "{held:?} {buffers:?}");
    assert!(is_near(dropped.heap, empty.heap.0, MIB), "{empty:?} {dropped:?}");
    let output = program.end();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn modules_children_and_workers_of_a_cluster_answer_each_with_its_own_heap() {
    const SCRIPT: &str = "
        import cluster from 'cluster';
        import { fork } from 'child_process';
        import { createServer } from 'http';
        import { Worker } from 'worker_threads';
        import { fileURLToPath } from 'url';
        const role = process.argv[2] ?? process.env.ROLE;
        const held = role ? new Array((role === 'child' ? 10 : 20) << 17).fill(0.5) : [];
        const stays = () => setInterval(() => held, 1000);
        if (role === 'child') { process.send('up'); stays(); }
        else if (role === 'worker') createServer().listen(0, () => process.send('up'));
        else {
          const child = fork(fileURLToPath(import.meta.url), ['child']);
          const worker = cluster.fork({ ROLE: 'worker' });
          const thread = new Worker('const held = new Array(30 << 17).fill(0.5); setInterval(() => held, 1000); require(\"worker_threads\").parentPort.postMessage(0)', { eval: true });
          await Promise.all([child, worker, thread].map((one) => new Promise((up) => one.once('message', up))));
          console.log('ready');
          console.log(child.pid + ' ' + worker.process.pid);
          process.stdin.on('end', () => { child.kill(); worker.kill(); process.exit(); }).resume();
        }";
    let hooked = Hooked::new();
    let script = hooked.parent.path().join("program.mjs");
    std::fs::write(&script, SCRIPT).unwrap();
    let mut program = Program::start(hooked.node("").arg(&script)).expect("a Node that starts");
    let pids = program.line();
    let (child, worker) = pids.split_once(' ').unwrap();
    let heap = |pid: u32| hooked.asked(pid, LONG).unwrap().heap;
    let base = heap(program.pid());
    assert!(base.0 < 8 * MIB, "{base:?}");
    assert!(is_near(heap(child.parse().unwrap()), 13 * MIB, 3 * MIB));
    assert!(is_near(heap(worker.parse().unwrap()), 23 * MIB, 3 * MIB));
    let output = program.end();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn options_of_the_user_are_kept() {
    let hooked = Hooked::new();
    let mine = hooked.parent.path().join("mine.cjs");
    std::fs::write(&mine, "globalThis.mine = 'loaded'").unwrap();
    let options = format!("--max-old-space-size=123 --require {}", mine.display());
    let print = "console.log(mine, Math.round(require('v8').getHeapStatistics().heap_size_limit / 2 ** 20) < 200)";
    let output = run(hooked.node(&options).args(["-e", print]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "loaded true\n", "{output:?}");
}

#[test]
fn a_node_without_the_hook_is_told_as_such() {
    let hooked = Hooked::new();
    let mut command = Command::new("node");
    let program = Program::start(command.arg(project().join("tests/runtime/holder.js"))).expect("a Node that starts");
    let asked = hooked.asked(program.pid(), LONG);
    assert!(matches!(asked, Err(RuntimeError::NoHook(_))), "{asked:?}");
}

#[test]
fn being_asked_leaves_next_to_nothing_in_a_node() {
    let hooked = Hooked::new();
    let program = hooked.holder();
    let heap = || hooked.asked(program.pid(), LONG).unwrap().heap;
    let before = heap();
    let after: Vec<_> = (0..30).map(|_| heap()).collect();
    assert!(after.iter().all(|after| is_near(*after, before.0, MIB / 32)), "{before:?} {after:?}");
}
