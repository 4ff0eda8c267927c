//! The same samples live and replayed: the engine that `serve` calls each pass, and the replay that `analyze` calls each
//! row, say the same at every one of them.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::report::ApplicationReport;
use memtrend::analysis::sample::{
    About, Basis, ByKind, Ceiling, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation,
    Population, Sample,
};
use memtrend::analysis::verdict::Verdict;
use memtrend::trace::{Replay, Row};
use memtrend::units::{Bytes, Clock, Moment, Timestamp, whole};
use std::collections::BTreeSet;
use std::sync::Arc;

const MIB: f64 = 1_048_576.0;
const HOUR: f64 = 3600.0;
const STEP: f64 = 30.0;
/// Of the machine, on the clock of the rows.
const BOOT: f64 = -7200.0;

/// A row at `at` of a life that began at `start`, without what most rows lack.
fn row(at: f64, start: f64, heap: f64) -> Row {
    Row {
        timestamp_seconds: at,
        heap: Bytes(whole(heap)),
        limit: Some(Bytes(whole(2048.0 * MIB))),
        live_heap: None,
        load: LoadCounters { requests: Some((at - start) * 20.0), cpu_seconds: None },
        start_seconds: Some(start),
        oom_kills: None,
        about: Arc::default(),
    }
}

/// Rows from `from` to `to` of one life that began at `from`; `heap` is by the age in seconds.
fn life(from: f64, to: f64, heap: impl Fn(f64) -> f64) -> Vec<Row> {
    let count = whole((to - from) / STEP);
    (0..count).map(|step| from + STEP * Bytes(step).as_f64()).map(|at| row(at, from, heap(at - from))).collect()
}

/// A collector's saw of a tenth of the level.
fn saw(age: f64) -> f64 {
    20.0 * MIB * (age / 170.0).fract()
}

fn leak(age: f64) -> f64 {
    200.0 * MIB + 9000.0 * age + saw(age)
}

fn flat(age: f64) -> f64 {
    200.0 * MIB + saw(age)
}

/// What `serve` would have seen: another clock, memory by kinds, a limit of the own cgroup, real pids.
fn observation(row: &Row) -> Observation {
    let mut by_kind = ByKind::default();
    by_kind.set(Kind::Anon, Bytes(row.heap.0 - row.heap.0 / 4));
    by_kind.set(Kind::Swap, Bytes(row.heap.0 / 4));
    by_kind.set(Kind::File, Bytes(77 << 20));
    let ceiling =
        row.limit.map(|limit| Ceiling { source: LimitSource::Own, limit, used: row.heap, swap_included: true });
    let start = row.start_seconds.unwrap_or(0.0);
    Observation {
        identity: Arc::new(Identity { application: "a".into(), namespace: None, pod: None, container: None }),
        about: Arc::clone(&row.about),
        lifetime: Lifetime { pid: 4000, start_ticks: whole((start - BOOT) * 100.0) },
        started: Timestamp(start),
        age_seconds: row.start_seconds.map_or(f64::INFINITY, |start| row.timestamp_seconds - start),
        memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling }),
        live_heap: row.live_heap,
        load: row.load,
        counters: None,
        population: Population { processes: 3, ..Population::default() },
    }
}

fn sample(at: f64, applications: Vec<Observation>) -> Sample {
    let clock = Clock { moment: Moment(at - BOOT), wall: Timestamp(at) };
    Sample { clock, applications, ..Sample::default() }
}

/// What must be the same.
fn told(report: &ApplicationReport) -> String {
    let present = report.present.as_ref().unwrap();
    format!(
        "{:?}, {}; since {:?}, lives {}, floor {:?}, slopes {:?}, limit in {:?}, gain {:?}, {:?}",
        report.verdict,
        report.evidence,
        report.onset.map(|onset| whole(onset.0.round())),
        report.leak_lifetimes,
        present.floor,
        present.slopes,
        present.time_to_limit,
        present.restart_gain_seconds,
        report.origin.as_ref().map(ToString::to_string),
    )
}

/// Passes that do not find the application, each 30 s while no row is there for at most ten minutes.
fn absent(engine: &mut Engine, from: f64, to: f64) {
    let mut at = from + STEP;
    while at < to && to - from <= 600.0 {
        engine.observe(sample(at, Vec::new()));
        at += STEP;
    }
}

/// Compares at every row; which verdicts there were.
fn verdicts_of_both(what: &str, rows: &[Row]) -> BTreeSet<&'static str> {
    let mut engine = Engine::new(Settings::default());
    let mut replay: Option<Replay> = None;
    let mut before = rows[0].timestamp_seconds;
    let mut verdicts = BTreeSet::new();
    for row in rows {
        let at = row.timestamp_seconds;
        absent(&mut engine, before, at);
        before = at;
        engine.observe(sample(at, vec![observation(row)]));
        match &mut replay {
            Some(replay) => replay.push(row),
            None => replay = Some(Replay::new(row)),
        }
        let (live, replayed) = (&engine.report().applications[0], replay.as_ref().unwrap().report());
        assert_eq!(told(live), told(&replayed), "{what}: live and replayed, {at} s");
        verdicts.insert(live.verdict.name());
    }
    let outcome = replay.unwrap().outcome();
    let changed: BTreeSet<_> = outcome.transitions.iter().map(|change| change.verdict.name()).collect();
    assert_eq!(changed, verdicts, "{what}: the transitions tell the verdicts");
    verdicts
}

fn must_have(what: &str, rows: &[Row], verdicts: &[Verdict]) {
    let seen = verdicts_of_both(what, rows);
    for verdict in verdicts {
        assert!(seen.contains(verdict.name()), "{what} was never {}: {seen:?}", verdict.name());
    }
}

#[test]
fn a_leak_and_a_warm_up_come_out_the_same() {
    use Verdict::{Growing, Leaking, Learning, Steady};
    must_have("a leak", &life(0.0, 12.0 * HOUR, leak), &[Learning, Growing, Leaking]);
    let warm_up = |age: f64| 200.0 * MIB + 600.0 * MIB * (1.0 - (-age / HOUR).exp()) + saw(age);
    must_have("a warm-up", &life(0.0, 24.0 * HOUR, warm_up), &[Growing, Steady]);
    let mut unknown = life(0.0, 30.0 * HOUR, leak);
    unknown.iter_mut().for_each(|row| (row.limit, row.load, row.start_seconds) = (None, LoadCounters::default(), None));
    must_have("a leak of which little is known", &unknown, &[Growing, Leaking]);
}

#[test]
fn restarts_and_versions_come_out_the_same() {
    use Verdict::{Leaking, Steady};
    let until_the_limit = |age: f64| (200.0 * MIB + 60_000.0 * age).min(2048.0 * MIB);
    let lives = (0..4_u32).map(|number| f64::from(number) * 33_000.0);
    let rows: Vec<Row> = lives.flat_map(|from| life(from, from + 32_700.0, until_the_limit)).collect();
    must_have("restarts at the limit, with minutes of absence", &rows, &[Leaking]);
    let version = |mut rows: Vec<Row>, version: &str| {
        let about = Arc::new(About { version: Some(version.into()), ..About::default() });
        rows.iter_mut().for_each(|row| row.about = Arc::clone(&about));
        rows
    };
    let rows = [
        version(life(0.0, 4.0 * HOUR, flat), "1"),
        version(life(4.0 * HOUR, 14.0 * HOUR, leak), "2"),
        version(life(14.0 * HOUR, 18.0 * HOUR, flat), "1"),
    ];
    must_have("a deploy and its revert", &rows.concat(), &[Steady, Leaking]);
}

#[test]
fn load_and_live_heap_come_out_the_same() {
    use Verdict::{Growing, Leaking, Steady};
    let mut loaded = life(0.0, 20.0 * HOUR, flat);
    let mut requests = 0.0;
    for row in &mut loaded {
        let rate = 20.0 + 15.0 * (row.timestamp_seconds / 6.0 / HOUR).sin();
        requests += rate * STEP;
        row.load = LoadCounters { requests: None, cpu_seconds: Some(requests) };
        row.heap = Bytes(row.heap.0 + whole(rate * 8.0 * MIB));
    }
    must_have("memory that goes with the load", &loaded, &[Growing, Steady]);
    let mut live = life(0.0, 12.0 * HOUR, |_| 900.0 * MIB);
    for row in &mut live {
        let age = row.timestamp_seconds;
        row.live_heap = (age > HOUR).then(|| Bytes(whole(100.0 * MIB + 9000.0 * age)));
        row.about = Arc::new(About { runtime: Some("jvm".into()), ..About::default() });
    }
    must_have("a leak in the live heap alone", &live, &[Steady, Leaking]);
}

#[test]
fn gaps_and_limits_that_change_come_out_the_same() {
    use Verdict::{Growing, Leaking, Steady};
    let all = life(0.0, 30.0 * HOUR, leak);
    let is_seen = |row: &&Row| {
        let hours = row.timestamp_seconds / HOUR;
        let is_in_a_gap = (3.0..3.1).contains(&hours) || (8.0..11.0).contains(&hours) || (15.0..27.0).contains(&hours);
        !is_in_a_gap
    };
    let gaps: Vec<Row> = all.iter().filter(is_seen).cloned().collect();
    must_have("a leak with gaps of minutes and hours", &gaps, &[Growing, Leaking]);
    let mut changing = life(0.0, 6.0 * HOUR, leak);
    for (number, row) in changing.iter_mut().enumerate() {
        let limits = [Some(Bytes(1)), None, Some(Bytes(u64::MAX)), Some(row.heap)];
        row.limit = limits[number % 4];
    }
    must_have("another limit at each row", &changing, &[Growing]);
    let quiet = [life(0.0, 12.0 * HOUR, leak), life(12.0 * HOUR, 40.0 * HOUR, flat)].concat();
    must_have("a leak that is cleared", &quiet, &[Leaking, Steady]);
}
