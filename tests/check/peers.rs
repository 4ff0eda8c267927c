//! What plainer gates say of the same runs: the table of `docs/ci.md` holds them beside memtrend's.

/// One look of a trace: seconds, bytes held, requests.
type Look = (f64, f64, f64);

/// Seconds at the beginning that they leave out, too.
const WARM_UP: f64 = 5.0;

/// Growth that the first-versus-last gate takes for a leak: by a tenth, as is common in scripts.
const MORE: f64 = 1.1;

/// Bytes for each request that the straight line is held against: memtrend's own bound.
const MOST_GROWTH: f64 = 100.0;

/// The looks of a file of `--trace`.
pub(super) fn looks(trace: &str) -> Vec<Look> {
    let look = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        Some((fields.first()?.parse().ok()?, fields.get(1)?.parse().ok()?, fields.get(4)?.parse().ok()?))
    };
    trace.lines().filter_map(look).filter(|(seconds, ..)| *seconds >= WARM_UP).collect()
}

/// Whether the last look is above the first by a tenth.
pub(super) fn first_against_last(looks: &[Look]) -> bool {
    looks.first().zip(looks.last()).is_some_and(|((_, first, _), (_, last, _))| *last > MORE * first)
}

/// Whether the least-squares line over all looks rises by more than the bound.
pub(super) fn straight_line(looks: &[Look]) -> bool {
    let count = looks.len() as f64;
    let mean = |value: fn(&Look) -> f64| looks.iter().map(value).sum::<f64>() / count;
    let (work, bytes) = (mean(|look| look.2), mean(|look| look.1));
    let both: f64 = looks.iter().map(|look| (look.2 - work) * (look.1 - bytes)).sum();
    let square: f64 = looks.iter().map(|look| (look.2 - work).powi(2)).sum();
    both / square > MOST_GROWTH
}

#[test]
fn peers_judge_what_they_are_said_to() {
    let trace = |bytes: fn(f64) -> f64| -> String {
        let row = |second: u32| format!("{second}.0,{},,,{}\n", bytes(f64::from(second)), second * 500);
        std::iter::once("timestamp_seconds,heap_bytes\n".to_owned()).chain((0..40).map(row)).collect()
    };
    let leak = looks(&trace(|second| 1e7 + 500.0 * 200.0 * second));
    assert_eq!(leak.len(), 35);
    assert!(first_against_last(&leak) && straight_line(&leak));
    let flat = looks(&trace(|_| 1e7));
    assert!(!first_against_last(&flat) && !straight_line(&flat));
    // An LRU that fills for ten seconds is taken for a leak by both.
    let fill = looks(&trace(|second| 1e7 + 500.0 * 2048.0 * second.min(15.0)));
    assert!(first_against_last(&fill) && straight_line(&fill));
}
