//! Whether the state of one application is constant, and how large it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::detect::Detector;
use super::sample::{
    About, Basis, ByKind, Ceiling, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation, Population,
};
use super::watch::Watch;
use crate::units::{Bytes, Moment, Timestamp};
use std::sync::Arc;

/// Samples, five seconds apart: 58 days.
const SAMPLES: u32 = 1_000_000;

/// Samples of one life (nearly a day), and lives of one version.
const OF_A_LIFE: u32 = 17_000;
const OF_A_VERSION: u32 = 4;

/// One series: an application without the live heap.
const MOST_OF_A_SERIES: usize = 6 * 1024;

/// Leaks in every second version, under noise and a load that comes and goes.
fn seen(identity: &Arc<Identity>, number: u32, has_live_heap: bool) -> Observation {
    let (life, step) = (number / OF_A_LIFE, number % OF_A_LIFE);
    let version = life / OF_A_VERSION;
    let grown = u64::from(step) * 4096 * u64::from(version % 2);
    let noise = u64::from(number.wrapping_mul(2_654_435_761) >> 8);
    let mut by_kind = ByKind::default();
    Kind::ALL.iter().for_each(|kind| by_kind.set(*kind, Bytes(1 << 26)));
    by_kind.set(Kind::Anon, Bytes((1 << 28) + grown + noise));
    let used = by_kind.resident_unreclaimable();
    let ceiling = Ceiling { source: LimitSource::Own, limit: Bytes(1 << 32), used, swap_included: false };
    let requests = f64::from(step) * (10.0 + f64::from(step % 997) / 997.0);
    Observation {
        identity: Arc::clone(identity),
        about: Arc::new(About { version: Some(format!("2.{version:02}.0").into()), ..About::default() }),
        lifetime: Lifetime { pid: life, start_ticks: u64::from(life) },
        started: Timestamp(f64::from(life * OF_A_LIFE) * 5.0),
        age_seconds: f64::from(step) * 5.0,
        memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling: Some(ceiling) }),
        live_heap: has_live_heap.then_some(Bytes((1 << 27) + grown)),
        load: LoadCounters { requests: Some(requests), cpu_seconds: None },
        counters: None,
        population: Population { processes: 1, ..Population::default() },
    }
}

/// The most bytes that the state took, and the bytes early on: once an earlier version is remembered.
fn most_and_early(samples: u32, has_live_heap: bool) -> (usize, usize) {
    let identity = Arc::new(Identity { application: "a".into(), namespace: None, pod: None, container: None });
    let mut watch = Watch::new(Arc::clone(&identity), Moment(0.0));
    let (mut most, mut early) = (0, None);
    for number in 0..samples {
        watch.observe(&seen(&identity, number, has_live_heap), Moment(f64::from(number) * 5.0), 60.0);
        most = most.max(watch.bytes());
        if number > OF_A_LIFE * OF_A_VERSION + 100 {
            early.get_or_insert(watch.bytes());
        }
    }
    (most, early.unwrap())
}

#[test]
fn a_series_takes_less_than_six_kibibytes_however_long_it_is() {
    let (most, early) = most_and_early(SAMPLES, false);
    assert!(most <= MOST_OF_A_SERIES, "{most} bytes");
    assert_eq!(most, early, "it has grown");
    eprintln!("{} bytes a detector, {most} with the application around it", size_of::<Detector>());
}

#[test]
fn the_live_heap_is_one_detector_more() {
    let (most, early) = most_and_early(SAMPLES / 4, true);
    assert!(most <= MOST_OF_A_SERIES + size_of::<Detector>(), "{most} bytes");
    assert_eq!(most, early, "it has grown");
    eprintln!("{most} bytes with the live heap");
}
