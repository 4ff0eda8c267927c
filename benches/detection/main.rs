//! How well leaks are told, beside what else is used: `cargo bench --bench detection [-- --seeds 1..=20] [-- --only TEXT]
//! [-- --own]
//! [-- --dump FOLDER]`.
//!
//! Made-up series whose truth is exact, and recorded ones with labels (`MEMTREND_TRACES`, this project's `traces/tuning`;
//! `traces/held_out` with `MEMTREND_HELD_OUT=1` only). `MEMTREND_ACCEPT=1` writes the tables into `docs/detection.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark fails by panicking, and its counts are far below 2^53"
)]

mod baselines;
mod corpus;
mod dump;
mod families;
mod judging;
mod random;
mod report;

use baselines::BASELINES;
use families::{FAMILIES, Family, SLOW_FILLS};
use report::{By, detector_table, group_table};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/detection.md";
const MARKERS: [&str; 2] = ["<!-- score:begin -->\n", "<!-- score:end -->"];

fn main() {
    let arguments = Arguments::read();
    let baselines = if arguments.own { &[] } else { BASELINES };
    let numbered = |families: &[Family]| -> Vec<(Family, u64)> {
        let wanted = families.iter().filter(|family| family.name.contains(&arguments.only));
        wanted.flat_map(|family| arguments.seeds.clone().map(|seed| (*family, seed))).collect()
    };
    let (series, slow) = (numbered(FAMILIES), numbered(SLOW_FILLS));
    if let Some(folder) = arguments.dump {
        return dump::write(&folder, &[series, slow].concat());
    }
    let judge = |series: &[(Family, u64)]| {
        judging::all(series.len(), |place| judging::made(series[place].0, series[place].1, baselines))
    };
    let made = judge(&series);
    let seeds = format!("numbers {} to {}", arguments.seeds.start(), arguments.seeds.end());
    let mut text = detector_table(&format!("Made-up series of seven days, {seeds}"), &made, baselines);
    text += &group_table("memtrend by family", &made, 0, By::Kind);
    text += &group_table("memtrend by family, load not known", &made, 1, By::Kind);
    if !slow.is_empty() {
        text += &detector_table(&format!("Slow fills, {seeds}, not counted above"), &judge(&slow), baselines);
    }
    if arguments.only.is_empty() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let given = std::env::var_os("MEMTREND_TRACES").map_or_else(|| project.join("../shared/traces"), PathBuf::from);
        let with_held_out = std::env::var_os("MEMTREND_HELD_OUT").is_some_and(|value| value == "1");
        let mut traces = corpus::read(&given, |_| true);
        traces.extend(corpus::read(&project.join("traces"), |source| source == "tuning" || with_held_out));
        let recorded = judging::all(traces.len(), |place| judging::recorded(&traces[place], baselines));
        text += &detector_table("Recorded series", &recorded, baselines);
        text += &group_table("memtrend on recorded series, by source", &recorded, 0, By::Source);
        text += &group_table("memtrend on recorded series, by source, load not known", &recorded, 1, By::Source);
    }
    println!("{text}");
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        accept(&text);
    }
}

/// Puts the tables between the page's markers.
fn accept(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(MARKERS[0]).expect("the page has a marker where the tables begin");
    let (_, tail) = rest.split_once(MARKERS[1]).expect("the page has a marker where the tables end");
    let [begin, end] = MARKERS;
    std::fs::write(&path, format!("{head}{begin}{text}\n{end}{tail}")).unwrap();
}

struct Arguments {
    seeds: RangeInclusive<u64>,
    only: String,
    /// memtrend alone, without the baselines.
    own: bool,
    dump: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Self {
        let mut read = Self { seeds: 1..=20, only: String::new(), own: false, dump: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--own" {
                read.own = true;
                continue;
            }
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument}: expected a value after it"));
            match argument.as_str() {
                "--bench" => {}
                "--seeds" => read.seeds = range(&value()),
                "--only" => read.only = value(),
                "--dump" => read.dump = Some(value().into()),
                other => panic!("{other}: expected --seeds FIRST..=LAST, --only TEXT, --own or --dump FOLDER"),
            }
        }
        read
    }
}

fn range(text: &str) -> RangeInclusive<u64> {
    let ends = text.split_once("..=").and_then(|(first, last)| Some(first.parse().ok()?..=last.parse().ok()?));
    ends.unwrap_or_else(|| panic!("--seeds {text}: expected FIRST..=LAST, as 1..=20"))
}
