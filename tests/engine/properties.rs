//! Whatever is seen, in whatever order: what an engine's reports never do.

use super::*;
use memtrend::analysis::oom::KillSource;
use proptest::prelude::*;

fn any_counters() -> impl Strategy<Value = CgroupCounters> {
    let count = || prop::option::weighted(0.9, prop_oneof![0..6_u64, Just(u64::MAX)]);
    (0..3_u64, count(), count(), prop::array::uniform5(count()), prop::option::of(prop::array::uniform2(0..9_u64)))
        .prop_map(|(incarnation, oom_kills, own_limit_hits, events, pressure_microseconds)| CgroupCounters {
            incarnation,
            oom_kills,
            own_limit_hits,
            events,
            pressure_microseconds,
            ..CgroupCounters::default()
        })
}

fn any_app() -> impl Strategy<Value = Observation> {
    let amount = || prop_oneof![Just(0), 1..500 * MIB, Just(u64::MAX)];
    let name = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let source = prop::sample::select(LimitSource::ALL);
    let parts = (name, amount(), amount(), source, 0..3_u64, prop::option::of(any_counters()), 0..8_u8);
    parts.prop_map(|(name, heap, limit, source, life, counters, state)| {
        let app = Observation { counters, ..alive_since(below(app(name, heap), source, limit, heap), life) };
        if state == 0 { lingering(app) } else { app }
    })
}

/// Seconds to the next sample, applications seen, one that is missing, kills of the node.
type Step = (f64, Vec<Observation>, Option<&'static str>, Option<u64>);

fn any_step() -> impl Strategy<Value = Step> {
    let ahead = prop::sample::select(vec![5.0, 5.0, 5.0, 60.0, 0.0, -30.0, 300.0, 2.0 * HOUR, 8.0 * DAY]);
    let apps = prop::collection::vec(any_app(), 0..5);
    (ahead, apps, prop::option::weighted(0.2, Just("a")), prop::option::of(0..9_u64))
}

/// What is reported after each step to at most three applications.
fn walk(steps: Vec<Step>) -> Vec<Report> {
    let mut engine = Engine::new(Settings { maximum_applications: 3, ..Settings::default() });
    let mut at = START;
    let observed = steps.into_iter().map(|(ahead, apps, missing, node_oom_kills)| {
        at += ahead;
        let missing = missing.map(identity).into_iter().collect();
        engine.observe(Sample { missing, node_oom_kills, ..sample(at, apps) });
        engine.report()
    });
    observed.collect()
}

/// All counters of an application.
fn counters(app: &ApplicationReport) -> Vec<u64> {
    let optional =
        app.totals.events.iter().copied().chain(app.totals.pressure_microseconds.into_iter().flatten().map(Some));
    app.totals.kills.iter().chain(&app.restarts).copied().chain(optional.map(Option::unwrap_or_default)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_seen_no_number_is_nan_and_there_are_never_too_many(
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        for report in walk(steps) {
            assert_finite(&report);
            prop_assert!(report.applications.len() <= 3);
        }
    }

    #[test]
    fn whatever_is_seen_no_counter_goes_down(steps in prop::collection::vec(any_step(), 1..40)) {
        for pair in walk(steps).windows(2) {
            let (before, now) = (&pair[0], &pair[1]);
            for app in &now.applications {
                let same = before.applications.iter().find(|other| other.identity == app.identity);
                let earlier = same.map(counters).unwrap_or_default();
                let goes_on = counters(app).into_iter().zip(&earlier).all(|(now, before)| now >= *before);
                prop_assert!(goes_on, "{same:?}\nbecame\n{app:?}");
            }
            let seen = |report: &Report| KillSource::ALL.iter().map(|source| report.kills.node.seen_by(*source)).collect::<Vec<_>>();
            prop_assert!(seen(now).iter().zip(seen(before)).all(|(now, before)| *now >= before));
            prop_assert!(now.kills.node.unattributed() >= before.kills.node.unattributed());
        }
    }
}
