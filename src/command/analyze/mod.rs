//! `memtrend analyze`: judges recorded series, and scores the verdicts where the truth is known.

mod drawing;
mod emission;
mod folders;
mod labels;
mod past;
mod picture;
mod progress;
mod table;
mod told;

use crate::analysis::verdict::Verdict;
use crate::cli::{AnalyzeFlags, OutcomeFormat};
use crate::command::complaint::complain;
use crate::command::plain;
use crate::trace::{Outcome, Replay, Row, Rows};
use crate::units::{Span, length_as_count};
use anyhow::{Context, Result, anyhow, bail};
use drawing::Drawing;
use flate2::bufread::MultiGzDecoder;
use progress::{Counted, Progress};
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The first two bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What progress by bytes is shown in.
const MEGABYTE: u64 = 1_000_000;

/// Judges each file, in folders too, or each series of a Prometheus' past. Exit code 1 when one is leaking at its end; 2 when a
/// file cannot be read or is no trace, which is told, and the others are judged all the same. With labels it tells the score
/// instead, and the exit code is 0; as it is when nobody reads on, which ends it.
///
/// # Errors
/// When the past or a labelled trace cannot be read, the labels and the files do not fit each other, or nothing can be written.
pub fn run(flags: &AnalyzeFlags) -> Result<ExitCode> {
    match judge_all(flags) {
        Err(error) if told::is_unheard(&error) => Ok(ExitCode::SUCCESS),
        ended => ended,
    }
}

fn judge_all(flags: &AnalyzeFlags) -> Result<ExitCode> {
    let mut output = std::io::stdout().lock();
    if let Some(labels) = &flags.labels {
        labels::score(labels, &flags.files, flags.format, &mut output)?;
        return Ok(ExitCode::SUCCESS);
    }
    if flags.emit.is_some() {
        emission::emit(flags, &mut output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut leaking = false;
    let mut tell = |name: &str, outcome: &Outcome| -> Result<()> {
        leaking |= outcome.report.verdict == Verdict::Leaking;
        let line = match flags.format {
            OutcomeFormat::Json => serde_json::to_string(&Line::of(name, outcome))?,
            OutcomeFormat::Text => text(name, outcome),
        };
        told::tell(&mut output, format!("{line}\n").as_bytes())
    };
    let mut drawing = flags.svg.as_ref().map(|path| (path, Drawing::default()));
    let see = |drawing: &mut Option<(_, Drawing)>, row: &Row| {
        if let Some((_, drawing)) = drawing {
            drawing.see(row);
        }
    };
    let draw = |drawing: &Option<(&PathBuf, Drawing)>, name: &str, outcome: &Outcome| match drawing {
        Some((path, drawing)) => drawing.write(path, name, outcome),
        None => Ok(()),
    };
    let may_be_drawn = |traces: &[&PathBuf]| {
        let Some(path) = &flags.svg else { return Ok(()) };
        picture::may_be_written(path, traces).with_context(|| format!("--svg {}", path.display()))
    };
    if let Some(url) = &flags.prometheus {
        may_be_drawn(&[])?;
        for (name, outcome) in past::judge(url, flags, |row| see(&mut drawing, row))? {
            draw(&drawing, &name, &outcome)?;
            tell(&name, &outcome)?;
        }
        return Ok(ExitCode::from(u8::from(leaking)));
    }
    let traces = folders::traces(&flags.files);
    let found: Vec<&PathBuf> = traces.iter().flatten().collect();
    may_be_drawn(&found)?;
    if drawing.is_some() && traces.len() > 1 {
        bail!("--svg draws one trace, and there are {}: name one alone", traces.len());
    }
    let size = |path: &PathBuf| path.metadata().map_or(0, |about| about.len());
    let progress = Progress::new("MB", found.into_iter().map(size).sum::<u64>().div_ceil(MEGABYTE), MEGABYTE);
    let mut are_all_judged = true;
    for path in traces {
        let judged = path.and_then(|path| {
            let name = path.display().to_string();
            let outcome =
                judge_in_sight(&path, &progress, |row| see(&mut drawing, row)).with_context(|| name.clone())?;
            Ok((name, outcome))
        });
        progress.clear();
        match judged {
            Ok((name, outcome)) => {
                draw(&drawing, &name, &outcome)?;
                tell(&name, &outcome)?;
            }
            Err(error) => {
                complain(&error);
                are_all_judged = false;
            }
        }
    }
    Ok(ExitCode::from(if are_all_judged { u8::from(leaking) } else { 2 }))
}

/// Judges one file; `see` is shown each row.
fn judge(path: &Path, see: impl FnMut(&Row)) -> Result<Outcome> {
    judge_in_sight(path, &Progress::new("MB", 0, MEGABYTE), see)
}

fn judge_in_sight(path: &Path, progress: &Progress, mut see: impl FnMut(&Row)) -> Result<Outcome> {
    let mut replay: Option<Replay> = None;
    read(path, progress, |row| {
        see(row);
        match &mut replay {
            Some(replay) => replay.push(row),
            None => replay = Some(Replay::new(row)),
        }
        Ok(())
    })?;
    Ok(replay.ok_or_else(|| anyhow!("no row below the header: expected at least one"))?.outcome())
}

/// Reads a file, gzip too, row by row.
fn read(path: &Path, progress: &Progress, take: impl FnMut(&Row) -> Result<()>) -> Result<()> {
    let file = Counted { inner: File::open(path)?, progress };
    let mut file = BufReader::with_capacity(1 << 16, file);
    // A pipe may give them one by one.
    let mut head = Vec::with_capacity(GZIP.len());
    file.by_ref().take(length_as_count(GZIP.len())).read_to_end(&mut head)?;
    let is_gzip = head == GZIP;
    let file = Cursor::new(head).chain(file);
    if is_gzip {
        return read_rows(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)), take);
    }
    read_rows(file, take)
}

fn read_rows(input: impl BufRead, mut take: impl FnMut(&Row) -> Result<()>) -> Result<()> {
    let mut rows = Rows::new(input)?;
    while let Some(row) = rows.next_row()? {
        take(row)?;
    }
    Ok(())
}

fn text(name: &str, outcome: &Outcome) -> String {
    let report = &outcome.report;
    let time = report.present.as_ref().and_then(|present| present.time_to_limit);
    let left = time.map_or_else(String::new, |time| format!("; limit in {}", Span(time.expected)));
    let origin = report.origin.as_ref().map(ToString::to_string).filter(|origin| !origin.is_empty());
    let origin = origin.map_or_else(String::new, |origin| format!("; {origin}"));
    plain(&format!("{name}: {}: {}{origin}{left}", report.verdict.name(), report.evidence))
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
    fn of(name: &str, outcome: &Outcome) -> Self {
        let report = &outcome.report;
        let slope = report.evidence.growth().map(|seen| seen.slope);
        Self {
            file: name.to_owned(),
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
