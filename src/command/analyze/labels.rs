//! `memtrend analyze --labels`: the verdicts on labelled traces, scored.

use super::table;
use super::told::tell;
use crate::cli::OutcomeFormat;
use crate::score::{GroupFigures, Groups, Judged, Label, Labelled, Score, Series, labels};
use crate::units::length_as_count;
use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Longest file of labels that is read: of a hundred thousand traces.
const MOST_BYTES: u64 = 16 << 20;

/// What is told.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    #[serde(flatten)]
    pub(super) figures: GroupFigures,
    /// Leaks that were not called.
    pub(super) misses: Vec<Wrong>,
    /// Clean series that were called, and leaks that were before their onset.
    pub(super) false_calls: Vec<Wrong>,
}

/// A series that came out wrong.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    pub(super) file: String,
    pub(super) label: &'static str,
    pub(super) kind: String,
    pub(super) runtime: String,
    pub(super) is_ambiguous: bool,
    /// The verdict at the end.
    pub(super) verdict: &'static str,
    pub(super) first_leaking_seconds: Option<f64>,
    /// Behind a false call at the call, behind a miss at the end.
    pub(super) evidence: String,
}

/// Judges the labelled traces among `paths` and tells the score.
///
/// # Errors
/// When the labels cannot be read, a labelled trace is missing or no trace, or a trace or a folder has no label.
pub(super) fn score(labels: &Path, paths: &[PathBuf], format: OutcomeFormat, output: &mut impl Write) -> Result<()> {
    let score = told(labels, paths)?;
    let lines = match format {
        OutcomeFormat::Json => serde_json::to_string(&score)? + "\n",
        OutcomeFormat::Text => table::of(&score),
    };
    tell(output, lines.as_bytes())
}

fn told(path: &Path, paths: &[PathBuf]) -> Result<Told> {
    let at = || path.display().to_string();
    let text = read(path).with_context(at)?;
    let labelled = labels(&text).with_context(at)?;
    let wanted = chosen(path, &labelled, paths)?;
    let mut groups = Groups::default();
    let (mut misses, mut false_calls) = (Vec::new(), Vec::new());
    for (label, trace) in labelled.iter().zip(wanted).filter_map(|(label, trace)| Some((label, trace?))) {
        let mut series = Series::new(label.truth.onset_seconds);
        let judging = super::judge(&trace, |row| series.push(row));
        let outcome = judging.with_context(|| trace.display().to_string())?;
        let judged = Judged::of(&outcome, series);
        groups.add(label.source(), &label.truth, &judged);
        let wrong = |evidence: String| Wrong {
            file: label.file.clone(),
            label: if label.truth.label == Label::Leak { "leak" } else { "clean" },
            kind: label.truth.kind.clone(),
            runtime: label.truth.runtime.clone(),
            is_ambiguous: label.truth.ambiguous.is_some(),
            verdict: judged.verdict.name(),
            first_leaking_seconds: judged.first_leaking,
            evidence,
        };
        match Score::of(&label.truth, &judged) {
            Score::Right => {}
            Score::Missed => misses.push(wrong(outcome.report.evidence.to_string())),
            Score::FalseCall => {
                let evidence = outcome.leak_evidence.unwrap_or(outcome.report.evidence);
                false_calls.push(wrong(evidence.to_string()));
            }
        }
    }
    Ok(Told { figures: groups.figures(), misses, false_calls })
}

fn read(path: &Path) -> Result<String> {
    let mut text = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if length_as_count(text.len()) > MOST_BYTES {
        bail!("longer than {MOST_BYTES} bytes: expected a CSV file of labels; split it");
    }
    String::from_utf8(text).map_err(|_| anyhow!("not text: expected a CSV file of labels"))
}

/// For each label the trace that it names, where `paths` hold it.
fn chosen(labels: &Path, labelled: &[Labelled], paths: &[PathBuf]) -> Result<Vec<Option<PathBuf>>> {
    let home = match labels.parent() {
        Some(home) if !home.as_os_str().is_empty() => home,
        _ => Path::new("."),
    };
    let home = home.canonicalize().with_context(|| home.display().to_string())?;
    // By the name in the labels, and where that leads: a folder of traces may be a link.
    let real = |file: &str| {
        let named = home.join(file);
        let real = named.canonicalize().ok();
        (named, real)
    };
    let places: Vec<_> = labelled.iter().map(|label| real(&label.file)).collect();
    let mut taken = BTreeSet::new();
    for path in paths {
        let wanted = path.canonicalize().with_context(|| path.display().to_string())?;
        let fits = |(named, real): &(PathBuf, Option<PathBuf>)| {
            named.starts_with(&wanted) || real.as_ref().is_some_and(|real| real.starts_with(&wanted))
        };
        let fitting: Vec<usize> = (0..).zip(&places).filter(|(_, place)| fits(place)).map(|(at, _)| at).collect();
        if fitting.is_empty() {
            let what = if wanted.is_dir() { "no trace in this folder has a label" } else { "this trace has no label" };
            bail!("{}: {what} in {}: add one, or leave it out", path.display(), labels.display());
        }
        taken.extend(fitting);
    }
    let missing = |at: &usize| places.get(*at).is_some_and(|(named, _)| !named.is_file());
    if let Some(label) = taken.iter().find(|at| missing(at)).and_then(|at| labelled.get(*at)) {
        let (labels, line, file, home) = (labels.display(), label.line, &label.file, home.display());
        bail!("{labels}: line {line}: {file}: no such trace below {home}: record it, or remove its label");
    }
    Ok((0..).zip(places).map(|(at, (named, _))| taken.contains(&at).then_some(named)).collect())
}
