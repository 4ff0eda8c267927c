//! A load while it runs: one thread of its own sends; any other looks, pauses, and ends it.

use super::error::LoadError;
use super::plan::{Plan, Rate};
use super::requests::Requests;
use super::schedule::{Schedule, Step};
use super::tally::{Counts, FailureKind, Tally};
use super::worker::{Work, work};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// At the end, for the answers to requests that are under way.
const GRACE: Duration = Duration::from_millis(500);

/// Threads that look up names.
const LOOK_UPS: usize = 2;

/// A running load; it ends when this is dropped.
pub struct Load {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the load's thread and others share.
pub(super) struct Shared {
    pub(super) tally: Tally,
    /// Held for an instant each time.
    schedule: Mutex<Schedule>,
    /// Sent to after each change of the schedule that connections must know of.
    changed: watch::Sender<()>,
}

impl Shared {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next(&self, now: Instant) -> Step {
        self.schedule().next(now, self.tally.completed())
    }

    fn change(&self, change: impl FnOnce(&mut Schedule, Instant, u64)) {
        change(&mut self.schedule(), Instant::now(), self.tally.completed());
        self.changed.send_replace(());
    }
}

impl Load {
    /// Begins to send. That nobody listens yet is no error: it is counted.
    ///
    /// # Errors
    /// When the plan is wrong, this machine has no CA certificates and needs them, or no thread can be had.
    pub fn start(plan: Plan) -> Result<Self, LoadError> {
        plan.check()?;
        let requests = Requests::new(&plan)?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(LOOK_UPS).build();
        let runtime = runtime.map_err(LoadError::Thread)?;
        let shared = Arc::new(Shared {
            tally: Tally::new(),
            schedule: Mutex::new(Schedule::new(plan.rate, Instant::now(), 0)),
            changed: watch::Sender::new(()),
        });
        let work = Arc::new(Work { plan, requests, shared: Arc::clone(&shared) });
        let thread = std::thread::Builder::new().name("load".to_owned()).spawn(move || run(runtime, &work));
        Ok(Self { shared, thread: Some(thread.map_err(LoadError::Thread)?) })
    }

    /// How far it is; costs some microseconds.
    pub fn counts(&self) -> Counts {
        let counts = self.shared.tally.counts();
        let (schedule, now) = (self.shared.schedule(), Instant::now());
        Counts {
            rate: schedule.rate(),
            achieved: schedule.achieved(now, counts.completed),
            lag: schedule.lag(now),
            ..counts
        }
    }

    /// The first failure of each kind that there was, as one line without secrets.
    pub fn first_failures(&self) -> Vec<(FailureKind, String)> {
        self.shared.tally.first_failures()
    }

    /// Sends no more until it is resumed. What is under way is answered, and connections stay open; what was due and not sent
    /// is of a schedule that is over.
    pub fn pause(&self) {
        self.shared.change(|schedule, now, completed| schedule.pause(now, completed));
    }

    /// Sends again, by a schedule that begins now; a trial that was not over begins anew too.
    pub fn resume(&self) {
        self.shared.change(|schedule, now, completed| schedule.resume(now, completed));
    }

    /// Begins a new schedule at another rate, or with a trial; a pause goes on.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn set_rate(&self, rate: Rate) -> Result<(), LoadError> {
        let rate = rate.checked()?;
        self.shared.change(|schedule, now, completed| schedule.set_rate(rate, now, completed));
        Ok(())
    }

    /// Ends it within a second; requests that are not answered after half of one are given up, and count as in flight.
    pub fn stop(mut self) -> Counts {
        self.end();
        self.counts()
    }

    fn end(&mut self) {
        self.shared.change(|schedule, _, _| schedule.stop());
        // It has panicked at the worst, and counts no more.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Load({:?})", self.counts())
    }
}

fn run(runtime: Runtime, work_of_all: &Arc<Work>) {
    runtime.block_on(async {
        let shared = &work_of_all.shared;
        let mut changes = shared.changed.subscribe();
        let mut workers = JoinSet::new();
        for _ in 0..work_of_all.plan.connections {
            workers.spawn(work(Arc::clone(work_of_all), shared.changed.subscribe()));
        }
        while !shared.schedule().is_stopped() && changes.changed().await.is_ok() {}
        let _ = timeout(GRACE, async { while workers.join_next().await.is_some() {} }).await;
    });
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
}
