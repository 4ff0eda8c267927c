//! Applications that are made up, and two days of their past in an engine: every verdict, kills, one that is gone.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::sample::{
    About, Basis, ByKind, Ceiling, CgroupCounters, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory,
    Observation, Population, Sample,
};
use memtrend::units::{Bytes, Clock, Moment, Timestamp, whole};
use std::sync::Arc;

const MIB: f64 = 1_048_576.0;
const HOUR: f64 = 3600.0;
const STEP: f64 = 30.0;

/// How long they have been watched; and the moment of the page: 28 November 2026, 03:02:10 UTC.
const SPAN: f64 = 56.0 * HOUR;
const NOW: f64 = 1_795_834_930.0;

/// What one of them is like at a time, in seconds since the begin; `None` while it is not there.
struct Story {
    name: &'static str,
    namespace: Option<&'static str>,
    runtime: &'static str,
    limit: Option<f64>,
    at: fn(f64) -> Option<State>,
}

struct State {
    heap: f64,
    version: &'static str,
    /// When its life began.
    born: f64,
    kills: u64,
    /// Work a second.
    load: f64,
}

/// Hours before the moment of the page.
fn before(hours: f64) -> f64 {
    SPAN - hours * HOUR
}

fn steady(heap: f64) -> Option<State> {
    Some(State { heap, version: "1.8.3", born: -HOUR, kills: 0, load: 0.4 })
}

/// Flat in 2.4.0, leaks in 2.4.1.
fn checkout(at: f64) -> Option<State> {
    let deployed = before(12.95);
    let (version, born) = if at < deployed { ("2.4.0", -HOUR) } else { ("2.4.1", deployed) };
    let leaked = (at - deployed - 700.0).max(0.0) * 46.5 * MIB / HOUR;
    let heap = 292.0 * MIB + leaked + 20.0 * MIB * (at / 47.0).fract();
    Some(State { heap, version, born, kills: 0, load: 0.6 })
}

/// Leaks, is killed at its limit and begins again: two kills in the last six hours.
fn inventory(at: f64) -> Option<State> {
    let lives = [(-1.0, 30.0), (30.0, 6.1), (6.1, 2.9), (2.9, -1.0)];
    let number = lives.iter().position(|(_, end)| at < before(*end))?;
    let born = if number == 0 { -HOUR } else { before(lives[number].0) + 60.0 };
    let rate = [0.0, 36.0, 265.0, 250.0][number];
    let heap = (170.0 * MIB + (at - born) * rate * MIB / HOUR).min(1023.0 * MIB);
    let version = if number == 0 { "7.1.0" } else { "7.2.0" };
    (at >= born).then_some(State { heap, version, born, kills: number.saturating_sub(1) as u64, load: 0.3 })
}

/// Grows with its load.
fn search(at: f64) -> Option<State> {
    let risen = (at - before(5.0)).max(0.0) / HOUR;
    let load = 0.5 + 0.2 * risen;
    Some(State { heap: 700.0 * MIB + 150.0 * MIB * risen, version: "5.0.2", born: -HOUR, kills: 0, load })
}

const STORIES: [Story; 10] = [
    Story { name: "checkout", namespace: Some("shop"), runtime: "go", limit: Some(1024.0), at: checkout },
    Story { name: "inventory", namespace: Some("shop"), runtime: "python", limit: Some(1024.0), at: inventory },
    Story { name: "search", namespace: Some("shop"), runtime: "go", limit: Some(4096.0), at: search },
    Story {
        name: "gateway",
        namespace: Some("edge"),
        runtime: "node",
        limit: Some(512.0),
        at: |at| steady((120.0 + 90.0 * (at / 330.0).fract()) * MIB),
    },
    Story {
        name: "session-store",
        namespace: Some("shop"),
        runtime: "",
        limit: Some(768.0),
        at: |at| steady((704.0 + 3.0 * (at / 5000.0).sin()) * MIB),
    },
    Story {
        name: "recommender",
        namespace: Some("shop"),
        runtime: "jvm",
        limit: Some(2048.0),
        at: |at| steady((900.0 + 500.0 * (at / 400.0).fract()) * MIB),
    },
    Story {
        name: "postgresql",
        namespace: None,
        runtime: "",
        limit: None,
        at: |at| steady((410.0 + 6.0 * (at / 7000.0).cos()) * MIB),
    },
    Story {
        name: "billing",
        namespace: Some("finance"),
        runtime: "python",
        limit: Some(512.0),
        at: |at| {
            (at >= before(0.08)).then_some(State {
                heap: 60.0 * MIB,
                version: "3.0.0",
                born: before(0.08),
                kills: 0,
                load: 0.1,
            })
        },
    },
    Story {
        name: "mailer",
        namespace: Some("shop"),
        runtime: "python",
        limit: Some(256.0),
        at: |at| {
            (at < before(0.12)).then(|| State { kills: u64::from(at > before(0.2)), ..steady(120.0 * MIB).unwrap() })
        },
    },
    Story {
        name: "report-generator",
        namespace: Some("finance"),
        runtime: "jvm",
        limit: Some(3072.0),
        at: |at| steady((1200.0 + if at > before(20.0) { 300.0 } else { 0.0 }) * MIB),
    },
];

/// An engine that has watched them.
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new(Settings::default());
    let mut work = [0.0; STORIES.len()];
    let mut at = 0.0;
    while at <= SPAN {
        let seen = STORIES.iter().zip(&mut work).filter_map(|(story, work)| observation(story, at, work));
        let clock = Clock { moment: Moment(at), wall: Timestamp(NOW - SPAN + at) };
        engine.observe(Sample { clock, applications: seen.collect(), ..Sample::default() });
        at += STEP;
    }
    engine
}

fn observation(story: &Story, at: f64, work: &mut f64) -> Option<Observation> {
    let state = (story.at)(at)?;
    *work += state.load * STEP;
    let mut by_kind = ByKind::default();
    let all = [
        (Kind::Anon, state.heap),
        (Kind::File, 38.0 * MIB),
        (Kind::Shmem, 0.0),
        (Kind::Sock, 0.2 * MIB),
        (Kind::PageTables, 3.0 * MIB),
    ];
    all.into_iter().for_each(|(kind, bytes)| by_kind.set(kind, Bytes(whole(bytes))));
    let used = by_kind.resident_unreclaimable();
    let (source, limit) = story.limit.map_or((LimitSource::Node, 32_768.0), |limit| (LimitSource::Own, limit));
    let used = if source == LimitSource::Node { Bytes(whole(17_000.0 * MIB)) } else { used };
    let ceiling = Ceiling { source, limit: Bytes(whole(limit * MIB)), used, swap_included: false };
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let kind = if story.namespace.is_some() { "server" } else { "" };
    Some(Observation {
        identity: Arc::new(Identity {
            application: story.name.into(),
            namespace: story.namespace.map(Into::into),
            pod: story.namespace.map(|_| format!("{}-6d4b75cb6d-x7k2p", story.name).into()),
            container: text(kind),
        }),
        about: Arc::new(About { version: text(state.version), runtime: text(story.runtime), image: None }),
        lifetime: Lifetime { pid: 100, start_ticks: whole(state.born + HOUR) },
        started: Timestamp(NOW - SPAN + state.born),
        age_seconds: at - state.born,
        memory: Some(Memory { by_kind, basis: Basis::CgroupV2, ceiling: Some(ceiling) }),
        live_heap: None,
        load: LoadCounters { requests: None, cpu_seconds: Some(*work) },
        counters: Some(CgroupCounters {
            incarnation: 1,
            oom_kills: Some(state.kills),
            own_limit_hits: Some(state.kills),
            limit_hits_above: Some(0),
            events: [Some(0), Some(0), Some(state.kills * 12), Some(state.kills), Some(0)],
            pressure_microseconds: Some([state.kills * 2_100_000, state.kills * 1_400_000]),
            ..CgroupCounters::default()
        }),
        population: Population { processes: 1, threads: Some(12), open_fds: Some(60), max_fds: Some(1024) },
    })
}
