//! `memtrend analyze`: judges recorded series, and scores the verdicts where the truth is known.

mod folders;
mod labels;
mod table;

use crate::analysis::trend::Slope;
use crate::analysis::verdict::{Evidence, Verdict};
use crate::cli::{AnalyzeFlags, OutcomeFormat};
use crate::trace::{Outcome, Replay, Row, Rows};
use crate::units::Span;
use anyhow::{Context, Result, anyhow};
use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;

/// The first two bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Judges each file, in folders too; exit code 1 when one is leaking at its end. With labels it tells the score instead,
/// and the exit code is 0.
///
/// # Errors
/// When a file cannot be read or is no trace, or the labels and the files do not fit each other.
pub fn run(flags: &AnalyzeFlags) -> Result<ExitCode> {
    let mut output = std::io::stdout().lock();
    if let Some(labels) = &flags.labels {
        labels::score(labels, &flags.files, flags.format, &mut output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut leaking = false;
    for path in &folders::traces(&flags.files)? {
        let outcome = judge(path, |_| ()).with_context(|| path.display().to_string())?;
        leaking |= outcome.report.verdict == Verdict::Leaking;
        match flags.format {
            OutcomeFormat::Json => serde_json::to_writer(&mut output, &Line::of(path, &outcome))?,
            OutcomeFormat::Text => write!(output, "{}", text(path, &outcome))?,
        }
        writeln!(output)?;
    }
    Ok(ExitCode::from(u8::from(leaking)))
}

/// Judges one file; `see` is shown each row.
fn judge(path: &Path, see: impl FnMut(&Row)) -> Result<Outcome> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    if file.fill_buf()?.starts_with(&GZIP) {
        return replay(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)), see);
    }
    replay(file, see)
}

fn replay(input: impl BufRead, mut see: impl FnMut(&Row)) -> Result<Outcome> {
    let mut rows = Rows::new(input)?;
    let first = rows.next_row()?.ok_or_else(|| anyhow!("no row below the header: expected at least one"))?;
    see(&first);
    let mut replay = Replay::new(&first);
    while let Some(row) = rows.next_row()? {
        see(&row);
        replay.push(&row);
    }
    Ok(replay.outcome())
}

fn growth(evidence: &Evidence) -> Option<Slope> {
    match evidence {
        Evidence::Growth(seen, _) | Evidence::Leak(seen) => Some(seen.slope),
        _ => None,
    }
}

fn text(path: &Path, outcome: &Outcome) -> String {
    let report = &outcome.report;
    let time = report.present.as_ref().and_then(|present| present.time_to_limit);
    let left = time.map_or_else(String::new, |time| format!("; limit in {}", Span(time.expected)));
    let origin = report.origin.as_ref().map(ToString::to_string).filter(|origin| !origin.is_empty());
    let origin = origin.map_or_else(String::new, |origin| format!("; {origin}"));
    format!("{}: {}: {}{origin}{left}", path.display(), report.verdict.name(), report.evidence)
}

/// One object of the JSON output.
#[derive(Serialize)]
struct Line {
    file: String,
    samples: u64,
    lifetimes: u64,
    verdict: &'static str,
    leaking_since_seconds: Option<f64>,
    first_growing_seconds: Option<f64>,
    first_leaking_seconds: Option<f64>,
    growth_bytes_per_second: Option<f64>,
    growth_lower_bytes_per_second: Option<f64>,
    growth_upper_bytes_per_second: Option<f64>,
    time_to_limit_seconds: Option<f64>,
    onset_seconds: Option<f64>,
    version_at_onset: Option<Box<str>>,
    age_at_onset_seconds: Option<f64>,
    evidence: String,
    transitions: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    at_seconds: f64,
    verdict: &'static str,
}

impl Line {
    fn of(path: &Path, outcome: &Outcome) -> Self {
        let report = &outcome.report;
        let slope = growth(&report.evidence);
        Self {
            file: path.display().to_string(),
            samples: outcome.samples,
            lifetimes: outcome.lifetimes,
            verdict: report.verdict.name(),
            leaking_since_seconds: outcome.leaking_since(),
            first_growing_seconds: outcome.first(Verdict::Growing),
            first_leaking_seconds: outcome.first(Verdict::Leaking),
            growth_bytes_per_second: slope.map(|slope| slope.rate.0),
            growth_lower_bytes_per_second: slope.map(|slope| slope.lower.0),
            growth_upper_bytes_per_second: slope.map(|slope| slope.upper.0),
            time_to_limit_seconds: report.present.as_ref().and_then(|now| now.time_to_limit).map(|time| time.expected),
            onset_seconds: report.onset.map(|onset| onset.0),
            version_at_onset: report.origin.as_ref().and_then(|origin| origin.version.clone()),
            age_at_onset_seconds: report.origin.as_ref().and_then(|origin| origin.age_seconds),
            evidence: report.evidence.to_string(),
            transitions: outcome
                .transitions
                .iter()
                .map(|change| Change { at_seconds: change.at_seconds, verdict: change.verdict.name() })
                .collect(),
        }
    }
}
