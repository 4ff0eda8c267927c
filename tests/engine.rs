//! The pure engine by what it reports: samples in, report out, no process and no clock.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::oom::{Cause, Scope};
use memtrend::analysis::report::{ApplicationReport, Present, Report};
use memtrend::analysis::sample::{
    Basis, ByKind, Ceiling, CgroupCounters, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation,
    Population, Sample,
};
use memtrend::analysis::verdict::{Evidence, Verdict};
use memtrend::units::{Bytes, Clock, Moment, Timestamp, count_as_f64, whole};
use std::sync::Arc;

mod properties;

const MIB: u64 = 1 << 20;
/// The first sample's moment, and the wall clock at moment 0.
const START: f64 = 5000.0;
const BOOT: f64 = 1_790_000_000.0;
const STEP: f64 = 5.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

fn identity(name: &str) -> Arc<Identity> {
    Arc::new(Identity { application: name.into(), namespace: None, pod: None, container: None })
}

/// An application that holds `heap` bytes, without limit and counters.
fn app(name: &str, heap: u64) -> Observation {
    let mut by_kind = ByKind::default();
    by_kind.set(Kind::Anon, Bytes(heap));
    Observation {
        identity: identity(name),
        about: Arc::default(),
        lifetime: Lifetime { pid: 10, start_ticks: 100 },
        started: Timestamp(BOOT),
        age_seconds: 0.0,
        memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling: None }),
        live_heap: None,
        load: LoadCounters::default(),
        counters: None,
        population: Population { processes: 1, ..Population::default() },
    }
}

/// The same below a limit of which `used` bytes are taken.
fn below(mut app: Observation, source: LimitSource, limit: u64, used: u64) -> Observation {
    let ceiling = Ceiling { source, limit: Bytes(limit), used: Bytes(used), swap_included: false };
    app.memory = app.memory.map(|memory| Memory { ceiling: Some(ceiling), ..memory });
    app
}

/// The same in cgroup `incarnation`, which has counted `kills`, all of them for its own limit.
fn counted(app: Observation, incarnation: u64, kills: u64) -> Observation {
    let (oom_kills, own_limit_hits) = (Some(kills), Some(kills));
    let counters = CgroupCounters { incarnation, oom_kills, own_limit_hits, ..CgroupCounters::default() };
    Observation { counters: Some(counters), ..app }
}

/// The same in the life that began at tick `start_ticks`.
fn alive_since(app: Observation, start_ticks: u64) -> Observation {
    Observation { lifetime: Lifetime { pid: 10, start_ticks }, ..app }
}

/// The cgroup of an application whose last process has ended.
fn lingering(app: Observation) -> Observation {
    Observation { memory: None, population: Population::default(), ..app }
}

fn sample(at: f64, applications: Vec<Observation>) -> Sample {
    let clock = Clock { moment: Moment(at), wall: Timestamp(BOOT + at) };
    Sample { clock, applications, ..Sample::default() }
}

/// Samples of one application from `from` to `to`, in seconds since the first.
fn feed(engine: &mut Engine, from: f64, to: f64, app: impl Fn(f64) -> Observation) {
    let mut since = from;
    while since < to {
        engine.observe(sample(START + since, vec![app(since)]));
        since += STEP;
    }
}

fn only(engine: &Engine) -> ApplicationReport {
    let report = engine.report();
    assert_finite(&report);
    assert_eq!(report.applications.len(), 1, "{report:?}");
    report.applications[0].clone()
}

fn named(engine: &Engine, name: &str) -> Option<ApplicationReport> {
    engine.report().applications.into_iter().find(|app| &*app.identity.application == name)
}

fn present(app: &ApplicationReport) -> &Present {
    app.present.as_ref().expect("present")
}

/// No number of a report is NaN or infinite, as they are written by Rust.
fn assert_finite(report: &Report) {
    let text = format!("{report:?}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

const RATE: u64 = 10_000;
const LIMIT: u64 = 1024 * MIB;

fn leak(since: f64) -> Observation {
    let heap = 100 * MIB + whole(since) * RATE;
    below(app("a", heap), LimitSource::Own, LIMIT, heap)
}

#[test]
fn a_linear_leak_is_learned_then_growing_with_its_slope_time_onset_and_gain() {
    let mut engine = Engine::new(Settings::default());
    feed(&mut engine, 0.0, 8.0 * 60.0, leak);
    let young = only(&engine);
    assert_eq!((young.verdict, young.onset, present(&young).time_to_limit), (Verdict::Learning, None, None));
    assert!(matches!(young.evidence, Evidence::TooLittle { missing_seconds } if missing_seconds > Some(0.0)));
    feed(&mut engine, 8.0 * 60.0, 9.0 * 60.0, leak);
    assert_eq!(only(&engine).verdict, Verdict::Growing, "eight blocks are enough");

    feed(&mut engine, 9.0 * 60.0, 2.0 * HOUR, leak);
    let grown = only(&engine);
    let now = present(&grown);
    let truth = count_as_f64(RATE);
    for slope in now.slopes[..2].iter().map(|slope| slope.expect("15m and 1h have data")) {
        assert!((slope.rate.0 - truth).abs() < 1.0 && slope.lower <= slope.rate && slope.rate <= slope.upper);
    }
    let room = count_as_f64(LIMIT) - count_as_f64(100 * MIB) - (2.0 * HOUR - STEP) * truth;
    let Evidence::Growth(seen, _) = grown.evidence else { panic!("{:?}", grown.evidence) };
    let slope = seen.slope;
    let time = now.time_to_limit.unwrap();
    assert!((time.expected - room / slope.rate.0).abs() < 1e-6, "{time:?}");
    assert!(time.earliest <= time.expected && time.expected <= time.latest);
    let onset = grown.onset.unwrap().0 - BOOT - START;
    assert!((0.0..=60.0).contains(&onset), "it leaks from the first sample on, onset {onset} s after it");
    let whole_life = count_as_f64(LIMIT - 100 * MIB) / truth;
    let gain = now.restart_gain_seconds.unwrap();
    assert!((gain - whole_life).abs() <= 120.0, "a restart buys a life of {whole_life}, told {gain}");
}

#[test]
fn flat_memory_is_steady_and_shrinking_memory_too_with_a_negative_slope() {
    for (shrinks, rate) in [(0, 0.0), (1000, -1000.0)] {
        let mut engine = Engine::new(Settings::default());
        let limited =
            |since: f64| below(app("a", 500 * MIB - whole(since) * shrinks), LimitSource::Own, LIMIT, 500 * MIB);
        feed(&mut engine, 0.0, 2.0 * HOUR, limited);
        let steady = only(&engine);
        assert_eq!((steady.verdict, steady.onset), (Verdict::Steady, None));
        let now = present(&steady);
        assert_eq!((now.time_to_limit, now.restart_gain_seconds), (None, None));
        assert!((now.slopes[0].unwrap().rate.0 - rate).abs() < 1.0, "{:?}", now.slopes);
    }
}

#[test]
fn a_collectors_sawtooth_over_a_flat_floor_is_steady() {
    let mut engine = Engine::new(Settings::default());
    feed(&mut engine, 0.0, 4.0 * HOUR, |since| app("a", 100 * MIB + whole(since % 40.0) * 5 * MIB));
    let steady = only(&engine);
    assert_eq!((steady.verdict, present(&steady).floor), (Verdict::Steady, Some(count_as_f64(100 * MIB))));
}

#[test]
fn a_saw_leaves_room_below_a_limit_and_a_step_does_not() {
    let time_after_an_hour = |extra: &dyn Fn(f64) -> u64| {
        let mut engine = Engine::new(Settings::default());
        feed(&mut engine, 0.0, HOUR, |since| {
            let heap = 100 * MIB + whole(since) * RATE + extra(since);
            below(app("a", heap), LimitSource::Own, LIMIT, heap)
        });
        present(&only(&engine)).time_to_limit.unwrap().expected
    };
    let of_extra = count_as_f64(50 * MIB / RATE);
    let without = time_after_an_hour(&|_| 0);
    let step = time_after_an_hour(&|since| if since > 3300.0 { 50 * MIB } else { 0 });
    assert!(without - step > 0.9 * of_extra, "{without} s, {step} s with a step five minutes ago");
    // Falls each four minutes, and is at its top at the end.
    let saw = time_after_an_hour(&|since| whole(since % 240.0 / 240.0 * 50.0) * MIB);
    assert!((without - saw).abs() < 0.3 * of_extra, "{without} s, {saw} s under a saw");
}

#[test]
fn a_limit_that_changes_speaks_in_the_very_next_sample_and_so_does_one_above_with_less_room() {
    let mut engine = Engine::new(Settings::default());
    feed(&mut engine, 0.0, HOUR, leak);
    let heap = 100 * MIB + whole(HOUR) * RATE;
    let mut expected = |ceiling: Option<(LimitSource, u64, u64)>, after: f64| {
        let now = match ceiling {
            Some((source, limit, used)) => below(app("a", heap), source, limit, used),
            None => app("a", heap),
        };
        engine.observe(sample(START + HOUR + after, vec![now]));
        let app = only(&engine);
        assert_eq!(app.verdict, Verdict::Growing, "a verdict needs no limit");
        let source = present(&app).memory.ceiling.map(|ceiling| ceiling.source);
        (source, present(&app).time_to_limit.map(|time| time.expected.round()))
    };
    let hours = |count: u64| count * RATE * 3600;
    let others = 700 * MIB;
    for (after, source, limit, used, time) in [
        (1.0, LimitSource::Own, heap + hours(2), heap, 2.0 * HOUR),
        (2.0, LimitSource::Own, heap + hours(9), heap, 9.0 * HOUR),
        (3.0, LimitSource::Ancestor, heap + others + hours(1), heap + others, HOUR),
        (4.0, LimitSource::Own, heap / 2, heap, 0.0),
    ] {
        assert_eq!(expected(Some((source, limit, used)), after), (Some(source), Some(time)));
    }
    assert_eq!(expected(None, 5.0), (None, None));
}

#[test]
fn a_restart_starts_the_slopes_afresh_and_is_counted_once() {
    let mut engine = Engine::new(Settings::default());
    feed(&mut engine, 0.0, HOUR, leak);
    feed(&mut engine, HOUR, HOUR + 240.0, |since| alive_since(leak(since - HOUR), 900));
    let young = only(&engine);
    assert_eq!((young.verdict, young.onset, young.restarts), (Verdict::Learning, None, [0, 0, 1]));
    assert_eq!(present(&young).slopes, [None; 5]);
    assert!(Kind::ALL.iter().all(|kind| present(&young).by_kind.get(*kind).is_none()));
    feed(&mut engine, HOUR + 240.0, 1.5 * HOUR, |since| alive_since(leak(since - HOUR), 900));
    let slope = present(&only(&engine)).slopes[0].unwrap();
    assert!((slope.rate.0 - count_as_f64(RATE)).abs() < 1.0, "the drop between the lives is no slope: {slope:?}");
}

#[test]
fn a_restart_is_of_cause_oom_after_a_kill_exit_without_one_and_unknown_without_counters() {
    let first = || app("a", MIB);
    let second = || alive_since(app("a", MIB), 900);
    let killed_child = || counted(first(), 1, 1);
    let cases: [(&str, Vec<Observation>, Cause); 7] = [
        ("killed while there", vec![counted(first(), 1, 0), counted(first(), 1, 1), second()], Cause::Oom),
        ("killed, then gone", vec![counted(first(), 1, 0), counted(lingering(first()), 1, 1), second()], Cause::Oom),
        ("seen with the new life", vec![counted(first(), 1, 0), counted(second(), 1, 1)], Cause::Oom),
        ("no kill", vec![counted(first(), 1, 3), counted(lingering(first()), 1, 3), second()], Cause::Exit),
        ("no kill, same cgroup", vec![counted(first(), 1, 3), counted(second(), 1, 3)], Cause::Exit),
        (
            "no kill since a child's, long ago",
            vec![counted(first(), 1, 0), killed_child(), killed_child(), counted(second(), 1, 1)],
            Cause::Exit,
        ),
        ("no counters", vec![first(), second()], Cause::Unknown),
    ];
    for (what, seen, cause) in cases {
        let mut engine = Engine::new(Settings::default());
        let mut at = START;
        for observation in seen {
            engine.observe(sample(at, vec![observation]));
            at += STEP;
        }
        let app = only(&engine);
        assert_eq!(
            (app.restarts[cause.index()], app.restarts.iter().sum::<u64>()),
            (1, 1),
            "{what}: {:?}",
            app.restarts
        );
    }
}

#[test]
fn what_ended_a_life_is_not_certain_when_its_cgroup_was_never_read_again() {
    let mut engine = Engine::new(Settings::default());
    engine.observe(sample(START, vec![counted(app("a", MIB), 1, 0)]));
    engine.observe(sample(START + STEP, vec![counted(alive_since(app("a", MIB), 900), 2, 0)]));
    assert_eq!(only(&engine).restarts, [0, 0, 1], "oom, exit, unknown: a kill would have gone with the old cgroup");
}

#[test]
fn kills_add_up_over_new_cgroups_and_every_scope_is_there_from_the_first_sample_on() {
    let mut engine = Engine::new(Settings::default());
    let mut seen = Vec::new();
    for (step, (incarnation, kills)) in [(1, 7), (1, 8), (2, 0), (2, 2), (1, 1), (3, 1)].into_iter().enumerate() {
        let at = START + count_as_f64(u64::try_from(step).unwrap()) * STEP;
        engine.observe(sample(at, vec![counted(app("a", MIB), incarnation, kills)]));
        seen.push(only(&engine).totals.kills);
    }
    // The first again, with less than it had: nothing new.
    let own = [0, 1, 1, 3, 3, 4].map(|kills| [kills, 0, 0, 0, 0]);
    assert_eq!((Scope::ALL[0], seen), (Scope::Own, own.to_vec()), "what was before memtrend is not counted");
}

#[test]
fn counters_that_cannot_be_read_for_a_pass_are_not_counted_again_when_they_are_back() {
    let with = |counters: CgroupCounters| Observation { counters: Some(counters), ..app("a", MIB) };
    let full = CgroupCounters {
        incarnation: 1,
        oom_kills: Some(5),
        own_limit_hits: Some(5),
        events: [Some(9); 5],
        pressure_microseconds: Some([1_000_000, 500_000]),
        ..CgroupCounters::default()
    };
    let mut engine = Engine::new(Settings::default());
    let none = CgroupCounters { incarnation: 1, ..CgroupCounters::default() };
    for (step, counters) in [(0.0, full), (1.0, none), (2.0, full)] {
        engine.observe(sample(START + step, vec![with(counters)]));
    }
    let app = only(&engine);
    assert_eq!((app.totals.kills, app.totals.events), ([0; 5], [Some(0); 5]));
    assert_eq!(app.totals.pressure_microseconds, Some([0, 0]));
}

fn names(report: &Report) -> Vec<String> {
    report.applications.iter().map(|app| app.identity.application.to_string()).collect()
}

fn all(names: &[&str]) -> Vec<Observation> {
    names.iter().map(|name| app(name, MIB)).collect()
}

#[test]
fn over_the_maximum_the_known_stay_the_rest_is_counted_and_one_that_is_gone_makes_room() {
    let mut engine = Engine::new(Settings { maximum_applications: 3, ..Settings::default() });
    engine.observe(sample(START, all(&["d", "e", "f", "b", "c"])));
    assert_eq!((names(&engine.report()), engine.report().dropped), (vec!["d".into(), "e".into(), "f".into()], 2));
    engine.observe(sample(START + 5.0, all(&["a", "b", "c", "d", "e", "f"])));
    assert_eq!((names(&engine.report()), engine.report().dropped), (vec!["d".into(), "e".into(), "f".into()], 3));
    engine.observe(sample(START + 10.0, all(&["d", "f"])));
    engine.observe(sample(START + 15.0, all(&["a", "b", "d", "f"])));
    assert_eq!((names(&engine.report()), engine.report().dropped), (vec!["a".into(), "d".into(), "f".into()], 1));
    engine.observe(sample(START + 20.0, all(&["a", "d", "f"])));
    assert_eq!((engine.report().dropped, engine.report().applications.len()), (0, 3));
}

#[test]
fn one_that_is_back_after_a_pass_keeps_its_counters_though_a_newcomer_needs_room() {
    let mut engine = Engine::new(Settings { maximum_applications: 3, ..Settings::default() });
    let second = || alive_since(app("a", MIB), 900);
    engine.observe(sample(START, all(&["a", "b", "d"])));
    engine.observe(sample(START + 5.0, vec![second(), app("b", MIB), app("d", MIB)]));
    engine.observe(sample(START + 10.0, all(&["d"])));
    engine.observe(sample(START + 15.0, vec![app("c", MIB), second(), app("d", MIB)]));
    assert_eq!(names(&engine.report()), ["a", "c", "d"], "b is the one that is gone");
    assert_eq!(named(&engine, "a").map(|app| app.restarts), Some([0, 0, 1]));
}

#[test]
fn the_kills_of_one_that_is_between_two_lives_are_not_lost_to_a_newcomer() {
    let mut engine =
        Engine::new(Settings { maximum_applications: 2, forget_after_seconds: 900.0, ..Settings::default() });
    engine.observe(sample(START, vec![counted(app("a", MIB), 1, 0), app("b", MIB)]));
    engine.observe(sample(START + 5.0, vec![counted(app("a", MIB), 1, 1), app("b", MIB)]));
    engine.observe(sample(START + 10.0, all(&["b", "c"])));
    assert_eq!((names(&engine.report()), engine.report().dropped), (vec!["a".into(), "b".into()], 1));
    engine.observe(sample(START + 800.0, all(&["c", "d"])));
    assert_eq!(names(&engine.report()), ["a", "c"], "b is gone, and was never killed");
    engine.observe(sample(START + 1000.0, all(&["c", "d"])));
    assert_eq!(names(&engine.report()), ["c", "d"], "it does not come back");
}

#[test]
fn the_levels_of_one_that_is_gone_are_absent_at_once_and_the_rest_after_the_time_to_forget() {
    let mut engine = Engine::new(Settings { forget_after_seconds: 900.0, ..Settings::default() });
    engine.observe(sample(START, all(&["a", "b"])));
    engine.observe(sample(START + 5.0, all(&["b"])));
    assert!(named(&engine, "a").expect("not yet forgotten").present.is_none());
    assert!(named(&engine, "b").unwrap().present.is_some());
    engine.observe(sample(START + 900.0, all(&["b"])));
    assert_eq!(names(&engine.report()), ["a", "b"]);
    engine.observe(sample(START + 901.0, all(&["b"])));
    assert_eq!(names(&engine.report()), ["b"]);
}

#[test]
fn kill_counters_of_one_that_is_gone_stay_for_seven_days() {
    let mut engine = Engine::new(Settings::default());
    engine.observe(sample(START, vec![counted(app("a", MIB), 1, 0)]));
    engine.observe(sample(START + 5.0, vec![counted(app("a", MIB), 1, 2)]));
    for (after, kills) in [(HOUR, Some(2)), (6.0 * DAY, Some(2)), (7.0 * DAY - 1.0, Some(2)), (7.0 * DAY + 1.0, None)] {
        engine.observe(sample(START + 5.0 + after, Vec::new()));
        assert_eq!(
            named(&engine, "a").map(|app| app.totals.kills[Scope::Own.index()]),
            kills,
            "{after} s after it went"
        );
    }
}

#[test]
fn one_asked_for_and_missing_is_told_absent_for_as_long_as_it_is_missing_and_keeps_its_counters() {
    let mut engine = Engine::new(Settings { forget_after_seconds: 900.0, ..Settings::default() });
    let missing = |at: f64| Sample { missing: vec![identity("a")], ..sample(at, Vec::new()) };
    engine.observe(missing(START));
    let app_report = only(&engine);
    assert!(app_report.present.is_none());
    assert_eq!((app_report.totals.kills, app_report.restarts), ([0; 5], [0; 3]));
    engine.observe(sample(START + 5.0, all(&["a"])));
    engine.observe(sample(START + 10.0, vec![alive_since(app("a", MIB), 900)]));
    assert!(only(&engine).present.is_some());
    for after in [15.0, 899.0, HOUR, DAY, 30.0 * DAY] {
        engine.observe(missing(START + after));
        let app = only(&engine);
        assert!(app.present.is_none());
        assert_eq!(app.restarts, [0, 0, 1], "{after} s after the first sample");
    }
}

#[test]
fn a_gap_of_hours_in_the_samples_is_no_end_of_what_is_there_before_and_after() {
    let mut engine = Engine::new(Settings::default());
    let second = |since: f64| counted(alive_since(leak(since), 900), 1, 0);
    engine.observe(sample(START, vec![counted(leak(0.0), 1, 0)]));
    feed(&mut engine, STEP, HOUR, second);
    // The machine slept: the boot clock counts that.
    engine.observe(sample(START + 9.0 * HOUR, vec![counted(alive_since(leak(HOUR), 900), 1, 1)]));
    let app = only(&engine);
    assert_eq!((app.restarts, app.totals.kills), ([0, 1, 0], [1, 0, 0, 0, 0]), "a kill in the gap counts");
}

#[test]
fn after_a_gap_the_slope_is_that_of_what_was_seen_and_never_of_zeros() {
    let mut engine = Engine::new(Settings { forget_after_seconds: 100.0 * DAY, ..Settings::default() });
    feed(&mut engine, 0.0, HOUR, |_| app("a", 500 * MIB));
    feed(&mut engine, 9.0 * HOUR, 10.0 * HOUR, |_| app("a", 500 * MIB));
    let steady = only(&engine);
    assert_eq!(steady.verdict, Verdict::Steady);
    assert!(present(&steady).slopes.iter().flatten().all(|slope| slope.rate.0 == 0.0 && slope.upper.0 == 0.0));
}

#[test]
fn time_that_goes_back_does_no_harm() {
    let mut engine = Engine::new(Settings::default());
    feed(&mut engine, 0.0, HOUR, leak);
    let grown = only(&engine);
    for back in [HOUR - 300.0, 0.0, -4000.0] {
        feed(&mut engine, back, back + 60.0, |_| leak(HOUR));
        assert_eq!(only(&engine).restarts, grown.restarts, "no life ends by it");
    }
    feed(&mut engine, HOUR, 2.0 * HOUR, leak);
    let again = only(&engine);
    assert_eq!(again.verdict, Verdict::Growing);
    let slope = present(&again).slopes[0].unwrap();
    assert!((slope.rate.0 - count_as_f64(RATE)).abs() < 0.05 * count_as_f64(RATE), "{slope:?}");
}

#[test]
fn limits_of_nothing_and_amounts_of_all_that_can_be_written_give_numbers() {
    for (limit, heap) in [(0, 0), (0, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX), (1, MIB)] {
        let mut engine = Engine::new(Settings::default());
        feed(&mut engine, 0.0, HOUR, |since| {
            let grown = heap.saturating_add(whole(since) * RATE);
            below(app("a", grown), LimitSource::Own, limit, grown)
        });
        let app = only(&engine);
        assert!(present(&app).time_to_limit.is_none_or(|time| time.expected >= 0.0), "{app:?}");
    }
}

#[test]
fn windows_are_named_by_the_duration_that_they_are() {
    for (block_seconds, expected) in
        [(60.0, ["15m", "1h", "4h", "16h", "64h"]), (1.0, ["15s", "1m", "4m", "16m", "64m"])]
    {
        let engine = Engine::new(Settings { block_seconds, ..Settings::default() });
        assert_eq!(*engine.report().windows, expected, "blocks of {block_seconds} s");
    }
}
