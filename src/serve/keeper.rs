//! Keeps the counters of kills: at once when one has changed, and otherwise once a minute.

use crate::analysis::engine::Engine;
use crate::output::instruments::Instruments;
use crate::source::now;
use crate::state::Store;
use std::time::{Duration, Instant};

/// What changes all the time is kept so often.
const LONGEST: Duration = Duration::from_secs(60);

/// A store, with what it holds.
#[derive(Debug)]
pub(super) struct Keeper {
    store: Store,
    digest: Option<u64>,
    kept_at: Instant,
    has_failed: bool,
}

impl Keeper {
    /// Has an engine go on where the store was left.
    pub(super) fn begin(store: Store, engine: &mut Engine) -> Self {
        if let Some((saved, is_same_boot)) = store.load() {
            engine.restore_kills(&saved, is_same_boot, now().moment);
        }
        Self { store, digest: None, kept_at: Instant::now(), has_failed: false }
    }

    /// Keeps what has changed; a failure is said once, and tried again with the next change.
    pub(super) fn keep(&mut self, engine: &mut Engine, instruments: &Instruments) {
        let digest = Some(engine.digest_of_kills());
        if digest == self.digest && self.kept_at.elapsed() < LONGEST {
            return;
        }
        let kept = self.store.save(engine.save_kills());
        instruments.record_save(kept.is_ok());
        match kept {
            Ok(()) => self.has_failed = false,
            Err(error) if !std::mem::replace(&mut self.has_failed, true) => {
                tracing::warn!(%error, "counters of kills cannot be kept: they would not outlive memtrend");
            }
            Err(_) => {}
        }
        (self.digest, self.kept_at) = (digest, Instant::now());
    }
}
