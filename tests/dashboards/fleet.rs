//! Fifty made applications, as traces: most are steady, some leak, some are killed for it again and again.

use crate::incident::series::{FIRST_DAY, HOUR, MIB, at, noise};
use memtrend::units::whole;
use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Seconds between rows.
const STEP: f64 = 30.0;

/// How many there are.
pub(super) const COUNT: u32 = 50;

const NAMES: [&str; 10] =
    ["cart", "search", "payments", "catalogue", "login", "mail", "images", "prices", "stock", "recommender"];

/// Writes the trace of each into a folder, from the noon of the deploy's day to `end`.
pub(super) fn write(folder: &Path, end: f64) {
    for number in 0..COUNT {
        let name = NAMES[(number % 10) as usize];
        let name = if number < 10 { name.to_owned() } else { format!("{name}-{}", number / 10) };
        fs::write(folder.join(format!("{name}.csv")), trace(number, end)).unwrap();
    }
}

fn trace(number: u32, end: f64) -> String {
    let seed = f64::from(number);
    let base = (200.0 + 37.0 * f64::from(number % 17)) * MIB;
    let limit = base * (2.0 + f64::from(number % 5) / 2.0);
    // Bytes an hour: every seventh leaks, slowly or fast.
    let leak = if number % 7 == 3 { (20.0 + 15.0 * f64::from(number % 13)) * MIB } else { 0.0 };
    let leak = if number == 31 { limit } else { leak };
    let mut text = String::from(
        "timestamp_seconds,heap_bytes,limit_bytes,requests_total,start_time_seconds,oom_kills_total,version\n",
    );
    let (mut start, mut kills, mut requests, mut time) = (at(12.0, 0.0) + seed, 0, 0.0, at(12.0, 0.0) + seed);
    while time < end {
        let load =
            100.0 * (2.0 + ((time / (24.0 * HOUR) - 20.0 / 24.0) * TAU).cos()) * (1.0 + 0.1 * noise(time + seed));
        requests += load * STEP;
        let age = time - start;
        let heap = base * (1.0 - 0.3 * (-age / 60.0).exp())
            + leak * age / HOUR
            + 0.05 * base * (age / (40.0 + seed)).fract()
            + 0.01 * base * noise(time * 3.0 + seed)
            + 10_000.0 * load;
        let is_killed = heap >= limit;
        kills += u32::from(is_killed);
        writeln!(
            text,
            "{},{},{},{},{},{kills},1.{}",
            FIRST_DAY + time,
            whole(heap.min(limit)),
            whole(limit),
            whole(requests),
            FIRST_DAY + start,
            number % 4
        )
        .unwrap();
        time += STEP;
        if is_killed {
            start = time;
        }
    }
    text
}
