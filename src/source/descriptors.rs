//! How many descriptors may be kept open.
//!
//! A kept descriptor makes a read three to five times cheaper, but the limit is shared with connections. Whoever gets
//! no place opens, reads and closes.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Descriptors left alone for connections, logs, listing folders.
const RESERVED: u64 = 768;

/// The most that are ever kept: a bound of its own, since some systems allow a thousand million.
const MOST_KEPT: u64 = 65_536;

/// A shared allowance of kept descriptors.
#[derive(Clone, Debug)]
pub(crate) struct Allowance(Arc<AtomicU64>);

/// One place of it; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicU64>);

impl Allowance {
    /// Raises the soft limit to the hard one, as far as memtrend could use it, and takes what is left of it.
    pub(crate) fn of_this_process() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let wanted = limit.maximum.unwrap_or(u64::MAX).min(MOST_KEPT + RESERVED);
        let current = limit.current.unwrap_or(u64::MAX);
        let soft = if current < wanted
            && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).is_ok()
        {
            wanted
        } else {
            current
        };
        Self::new(soft.saturating_sub(RESERVED).min(MOST_KEPT))
    }

    pub(crate) fn new(places: u64) -> Self {
        Self(Arc::new(AtomicU64::new(places)))
    }

    /// Places that are left.
    pub(crate) fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A place, if one is left.
    pub(crate) fn take(&self) -> Option<Place> {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        Some(Place(Arc::clone(&self.0)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let allowance = Allowance::new(2);
        let first = allowance.take();
        let second = allowance.take();
        assert!(first.is_some() && second.is_some() && allowance.take().is_none());
        drop(first);
        assert!(allowance.take().is_some());
    }
}
