//! The sampling thread: one pass at a time, on a fixed cadence, each ending in a published report; and between the passes
//! what is seen of kills, as soon as it is seen.

use super::keeper::Keeper;
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

/// All that the thread holds.
pub(super) struct Sampler {
    pub(super) world: World,
    pub(super) engine: Engine,
    pub(super) instruments: Instruments,
    pub(super) published: Published,
    pub(super) keeper: Option<Keeper>,
}

impl Sampler {
    /// Samples until it is stopped. A pass that takes longer than the interval makes the next one wait for its turn: passes
    /// are skipped, never stacked.
    pub(super) fn sample_until_stopped(mut self, interval: Duration, wakes: &Receiver<Wake>) {
        let begun = Instant::now();
        let mut turn: u32 = 0;
        loop {
            let pass = Instant::now();
            if !self.pass(pass, wakes) {
                return;
            }
            let now = Instant::now();
            while turn < u32::MAX && begun + interval * turn <= now {
                turn += 1;
            }
            let mut due = begun + interval * turn;
            loop {
                match self.wait(due, wakes) {
                    Waited::ForTheTurn => break,
                    Waited::ForAWord => {}
                    Waited::ForAnEnd => due = due.min((pass + EARLIEST_NEXT).max(Instant::now())),
                    Waited::ForGood => return,
                }
            }
        }
    }

    /// One pass; false when it is to be the last.
    fn pass(&mut self, begun: Instant, wakes: &Receiver<Wake>) -> bool {
        let sample = self.world.read(now());
        self.instruments.record(begun.elapsed().as_secs_f64(), &sample.outcomes);
        // What was seen during the pass is told first: the pass draws conclusions from what nobody has told.
        let goes_on = self.learn_all(wakes.try_iter()).goes_on;
        self.engine.observe(sample);
        self.publish();
        goes_on
    }

    fn publish(&mut self) {
        self.published.send_replace(Some(Arc::new(self.engine.report())));
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(&mut self.engine, &self.instruments);
        }
    }

    fn wait(&mut self, due: Instant, wakes: &Receiver<Wake>) -> Waited {
        match wakes.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => Waited::ForTheTurn,
            Err(RecvTimeoutError::Disconnected) => Waited::ForGood,
            Ok(first) => {
                let learnt = self.learn_all(std::iter::once(first).chain(wakes.try_iter()));
                self.publish();
                match learnt {
                    Learnt { goes_on: false, .. } => Waited::ForGood,
                    Learnt { has_end: true, .. } => Waited::ForAnEnd,
                    Learnt { .. } => Waited::ForAWord,
                }
            }
        }
    }

    fn learn_all(&mut self, wakes: impl Iterator<Item = Wake>) -> Learnt {
        let mut learnt = Learnt { goes_on: true, has_end: false };
        for wake in wakes {
            match wake {
                Wake::Seen(evidence) => {
                    self.engine.learn(&evidence);
                    learnt.has_end |= evidence.tells_of_an_end();
                }
                Wake::Stop => learnt.goes_on = false,
            }
        }
        learnt
    }
}

struct Learnt {
    goes_on: bool,
    has_end: bool,
}
