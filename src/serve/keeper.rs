//! Keeps the counters of kills: as soon as one has changed, and otherwise once a minute. A thread of its own writes, so that no
//! disk makes a kill wait.

use crate::analysis::engine::{Engine, SavedKills};
use crate::output::instruments::Instruments;
use crate::source::now;
use crate::state::Store;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What changes all the time is kept so often.
const LONGEST: Duration = Duration::from_secs(60);

/// Changes within so much time are kept together.
const SHORTEST: Duration = Duration::from_millis(100);

/// What is to be kept next: the latest alone.
#[derive(Debug, Default)]
struct Desk {
    next: Mutex<Next>,
    has_come: Condvar,
}

#[derive(Debug, Default)]
struct Next {
    kills: Option<SavedKills>,
    is_over: bool,
}

/// Hands to the thread what has changed.
#[derive(Debug)]
pub(super) struct Keeper {
    desk: Arc<Desk>,
    writer: Option<JoinHandle<()>>,
    digest: Option<u64>,
    kept_at: Option<Instant>,
}

impl Keeper {
    /// Has an engine go on where the store was left, and starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn begin(store: Store, engine: &mut Engine, instruments: Instruments) -> std::io::Result<Self> {
        if let Some((saved, is_same_boot)) = store.kept() {
            engine.restore_kills(saved, *is_same_boot, now().moment);
        }
        let desk = Arc::new(Desk::default());
        let of_the_thread = Arc::clone(&desk);
        let writer = std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || write_until_over(&store, &of_the_thread, &instruments))?;
        Ok(Self { desk, writer: Some(writer), digest: None, kept_at: None })
    }

    /// Has kept what has changed; when that is to be done later, how long it may wait.
    pub(super) fn keep(&mut self, engine: &mut Engine) -> Option<Duration> {
        let digest = Some(engine.digest_of_kills());
        let age = self.kept_at.map(|kept_at| kept_at.elapsed());
        if digest == self.digest && age.is_some_and(|age| age < LONGEST) {
            return None;
        }
        if let Some(rest) = age.and_then(|age| SHORTEST.checked_sub(age)) {
            return Some(rest);
        }
        self.desk.put(|next| next.kills = Some(engine.save_kills()));
        (self.digest, self.kept_at) = (digest, Some(Instant::now()));
        None
    }

    /// Has kept all that there is, and waits until it is.
    pub(super) fn end(mut self, engine: &mut Engine) {
        self.desk.put(|next| (next.kills, next.is_over) = (Some(engine.save_kills()), true));
        // It has said what went wrong.
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

impl Desk {
    fn put(&self, change: impl FnOnce(&mut Next)) {
        change(&mut self.next.lock().unwrap_or_else(PoisonError::into_inner));
        self.has_come.notify_one();
    }

    /// Waits for what is next; `None` when nothing will come any more.
    fn take(&self) -> Option<SavedKills> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(kills) = next.kills.take() {
                return Some(kills);
            }
            if next.is_over {
                return None;
            }
            next = self.has_come.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A failure is said once, until it has passed, and tried again with the next change.
fn write_until_over(store: &Store, desk: &Desk, instruments: &Instruments) {
    let mut has_failed = false;
    while let Some(kills) = desk.take() {
        let kept = store.save(kills);
        instruments.record_save(kept.is_ok());
        match kept {
            Ok(()) => has_failed = false,
            Err(error) if !std::mem::replace(&mut has_failed, true) => {
                tracing::warn!(%error, "counters of kills cannot be kept: they would not outlive memtrend");
            }
            Err(_) => {}
        }
    }
}
