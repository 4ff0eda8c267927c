//! What one sample of one application costs, from a line of a trace to the verdict, sampled every five seconds as `serve`
//! does: parsing, judging and both apart, in CPU time of this thread, which others on the machine do not lengthen.

use crate::table::Table;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use memtrend::analysis::sample::{
    About, Basis, ByKind, Ceiling, Identity, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation, Population,
};
use memtrend::analysis::watch::Watch;
use memtrend::trace::{Replay, Row, Rows};
use memtrend::units::{Bytes, Moment, Timestamp};
use std::fmt::Write as _;
use std::io::{BufReader, Write as _, copy, sink};
use std::sync::Arc;

/// Samples of a week.
const SAMPLES: u64 = 7 * 86_400 / 5;

/// How often one measurement does its work: where the kernel counts ticks of 4 ms, that is a hundredth of it.
const TIMES: u64 = 15;

/// Five million samples a second and core.
const MOST_OF_AN_ANALYSIS: f64 = 200.0;

const MOST_OF_A_WATCH: f64 = 1000.0;

/// Bytes of the heap after so many seconds, with noise of 0 to 1.
type Heap = fn(f64, f64) -> f64;

/// What most windows show, the least to do; growth, which is looked at more closely; and growth that is cut back, which
/// passes some tests again and again.
const SERIES: [(&str, Heap); 4] = [
    ("flat under noise", |_, noise| 2e8 + 2e7 * noise),
    ("a leak under noise", |at, noise| 2e8 + 300.0 * at + 3e7 * noise),
    ("a day's rhythm", |at, noise| 3e8 + 1e8 * (at / 86_400.0 * std::f64::consts::TAU).sin() + 1e7 * noise),
    ("a saw of half an hour", |at, noise| 2e8 + 3e4 * (at % 1700.0) + 1e6 * noise),
];

pub(crate) fn measure(table: &mut Table, repetitions: usize) {
    for (name, heap) in SERIES {
        let text = trace(heap);
        let packed = packed(&text);
        let rows = parsed(&text);
        let mut row = |of: &str, target, work: &mut dyn FnMut()| {
            let once = |_| nanoseconds(&mut *work) / (SAMPLES * TIMES) as f64;
            let times: Vec<f64> = (0..repetitions).map(once).collect();
            table.row("CPU time of a sample", name, of, times, "ns", target);
        };
        row("parsing CSV", None, &mut || parse(&text));
        row("unpacking gzip", None, &mut || unpack(&packed));
        row("Replay::push", None, &mut || replay(&rows));
        row("both, as analyze", Some(MOST_OF_AN_ANALYSIS), &mut || analyze(&text));
        row("Watch::observe, 4 kinds", Some(MOST_OF_A_WATCH), &mut || watch(heap));
    }
}

fn trace(heap: Heap) -> Vec<u8> {
    let mut text = "timestamp_seconds,heap_bytes,limit_bytes,requests_total,start_time_seconds,version\n".to_owned();
    for number in 0..SAMPLES {
        let (at, heap) = (number * 5, amount(heap, number));
        let requests = number * 250;
        writeln!(text, "{},{heap},8589934592,{requests},1700000000,2.4.0", 1_700_000_000 + at).unwrap();
    }
    text.into_bytes()
}

fn amount(heap: Heap, number: u64) -> u64 {
    let noise = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1_u64 << 24) as f64;
    heap((number * 5) as f64, noise) as u64
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn parsed(text: &[u8]) -> Vec<Row> {
    let mut rows = Rows::new(text).unwrap();
    std::iter::from_fn(|| rows.next_row().unwrap().cloned()).collect()
}

fn parse(text: &[u8]) {
    let mut rows = Rows::new(text).unwrap();
    let mut heap = 0;
    while let Some(row) = rows.next_row().unwrap() {
        heap ^= row.heap.0;
    }
    std::hint::black_box(heap);
}

fn unpack(packed: &[u8]) {
    copy(&mut BufReader::with_capacity(1 << 16, MultiGzDecoder::new(packed)), &mut sink()).unwrap();
}

fn replay(rows: &[Row]) {
    let mut replay = Replay::new(&rows[0]);
    rows[1..].iter().for_each(|row| replay.push(row));
    assert_eq!(replay.outcome().samples, SAMPLES);
}

/// As `memtrend analyze` does: through a buffer of 64 KiB.
fn analyze(text: &[u8]) {
    let mut rows = Rows::new(BufReader::with_capacity(1 << 16, text)).unwrap();
    let mut replay = Replay::new(rows.next_row().unwrap().unwrap());
    while let Some(row) = rows.next_row().unwrap() {
        replay.push(row);
    }
    assert_eq!(replay.outcome().samples, SAMPLES);
}

/// One application as `serve` sees it, without the reading.
fn watch(heap: Heap) {
    let identity = Arc::new(Identity { application: "a".into(), namespace: None, pod: None, container: None });
    let mut watch = Watch::new(Arc::clone(&identity), Moment(0.0));
    let mut by_kind = ByKind::default();
    [Kind::File, Kind::Shmem, Kind::Swap].into_iter().for_each(|kind| by_kind.set(kind, Bytes(1 << 24)));
    let mut observation = Observation {
        identity,
        about: Arc::new(About { version: Some("2.4.0".into()), ..About::default() }),
        lifetime: Lifetime { pid: 1, start_ticks: 1 },
        started: Timestamp(0.0),
        age_seconds: 0.0,
        memory: None,
        live_heap: None,
        load: LoadCounters::default(),
        counters: None,
        population: Population { processes: 1, ..Population::default() },
    };
    for number in 0..SAMPLES {
        by_kind.set(Kind::Anon, Bytes(amount(heap, number)));
        let used = by_kind.resident_unreclaimable();
        let ceiling = Ceiling { source: LimitSource::Own, limit: Bytes(8 << 30), used, swap_included: false };
        observation.memory = Some(Memory { by_kind, basis: Basis::Processes, ceiling: Some(ceiling) });
        observation.age_seconds = (number * 5) as f64;
        observation.load.cpu_seconds = Some(number as f64);
        watch.observe(&observation, Moment((number * 5) as f64), 60.0);
    }
    std::hint::black_box(watch.conclusion());
}

/// CPU time that some work takes [`TIMES`] over, by the kernel's account of this thread.
fn nanoseconds(work: &mut dyn FnMut()) -> f64 {
    let spent = || -> f64 {
        let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        account.split_whitespace().next().unwrap().parse().unwrap()
    };
    let before = spent();
    (0..TIMES).for_each(|_| work());
    spent() - before
}
