//! Every detector over every series, on two threads.

use crate::baselines::Named;
use crate::corpus::Recorded;
use crate::families::Family;
use memtrend::analysis::sample::LoadCounters;
use memtrend::score::{Judged, Series, Truth};
use memtrend::trace::{Replay, Row};
use memtrend::units::{Bytes, whole};
use std::sync::atomic::{AtomicUsize, Ordering};

/// memtrend and memtrend without the load stand before the baselines.
pub(crate) const OWN: [&str; 2] = ["**memtrend**", "**memtrend**, load not known"];

/// Names of the detectors, in the order of [`Judgement::judged`].
pub(crate) fn detectors(baselines: &[Named]) -> Vec<&'static str> {
    OWN.into_iter().chain(baselines.iter().map(|baseline| baseline.name)).collect()
}

/// One series, judged by all.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) source: String,
    pub(crate) truth: Truth,
    pub(crate) judged: Vec<Judged>,
}

/// A made-up series; its errors are measured against its true line.
pub(crate) fn made(family: Family, number: u64, baselines: &[Named]) -> Judgement {
    let made = family.make(number);
    let mut series = Series::new(made.truth.onset_seconds);
    for (row, floor) in made.rows.iter().zip(&made.floors) {
        series.push(&Row { heap: Bytes(whole(*floor)), ..row.clone() });
    }
    let judged = judge(&made.rows, &series, baselines);
    Judgement { source: "made up".to_owned(), truth: made.truth, judged }
}

/// A recorded series.
pub(crate) fn recorded(of: &Recorded, baselines: &[Named]) -> Judgement {
    let rows = of.rows();
    let mut series = Series::new(of.label.truth.onset_seconds);
    rows.iter().for_each(|row| series.push(row));
    let judged = judge(&rows, &series, baselines);
    Judgement { source: of.label.source().to_owned(), truth: of.label.truth.clone(), judged }
}

fn judge(rows: &[Row], series: &Series, baselines: &[Named]) -> Vec<Judged> {
    let replay = |has_load: bool| {
        let seen = |row: &Row| Row { load: if has_load { row.load } else { LoadCounters::default() }, ..row.clone() };
        let mut replay = Replay::new(&seen(&rows[0]));
        rows[1..].iter().for_each(|row| replay.push(&seen(row)));
        Judged::of(&replay.outcome(), series.clone())
    };
    let own = [replay(true), replay(false)];
    own.into_iter().chain(baselines.iter().map(|baseline| baseline.judge(rows, series.clone()))).collect()
}

/// Does `count` jobs on two threads; the results are in order.
pub(crate) fn all<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let places = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|place| *place < count));
        places.map(|place| (place, job(place))).collect::<Vec<_>>()
    };
    let mut results = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut mine = work();
        mine.extend(other.join().expect("a job panicked"));
        mine
    });
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
