//! The series itself.

use memtrend::analysis::sample::{About, LoadCounters};
use memtrend::trace::Row;
use memtrend::units::{Bytes, whole};
use std::f64::consts::TAU;
use std::fmt::Write;
use std::sync::Arc;

pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 24.0 * HOUR;
pub(crate) const MIB: f64 = 1_048_576.0;
pub(crate) const STEP: f64 = 15.0;
pub(crate) const LIMIT: f64 = 4096.0 * MIB;

/// Days before the one of the deploy.
pub(crate) const CALM_DAYS: f64 = 3.0;

/// A time of the day of the deploy in seconds; times after midnight are over 24 h.
pub(crate) fn at(hours: f64, minutes: f64) -> f64 {
    CALM_DAYS * DAY + hours * HOUR + minutes * 60.0
}

/// Requests a second: a day's wave with its peak at 20:00, and noise.
fn load(time: f64) -> f64 {
    let wave = 300.0 + 150.0 * ((time / DAY - 20.0 / 24.0) * TAU).cos();
    wave * (1.0 + 0.1 * noise(time))
}

/// Between -1 and 1, the same at each run.
pub(crate) fn noise(time: f64) -> f64 {
    let mixed = (whole(time).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5bd1_e995)
        .rotate_left(31)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f64::from(u32::try_from(mixed >> 33).unwrap_or_default()) / f64::from(1_u32 << 30) - 1.0
}

/// One life of the application.
pub(crate) struct Life {
    pub(crate) from: f64,
    pub(crate) to: f64,
    version: &'static str,
    /// Bytes that each request leaves behind.
    leak: f64,
    /// Whether the kernel ends it.
    pub(crate) is_killed: bool,
}

/// The story. The limit is hit at 02:00; the service is down until it is restarted at 02:30. After that the
/// keys that all clients ask for at once fill the cache faster: it dies each 66 min or so.
pub(crate) fn lives() -> Vec<Life> {
    let mut lives = vec![
        Life { from: 0.0, to: at(14.0, 4.0), version: "2.4.0", leak: 0.0, is_killed: false },
        Life { from: at(14.0, 5.0), to: at(26.0, 0.0), version: "2.4.1", leak: 171.0, is_killed: true },
    ];
    let mut from = at(26.0, 30.0);
    while from < at(30.0, 29.0) {
        let to = (from + 66.0 * 60.0).min(at(30.0, 29.0));
        let is_killed = to < at(30.0, 29.0);
        lives.push(Life { from, to, version: "2.4.1", leak: 3300.0, is_killed });
        from = to + 60.0;
    }
    lives.push(Life { from: at(30.0, 30.0), to: at(38.0, 0.0), version: "2.4.0", leak: 0.0, is_killed: false });
    lives
}

/// All rows; without versions as a recording has that knows none.
pub(crate) fn rows(with_versions: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut kills = 0;
    for life in lives() {
        let version = with_versions.then(|| life.version.into());
        let about = Arc::new(About { version, ..About::default() });
        let (mut time, mut leaked, mut requests) = (life.from, 0.0, 0.0);
        while time < life.to {
            let age = time - life.from;
            requests += load(time) * STEP;
            leaked += life.leak * load(time) * STEP;
            let started = 1000.0 * MIB * (1.0 - (-age / 120.0).exp());
            let in_flight = 0.25 * MIB * load(time);
            let saw = 60.0 * MIB * (age / 40.0).fract();
            let heap = 200.0 * MIB + started + in_flight + saw + leaked + 4.0 * MIB * noise(time + 7.0);
            rows.push(Row {
                timestamp_seconds: time,
                heap: Bytes(whole(heap.min(LIMIT))),
                limit: Some(Bytes(whole(LIMIT))),
                live_heap: None,
                load: LoadCounters { requests: Some(requests), cpu_seconds: None },
                start_seconds: Some(life.from),
                oom_kills: Some(kills + u64::from(life.is_killed && time + STEP >= life.to)),
                about: Arc::clone(&about),
            });
            time += STEP;
            if time >= life.to && life.is_killed {
                kills += 1;
            }
        }
    }
    rows
}

pub(crate) fn clock(time: f64) -> String {
    let minutes = whole((time / 60.0).round()) % (24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The first day in Unix seconds: a Monday, so that the deploy is on a Thursday.
pub(crate) const FIRST_DAY: f64 = 1_772_409_600.0;

/// All rows as a trace file.
pub(crate) fn csv() -> String {
    let mut text = String::from(
        "timestamp_seconds,heap_bytes,limit_bytes,requests_total,start_time_seconds,oom_kills_total,version\n",
    );
    for row in rows(true) {
        let (at, start) = (FIRST_DAY + row.timestamp_seconds, FIRST_DAY + row.start_seconds.unwrap());
        let (limit, requests, kills) = (row.limit.unwrap().0, row.load.requests.unwrap(), row.oom_kills.unwrap());
        let version = row.about.version.as_deref().unwrap();
        writeln!(text, "{at},{},{limit},{requests},{start},{kills},{version}", row.heap.0).unwrap();
    }
    text
}
