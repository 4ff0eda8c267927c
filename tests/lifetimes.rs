//! A leak over restarts and versions: samples in, report out.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::report::ApplicationReport;
use memtrend::analysis::sample::{
    About, Basis, ByKind, Ceiling, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation,
    Population, Sample,
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
    limit: Option<u64>,
    is_load_known: bool,
}

impl Story {
    fn new() -> Self {
        Self { engine: Engine::new(Settings::default()), at: 0.0, lives: 0, limit: None, is_load_known: true }
    }

    /// One that has a limit of so many bytes.
    fn below(limit: u64) -> Self {
        Self { limit: Some(limit), ..Self::new() }
    }

    /// A life of so many hours in which the heap grows by `rate` bytes a second; what is known at its end.
    fn life(&mut self, hours: f64, rate: f64, version: &str) -> ApplicationReport {
        let about = Arc::new(About { version: Some(version.into()), ..About::default() });
        self.live(hours, |since| 1e8 + rate * since, &about, |_| None)
    }

    /// The same with any heap, told what lives in it.
    fn live(
        &mut self,
        hours: f64,
        heap: impl Fn(f64) -> f64,
        about: &Arc<About>,
        live_heap: impl Fn(f64) -> Option<Bytes>,
    ) -> ApplicationReport {
        self.lives += 1;
        let began = self.at;
        while self.at < began + hours * HOUR {
            let since = self.at - began;
            let mut by_kind = ByKind::default();
            let used = Bytes(whole(heap(since)));
            by_kind.set(Kind::Anon, used);
            let limited = |limit| Ceiling { source: LimitSource::Own, limit: Bytes(limit), used, swap_included: false };
            let identity = Identity { application: "a".into(), namespace: None, pod: None, container: None };
            let seen = Observation {
                identity: Arc::new(identity),
                about: Arc::clone(about),
                lifetime: Lifetime { pid: 1, start_ticks: self.lives },
                started: Timestamp(began),
                age_seconds: since,
                memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling: self.limit.map(limited) }),
                live_heap: live_heap(since),
                load: LoadCounters { requests: self.is_load_known.then_some(since * 100.0), cpu_seconds: None },
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

fn leak(since: f64) -> f64 {
    1e8 + LEAK * since
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
    let report = Story::new().live(7.0, |_| 1e8, &Arc::default(), lives);
    assert_eq!(report.verdict, Verdict::Leaking, "{}", report.evidence);
    assert!(report.evidence.to_string().starts_with("live heap +3."), "{}", report.evidence);
}

#[test]
fn a_heap_full_of_garbage_is_no_leak_until_a_day_has_passed_or_it_is_told_what_lives() {
    let jvm = Arc::new(About { runtime: Some("jvm".into()), ..About::default() });
    let report = Story::new().live(10.0, leak, &jvm, |_| None);
    assert_eq!(report.verdict, Verdict::Growing, "{}", report.evidence);
    assert!(report.evidence.to_string().ends_with("no full collection seen yet"), "{}", report.evidence);
    let told = Story::new().live(10.0, leak, &jvm, |since| Some(Bytes(whole(3e7 + since * LEAK))));
    assert_eq!(told.verdict, Verdict::Leaking, "{}", told.evidence);
    assert_eq!(Story::new().live(30.0, leak, &jvm, |_| None).verdict, Verdict::Leaking);
}

#[test]
fn a_heap_that_hides_its_garbage_and_died_at_its_limit_is_not_waited_for_a_day() {
    let jvm = Arc::new(About { runtime: Some("jvm".into()), ..About::default() });
    let mut story = Story::below(whole(leak(8.0 * HOUR)));
    assert_eq!(story.live(8.0, leak, &jvm, |_| None).verdict, Verdict::Growing);
    let second = story.live(6.0, leak, &jvm, |_| None);
    assert_eq!(second.verdict, Verdict::Leaking, "{}", second.evidence);
}

#[test]
fn quiet_adds_up_over_lives_that_are_too_short_for_it() {
    let mut story = Story::new();
    story.life(6.0, LEAK, "2.4.1");
    assert_eq!(story.life(3.0, 0.0, "2.4.1").verdict, Verdict::Leaking);
    let fixed = story.life(3.0, 0.0, "2.4.1");
    assert_eq!((fixed.verdict, fixed.leak_lifetimes), (Verdict::Steady, 0), "{}", fixed.evidence);
    // What comes back has not been quiet.
    let mut story = Story::new();
    story.life(6.0, LEAK, "2.4.1");
    story.life(3.0, 0.0, "2.4.1");
    story.life(1.0, LEAK, "2.4.1");
    assert_eq!(story.life(0.9, 0.0, "2.4.1").verdict, Verdict::Leaking);
}

#[test]
fn lives_of_minutes_that_end_at_the_limit_again_and_again_are_a_leak() {
    let minutes = |minutes: f64| minutes / 60.0;
    let mut story = Story::below(1_000_000_000);
    for _ in 0..7 {
        assert_ne!(story.life(minutes(5.0), 3e6, "2.4.1").verdict, Verdict::Leaking);
    }
    let eighth = story.life(minutes(1.0), 3e6, "2.4.1");
    assert_eq!((eighth.verdict, eighth.leak_lifetimes), (Verdict::Leaking, 8));
    assert!(eighth.evidence.to_string().starts_with("leaked at +10."), "{}", eighth.evidence);
    assert_eq!(eighth.onset, Some(Timestamp(0.0)));
    // Far below the limit something else ends them.
    let mut story = Story::below(10_000_000_000);
    for _ in 0..30 {
        assert_ne!(story.life(minutes(5.0), 3e6, "2.4.1").verdict, Verdict::Leaking);
    }
}

#[test]
fn a_version_that_cannot_be_told_for_a_while_is_no_other_one() {
    let mut story = Story::new();
    let first = story.life(6.0, LEAK, "2.4.1");
    let unknown = story.live(0.1, leak, &Arc::default(), |_| None);
    assert_eq!((unknown.verdict, unknown.onset), (Verdict::Leaking, first.onset));
    let told = story.life(0.1, LEAK, "2.4.1");
    assert_eq!((told.verdict, told.onset, told.leak_lifetimes), (Verdict::Leaking, first.onset, 3));
    assert_eq!(story.life(0.1, LEAK, "2.4.2").verdict, Verdict::Learning);
}

#[test]
fn a_life_that_only_lacked_time_to_be_called_does_not_show_what_is_healthy() {
    let mut story = Story { is_load_known: false, ..Story::below(1 << 40) };
    for life in 0..3 {
        let report = story.life(48.0, LEAK, "2.4.1");
        assert!(
            report.evidence.to_string().contains("load unknown, which may have risen"),
            "{life}: {}",
            report.evidence
        );
    }
}

#[test]
fn a_leak_whose_memory_was_given_back_is_not_told_as_if_it_were_there() {
    let emptied = |since: f64| 1e8 + if since < 60.0 * HOUR { LEAK * since } else { 0.0 };
    let report = Story::below(1 << 40).live(60.5, emptied, &Arc::default(), |_| None);
    assert_eq!(report.verdict, Verdict::Leaking);
    assert!(report.evidence.to_string().contains("has not been steady for long enough"), "{}", report.evidence);
    assert_eq!(report.present.unwrap().time_to_limit, None);
}

#[test]
fn a_limit_that_does_not_hold_makes_nothing_urgent() {
    let warm_up = |since: f64| 1e9 + 1e5 * since.min(HOUR);
    assert_eq!(Story::below(1_300_000_000).live(1.0, warm_up, &Arc::default(), |_| None).verdict, Verdict::Leaking);
    assert_eq!(Story::below(500_000_000).live(1.0, warm_up, &Arc::default(), |_| None).verdict, Verdict::Growing);
}
