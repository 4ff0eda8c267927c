//! The sampling thread: one pass at a time, on a fixed cadence, each ending in a published report.

use crate::analysis::engine::Engine;
use crate::analysis::report::Report;
use crate::output::instruments::Instruments;
use crate::source::{World, now};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The report that is current; `None` before the first pass.
pub(super) type Published = watch::Sender<Option<Arc<Report>>>;

/// Samples until `stop` says so or is dropped. A pass that takes longer than the interval makes the next one wait for
/// its turn: passes are skipped, never stacked.
pub(super) fn sample_until_stopped(
    mut world: World,
    mut engine: Engine,
    interval: Duration,
    instruments: &Instruments,
    published: &Published,
    stop: &Receiver<()>,
) {
    let begun = Instant::now();
    let mut turn: u32 = 0;
    loop {
        let pass = Instant::now();
        let sample = world.read(now());
        instruments.record(pass.elapsed().as_secs_f64(), &sample.outcomes);
        engine.observe(sample);
        published.send_replace(Some(Arc::new(engine.report())));
        let now = Instant::now();
        while turn < u32::MAX && begun + interval * turn <= now {
            turn += 1;
        }
        match stop.recv_timeout((begun + interval * turn).saturating_duration_since(now)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
