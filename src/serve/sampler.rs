//! The sampling thread: one pass at a time, on a fixed cadence, each ending in a published report; and between the passes
//! what is seen of kills, as soon as it is seen.

use crate::analysis::engine::Engine;
use crate::analysis::oom::Evidence;
use crate::analysis::report::Report;
use crate::output::instruments::Instruments;
use crate::source::{World, now};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The report that is current; `None` before the first pass.
pub(super) type Published = watch::Sender<Option<Arc<Report>>>;

/// What the thread is woken by.
pub(super) enum Wake {
    /// Something was seen of kills.
    Seen(Evidence),
    /// It is to end.
    Stop,
}

/// An application that has ended is looked at by a pass of its own, but not earlier than so long after the last one.
const EARLIEST_NEXT: Duration = Duration::from_secs(1);

/// What a wait has ended with.
enum Waited {
    ForTheTurn,
    ForAWord,
    ForAnEnd,
    ForGood,
}

/// Samples until it is stopped. A pass that takes longer than the interval makes the next one wait for its turn: passes are
/// skipped, never stacked.
pub(super) fn sample_until_stopped(
    mut world: World,
    mut engine: Engine,
    interval: Duration,
    instruments: &Instruments,
    published: &Published,
    wakes: &Receiver<Wake>,
) {
    let begun = Instant::now();
    let mut turn: u32 = 0;
    loop {
        let pass = Instant::now();
        let sample = world.read(now());
        instruments.record(pass.elapsed().as_secs_f64(), &sample.outcomes);
        // What was seen during the pass is told first: the pass draws conclusions from what nobody has told.
        if !learn_all(&mut engine, wakes.try_iter()).goes_on {
            return;
        }
        engine.observe(sample);
        publish(&engine, published);
        let now = Instant::now();
        while turn < u32::MAX && begun + interval * turn <= now {
            turn += 1;
        }
        let mut due = begun + interval * turn;
        loop {
            match wait(&mut engine, due, published, wakes) {
                Waited::ForTheTurn => break,
                Waited::ForAWord => {}
                Waited::ForAnEnd => due = due.min((pass + EARLIEST_NEXT).max(Instant::now())),
                Waited::ForGood => return,
            }
        }
    }
}

fn publish(engine: &Engine, published: &Published) {
    published.send_replace(Some(Arc::new(engine.report())));
}

fn wait(engine: &mut Engine, due: Instant, published: &Published, wakes: &Receiver<Wake>) -> Waited {
    match wakes.recv_timeout(due.saturating_duration_since(Instant::now())) {
        Err(RecvTimeoutError::Timeout) => Waited::ForTheTurn,
        Err(RecvTimeoutError::Disconnected) => Waited::ForGood,
        Ok(first) => {
            let learnt = learn_all(engine, std::iter::once(first).chain(wakes.try_iter()));
            publish(engine, published);
            match learnt {
                Learnt { goes_on: false, .. } => Waited::ForGood,
                Learnt { has_end: true, .. } => Waited::ForAnEnd,
                Learnt { .. } => Waited::ForAWord,
            }
        }
    }
}

struct Learnt {
    goes_on: bool,
    has_end: bool,
}

fn learn_all(engine: &mut Engine, wakes: impl Iterator<Item = Wake>) -> Learnt {
    let mut learnt = Learnt { goes_on: true, has_end: false };
    for wake in wakes {
        match wake {
            Wake::Seen(evidence) => {
                engine.learn(&evidence);
                learnt.has_end |= evidence.tells_of_an_end();
            }
            Wake::Stop => learnt.goes_on = false,
        }
    }
    learnt
}
