//! The running count of requests, whichever way it is told.

use super::super::error::LoadError;
use super::output::{OutputStream, Pattern};
use super::reading::Reading;
use super::scrape::Scrape;
use super::{Metric, RequestsFrom};
use crate::http::{Peer, Trust};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// For a connection, and for its TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// Threads that look up names.
const LOOK_UPS: usize = 1;

/// Counts requests until it is dropped.
#[derive(Debug)]
pub struct RequestCounter {
    reading: Arc<Mutex<Reading>>,
    pattern: Option<Pattern>,
    scraper: Option<Scraper>,
}

#[derive(Debug)]
struct Scraper {
    /// Dropped to end it.
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl RequestCounter {
    /// Begins to count. A metric is asked for at once, and every 200 ms from then on, by a thread of its own.
    ///
    /// # Errors
    /// When a metric is asked for by https and this machine has no CA certificates, or no thread can be had.
    pub fn start(from: RequestsFrom, trust: Trust) -> Result<Self, LoadError> {
        let reading = Arc::default();
        let (pattern, scraper) = match from {
            RequestsFrom::Output(pattern) => (Some(pattern), None),
            RequestsFrom::Metric(metric) => (None, Some(Scraper::start(metric, trust, Arc::clone(&reading))?)),
        };
        Ok(Self { reading, pattern, scraper })
    }

    /// One stream of the tool's output; `None` where a metric tells.
    pub fn output(&self) -> Option<OutputStream> {
        self.pattern.clone().map(|pattern| OutputStream::new(pattern, Arc::clone(&self.reading)))
    }

    /// Requests so far; it never falls. `None` before anything told a number; after an error, the number before it.
    pub fn count(&self) -> Option<u64> {
        self.reading().count()
    }

    /// Why the last look gave no number, as one line; `None` when it gave one.
    pub fn error(&self) -> Option<String> {
        self.reading().error.clone()
    }

    /// How often the counter began anew, and how it did so first: requests in between are not known, and the program may have been
    /// restarted.
    pub fn resets(&self) -> Option<(u64, String)> {
        let reading = self.reading();
        reading.reset.clone().map(|first| (reading.resets, first))
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RequestCounter {
    fn drop(&mut self) {
        if let Some(Scraper { end, thread }) = self.scraper.take() {
            drop(end);
            // It has panicked at the worst, and counts no more.
            let _ = thread.join();
        }
    }
}

impl Scraper {
    fn start(metric: Metric, trust: Trust, reading: Arc<Mutex<Reading>>) -> Result<Self, LoadError> {
        let peer = Peer::new(metric.target.address.clone(), trust, CONNECT).map_err(LoadError::Tls)?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(LOOK_UPS).build();
        let runtime = runtime.map_err(LoadError::Thread)?;
        let scrape = Scrape::new(metric, peer);
        let (end, ended) = oneshot::channel();
        let work = move || run(runtime, scrape, &reading, ended);
        let thread = std::thread::Builder::new().name("requests".to_owned()).spawn(work).map_err(LoadError::Thread)?;
        Ok(Self { end, thread })
    }
}

fn run(runtime: Runtime, scrape: Scrape, reading: &Mutex<Reading>, ended: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            _ = ended => {}
            () = scrape.repeat(reading) => {}
        }
    });
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
}
