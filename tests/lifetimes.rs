//! A leak over restarts and versions: samples in, report out.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::report::ApplicationReport;
use memtrend::analysis::sample::{
    About, Basis, ByKind, Identity, Kind, Lifetime, LoadCounters, Memory, Observation, Population, Sample,
};
use memtrend::analysis::verdict::Verdict;
use memtrend::units::{Bytes, Clock, Moment, Timestamp, whole};
use std::sync::Arc;

const HOUR: f64 = 3600.0;
const LEAK: f64 = 10_000.0;

/// One application whose load is flat, fed life by life.
struct Story {
    engine: Engine,
    at: f64,
    lives: u64,
}

impl Story {
    fn new() -> Self {
        Self { engine: Engine::new(Settings::default()), at: 0.0, lives: 0 }
    }

    /// A life of so many hours in which the heap grows by `rate` bytes a second; what is known at its end.
    fn life(&mut self, hours: f64, rate: f64, version: &str) -> ApplicationReport {
        let about = Arc::new(About { version: Some(version.into()), ..About::default() });
        self.live(hours, rate, &about, |_| None)
    }

    /// The same, told what lives in the heap.
    fn live(
        &mut self,
        hours: f64,
        rate: f64,
        about: &Arc<About>,
        live_heap: impl Fn(f64) -> Option<Bytes>,
    ) -> ApplicationReport {
        self.lives += 1;
        let began = self.at;
        while self.at < began + hours * HOUR {
            let since = self.at - began;
            let mut by_kind = ByKind::default();
            by_kind.set(Kind::Anon, Bytes(whole(1e8 + rate * since)));
            let identity = Identity { application: "a".into(), namespace: None, pod: None, container: None };
            let seen = Observation {
                identity: Arc::new(identity),
                about: Arc::clone(about),
                lifetime: Lifetime { pid: 1, start_ticks: self.lives },
                started: Timestamp(began),
                age_seconds: since,
                memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling: None }),
                live_heap: live_heap(since),
                load: LoadCounters { requests: Some(since * 100.0), cpu_seconds: None },
                counters: None,
                population: Population { processes: 1, ..Population::default() },
            };
            let clock = Clock { moment: Moment(self.at), wall: Timestamp(self.at) };
            self.engine.observe(Sample { clock, applications: vec![seen], ..Sample::default() });
            self.at += 30.0;
        }
        self.engine.report().applications.remove(0)
    }
}

#[test]
fn a_restart_does_not_clear_a_leak_and_its_lifetimes_are_counted() {
    let mut story = Story::new();
    let first = story.life(6.0, LEAK, "2.4.1");
    assert_eq!((first.verdict, first.leak_lifetimes), (Verdict::Leaking, 1));
    let second = story.life(5.0 / 60.0, LEAK, "2.4.1");
    assert_eq!((second.verdict, second.leak_lifetimes, second.onset), (Verdict::Leaking, 2, first.onset));
}

#[test]
fn a_fixed_life_of_the_same_version_clears_it_by_staying_flat() {
    let mut story = Story::new();
    story.life(6.0, LEAK, "2.4.1");
    assert_eq!(story.life(4.0, 0.0, "2.4.1").verdict, Verdict::Leaking);
    story.engine = Engine::new(Settings::default());
    story.life(6.0, LEAK, "2.4.1");
    let fixed = story.life(8.0, 0.0, "2.4.1");
    assert_eq!((fixed.verdict, fixed.leak_lifetimes), (Verdict::Steady, 0));
}

#[test]
fn another_version_starts_afresh() {
    let mut story = Story::new();
    story.life(6.0, LEAK, "2.4.1");
    let reverted = story.life(5.0 / 60.0, 0.0, "2.4.0");
    assert_eq!((reverted.verdict, reverted.leak_lifetimes), (Verdict::Learning, 0));
    assert_eq!(story.life(1.0, 0.0, "2.4.0").verdict, Verdict::Steady);
}

#[test]
fn what_lives_in_a_heap_leaks_though_the_heap_is_flat() {
    // Told anew at full collections, each half hour.
    let lives = |since: f64| Some(Bytes(whole(3e7 + 1000.0 * (since / 1800.0).floor() * 1800.0)));
    let report = Story::new().live(7.0, 0.0, &Arc::default(), lives);
    assert_eq!(report.verdict, Verdict::Leaking, "{}", report.evidence);
    assert!(report.evidence.to_string().starts_with("live heap +3."), "{}", report.evidence);
}

#[test]
fn a_heap_full_of_garbage_is_no_leak_until_a_day_has_passed_or_it_is_told_what_lives() {
    let jvm = Arc::new(About { runtime: Some("jvm".into()), ..About::default() });
    let report = Story::new().live(10.0, LEAK, &jvm, |_| None);
    assert_eq!(report.verdict, Verdict::Growing, "{}", report.evidence);
    assert!(report.evidence.to_string().ends_with("no full collection seen yet"), "{}", report.evidence);
    let told = Story::new().live(10.0, LEAK, &jvm, |since| Some(Bytes(whole(3e7 + since * LEAK))));
    assert_eq!(told.verdict, Verdict::Leaking, "{}", told.evidence);
    assert_eq!(Story::new().live(30.0, LEAK, &jvm, |_| None).verdict, Verdict::Leaking);
}
