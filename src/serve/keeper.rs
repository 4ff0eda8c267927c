//! Keeps the counters of kills as soon as one has changed, and the trends at intervals. A thread of its own writes, so that no
//! disk makes a pass or a kill wait.

use crate::analysis::engine::{Engine, SavedKills};
use crate::output::instruments::Instruments;
use crate::source::now;
use crate::state::{Kept, Store, Trends};
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
    trends: Option<Vec<u8>>,
    is_over: bool,
}

/// Hands to the thread what has changed.
#[derive(Debug)]
pub(super) struct Keeper {
    desk: Arc<Desk>,
    writer: Option<JoinHandle<()>>,
    boot: String,
    digest: Option<u64>,
    kept_at: Option<Instant>,
    interval: Duration,
    trends_kept_at: Instant,
}

impl Keeper {
    /// Has an engine go on where the store was left, and starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn begin(
        (store, kept): (Store, Kept),
        interval: Duration,
        engine: &mut Engine,
        instruments: Instruments,
    ) -> std::io::Result<Self> {
        if let Some((saved, is_same_boot)) = kept.kills {
            engine.restore_kills(&saved, is_same_boot, now().moment);
        }
        if let Some(trends) = kept.trends {
            resume(engine, trends, store.boot());
        }
        let boot = store.boot().to_owned();
        let desk = Arc::new(Desk::default());
        let of_the_thread = Arc::clone(&desk);
        let writer = std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || write_until_over(&store, &of_the_thread, &instruments))?;
        let trends_kept_at = Instant::now();
        Ok(Self { desk, writer: Some(writer), boot, digest: None, kept_at: None, interval, trends_kept_at })
    }

    /// Has kept what has changed; when that is to be done later, how long it may wait.
    pub(super) fn keep(&mut self, engine: &mut Engine) -> Option<Duration> {
        if self.trends_kept_at.elapsed() >= self.interval {
            self.keep_trends(engine);
        }
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

    fn keep_trends(&mut self, engine: &Engine) {
        self.trends_kept_at = Instant::now();
        match Store::encode_trends(&self.boot, engine, now()) {
            Ok(trends) => self.desk.put(|next| next.trends = Some(trends)),
            Err(error) => tracing::error!(%error, "trends cannot be spelt: they would not outlive memtrend"),
        }
    }

    /// Has kept all that there is, and waits until it is.
    pub(super) fn end(mut self, engine: &mut Engine) {
        self.keep_trends(engine);
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

    /// Waits for what is next, kills first; `None` when nothing will come any more.
    fn take(&self) -> Option<Due> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(kills) = next.kills.take() {
                return Some(Due::Kills(kills));
            }
            if let Some(trends) = next.trends.take() {
                return Some(Due::Trends(trends));
            }
            if next.is_over {
                return None;
            }
            next = self.has_come.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What is to be written.
enum Due {
    Kills(SavedKills),
    Trends(Vec<u8>),
}

/// Has an engine go on with trends that were kept.
fn resume(engine: &mut Engine, trends: Trends, boot: &str) {
    let now = now();
    let (kept, asked) = (trends.block_seconds(), engine.settings().block_seconds);
    if kept.to_bits() != asked.to_bits() {
        tracing::warn!(kept, asked, "kept trends are of another --trend.block: they begin anew");
        return;
    }
    let age_seconds = trends.age_seconds(now).round();
    let lives = trends.into_lives(boot, now);
    tracing::info!(applications = lives.len(), age_seconds, "going on with kept trends");
    engine.resume(lives, now.moment);
}

/// A failure is said once, until it has passed, and tried again with the next change.
fn write_until_over(store: &Store, desk: &Desk, instruments: &Instruments) {
    let mut has_failed = false;
    while let Some(due) = desk.take() {
        let kept = match due {
            Due::Kills(kills) => store.save_kills(kills),
            Due::Trends(trends) => store.save_trends(&trends),
        };
        instruments.record_save(kept.is_ok());
        match kept {
            Ok(()) => has_failed = false,
            Err(error) if !std::mem::replace(&mut has_failed, true) => {
                tracing::warn!(%error, "state cannot be kept: counters of kills and trends would not outlive memtrend");
            }
            Err(_) => {}
        }
    }
}
