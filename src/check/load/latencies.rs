//! How long answers took, in buckets that are never wider than a sixteenth of what they hold, whatever the number of answers.

use crate::units::{count_as_f64, whole};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets of each power of two, as bits.
const BITS: u32 = 4;
const STEPS: u64 = 1 << BITS;

/// Microseconds that are told apart, as bits: 19 hours.
const MOST_BITS: u32 = 36;

/// Times from when requests were due until their answers were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of all took no longer, by 1/16 at most.
    pub p50: Duration,
    /// 99 of 100 took no longer, by 1/16 at most.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

pub(super) struct Latencies {
    buckets: Vec<AtomicU64>,
    /// In microseconds.
    longest: AtomicU64,
}

impl Latencies {
    pub(super) fn new() -> Self {
        let buckets = (0..=bucket(u64::MAX)).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, longest: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.longest.fetch_max(micros, Ordering::Relaxed);
    }

    /// `None` before the first.
    pub(super) fn latency(&self) -> Option<Latency> {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let max = Duration::from_micros(self.longest.load(Ordering::Relaxed));
        let quantile = |share: f64| {
            let rank = whole((count_as_f64(total) * share).ceil()).max(1);
            let mut below = 0;
            let found = counts.iter().position(|count| {
                below += count;
                below >= rank
            });
            Duration::from_micros(largest_of(found.unwrap_or(0))).min(max)
        };
        (total > 0).then(|| Latency { p50: quantile(0.5), p99: quantile(0.99), max })
    }
}

/// The bucket of a number of microseconds: exact below 16, then sixteen a power of two.
fn bucket(micros: u64) -> usize {
    let micros = micros.min((1 << MOST_BITS) - 1);
    let shift = (u64::BITS - micros.leading_zeros()).saturating_sub(BITS + 1);
    let bucket = u64::from(shift) * STEPS + (micros >> shift);
    usize::try_from(bucket).unwrap_or(0)
}

/// The largest number of microseconds in a bucket.
fn largest_of(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(0);
    let shift = (bucket / STEPS).saturating_sub(1);
    let step = bucket - shift * STEPS;
    ((step + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_those_of_what_was_added() {
        let latencies = Latencies::new();
        assert_eq!(latencies.latency(), None);
        (1..=1000).for_each(|milliseconds| latencies.add(Duration::from_millis(milliseconds)));
        let found = latencies.latency().unwrap();
        assert_eq!(found.max, Duration::from_secs(1));
        assert!(
            (500..532).contains(&found.p50.as_millis()) && (990..=1000).contains(&found.p99.as_millis()),
            "{found:?}"
        );
        latencies.add(Duration::MAX);
        assert!(latencies.latency().unwrap().max > Duration::from_secs(1_000_000));
    }

    proptest! {
        #[test]
        fn a_bucket_is_near_what_it_holds(micros in 0..1_u64 << MOST_BITS) {
            let largest = largest_of(bucket(micros));
            prop_assert!(largest >= micros && largest - micros <= micros / 16, "{largest}");
            prop_assert!(bucket(largest) == bucket(micros) && bucket(largest + 1) == bucket(micros) + 1 || largest + 1 == 1 << MOST_BITS);
        }
    }
}
