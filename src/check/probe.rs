//! Asks runtimes for their live heap, every few seconds, from a thread of its own: what a collector has not collected yet is no leak.

use super::event::Event;
use crate::source::runtime::{LiveHeap, ManagedProcess, NodeHook, collect, detect};
use crate::units::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Between two rounds, at the least.
const PAUSE: Duration = Duration::from_millis(1500);

/// A round takes at most one part of so many of the time.
const SHARE: u32 = 6;

/// One process has so long to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(20);

/// The most processes that are asked.
const MOST_PROCESSES: usize = 16;

/// What a round has found.
#[derive(Debug)]
pub(super) struct Probed {
    /// Of all that were asked, what is live, and what is held outside the heap.
    pub(super) found: BTreeMap<u32, LiveHeap>,
    /// Those that could not be asked, and why.
    pub(super) failed: BTreeMap<u32, String>,
}

impl Probed {
    /// Of all processes that were asked: what is live, and what is held outside; nothing where there are none.
    pub(super) fn sum(&self) -> Option<(Bytes, Option<f64>)> {
        let live = self.found.values().map(|live| live.heap).sum();
        let outside: Option<f64> = self.found.values().map(|live| live.outside).sum();
        (!self.found.is_empty()).then_some((live, outside))
    }
}

/// The thread that asks; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Prober {
    /// `None` when it is to end.
    pids: Option<Sender<Vec<u32>>>,
    thread: Option<JoinHandle<()>>,
}

impl Prober {
    /// Starts it; each round is told.
    pub(super) fn start(hook: Arc<NodeHook>, events: Sender<Event>) -> io::Result<Self> {
        let (pids, told) = channel();
        let ask = move || ask_in_turn(&hook, &told, &events);
        let thread = thread::Builder::new().name("probe".to_owned()).spawn(ask)?;
        Ok(Self { pids: Some(pids), thread: Some(thread) })
    }

    /// The processes that there are now.
    pub(super) fn tell(&self, pids: Vec<u32>) {
        // One that has ended asks nobody any more.
        drop(self.pids.as_ref().map(|sender| sender.send(pids)));
    }
}

impl Drop for Prober {
    /// Waits for it: a round that is under way ends first.
    fn drop(&mut self) {
        self.pids = None;
        if let Some(thread) = self.thread.take() {
            // It has panicked at the worst, and asks nobody any more.
            drop(thread.join());
        }
    }
}

fn ask_in_turn(hook: &NodeHook, told: &Receiver<Vec<u32>>, events: &Sender<Event>) {
    let mut runtimes: BTreeMap<u32, ManagedProcess> = BTreeMap::new();
    let Ok(mut pids) = told.recv() else { return };
    loop {
        let begun = Instant::now();
        runtimes.retain(|pid, _| pids.contains(pid));
        // A shell may yet become its program.
        let unknown =
            pids.iter().filter(|pid| !runtimes.contains_key(pid)).filter_map(|pid| Some((*pid, detect(*pid)?)));
        let found: Vec<(u32, ManagedProcess)> = unknown.collect();
        runtimes.extend(found);
        let mut probed = Probed { found: BTreeMap::new(), failed: BTreeMap::new() };
        for (pid, process) in runtimes.iter().take(MOST_PROCESSES) {
            match collect(process, hook, LONGEST_ANSWER) {
                Ok(live) => drop(probed.found.insert(*pid, live)),
                Err(error) => drop(probed.failed.insert(*pid, error.to_string())),
            }
        }
        let took = begun.elapsed();
        if events.send(Event::Probed(probed)).is_err() {
            return;
        }
        let until = Instant::now() + PAUSE.max(took * (SHARE - 1));
        loop {
            match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(now) => pids = now,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
