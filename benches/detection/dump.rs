//! Writes made-up series as traces with labels, so that `memtrend analyze --labels` and plots can be made of them.

use crate::families::Family;
use memtrend::score::Label;
use std::fmt::Write;
use std::path::Path;

/// One file a series, and `labels.csv`.
pub(crate) fn write(folder: &Path, series: &[(Family, u64)]) {
    std::fs::create_dir_all(folder).unwrap();
    let mut labels = "file,label,kind,runtime,onset_seconds,growth_bytes_per_second,limit_bytes,ambiguous\n".to_owned();
    for (family, number) in series {
        let made = family.make(*number);
        let words: Vec<&str> =
            family.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let file = format!("{}_{number}.csv", words.join("_"));
        let mut text =
            "timestamp_seconds,heap_bytes,limit_bytes,requests_total,start_time_seconds,runtime\n".to_owned();
        for row in &made.rows {
            let (heap, limit) = (row.heap.0, row.limit.unwrap().0);
            let (requests, start) = (row.load.requests.unwrap(), row.start_seconds.unwrap());
            let runtime = row.about.runtime.as_deref().unwrap_or_default();
            writeln!(text, "{},{heap},{limit},{requests},{start},{runtime}", row.timestamp_seconds).unwrap();
        }
        std::fs::write(folder.join(&file), text).unwrap();
        let truth = made.truth;
        let label = if truth.label == Label::Leak { "leak" } else { "clean" };
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let (onset, rate) = (number(truth.onset_seconds), number(truth.growth.map(|rate| rate.0)));
        writeln!(labels, "{file},{label},\"{}\",,{onset},{rate},{},", family.name, truth.limit.unwrap().0).unwrap();
    }
    std::fs::write(folder.join("labels.csv"), labels).unwrap();
}
