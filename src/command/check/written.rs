//! Where the report goes: standard output, and the files that were asked for.

use crate::analysis::gate::compare::Kept;
use crate::analysis::gate::report::{Conclusion, GateReport, Unit};
use crate::cli::ReportFlags;
use crate::command::files::{put, read_bounded};
use crate::output::gate;
use anyhow::{Context, bail, ensure};
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Longest file of an earlier run that is read, in bytes.
const LONGEST_BASELINE: usize = 1 << 20;

/// How a report becomes the content of a file.
type Render = fn(&GateReport) -> String;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    /// With the flags that name them.
    files: Vec<(&'static str, PathBuf, Render)>,
    markdown: Option<PathBuf>,
    save: Option<PathBuf>,
    /// JSON instead of text on standard output.
    is_json: bool,
    is_github: bool,
}

impl Places {
    /// Those that flags name.
    ///
    /// # Errors
    /// When one lies in no folder.
    pub(super) fn of(flags: &ReportFlags) -> anyhow::Result<Self> {
        let is_json = flags.json.as_deref() == Some(Path::new("-"));
        let json = flags.json.clone().filter(|_| !is_json);
        let of = |name, path: Option<PathBuf>, render: Render| path.map(|path| (name, path, render));
        let files = [
            of("--json", json, gate::json::render),
            of("--junit", flags.junit.clone(), gate::junit::render),
            of("--svg", flags.svg.clone(), gate::svg::render),
        ];
        let places = Self {
            files: files.into_iter().flatten().collect(),
            markdown: flags.markdown.clone(),
            save: flags.save.clone(),
            is_json,
            is_github: std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        };
        let named = places.files.iter().map(|(name, path, _)| (*name, path));
        let named = named.chain(places.markdown.iter().map(|path| ("--markdown", path)));
        let mut all: Vec<(&str, &PathBuf)> = Vec::new();
        for (name, path) in named.chain(places.save.iter().map(|path| ("--save", path))) {
            ensure!(
                path != Path::new("-"),
                "{name} -: only --json goes to standard output: name a file, or /dev/stdout"
            );
            if let Some((other, _)) = all.iter().find(|(_, known)| *known == path) {
                bail!("{name} {}: {other} is written there too: name another file", path.display());
            }
            all.push((name, path));
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            ensure!(folder.is_dir(), "{name} {}: there is no folder {}", path.display(), folder.display());
            ensure!(!path.is_dir(), "{name} {}: is a folder, expected a file", path.display());
        }
        Ok(places)
    }

    /// Writes all; the first that cannot be written is told at the end.
    pub(super) fn write(&self, report: &GateReport) -> anyhow::Result<()> {
        let mut problem = self.say(report).context("standard output").err();
        for (name, path, render) in &self.files {
            let put = put(path, render(report).as_bytes()).with_context(|| format!("{name} {}", path.display()));
            problem = problem.or(put.err());
        }
        if let Some(path) = &self.markdown {
            let append = || {
                OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(path)?
                    .write_all(gate::markdown::render(report).as_bytes())
            };
            problem = problem.or(append().with_context(|| format!("--markdown {}", path.display())).err());
        }
        // A run that fails is nothing to hold others against.
        if let Some(path) = self.save.as_ref().filter(|_| report.conclusion == Conclusion::NoLeak) {
            let put = put(path, gate::json::render(report).as_bytes());
            problem = problem.or(put.with_context(|| format!("--save {}", path.display())).err());
        }
        problem.map_or(Ok(()), Err)
    }

    fn say(&self, report: &GateReport) -> io::Result<()> {
        let mut output = io::stdout().lock();
        if self.is_json {
            output.write_all(gate::json::render(report).as_bytes())?;
        } else {
            let style = gate::text::Style {
                is_coloured: output.is_terminal() && std::env::var_os("NO_COLOR").is_none(),
                is_ascii: false,
            };
            output.write_all(gate::text::render(report, style).as_bytes())?;
        }
        // A document stays one.
        if self.is_github && !self.is_json {
            output.write_all(gate::annotations::render(report).as_bytes())?;
        }
        output.flush()
    }
}

/// The earlier run that is compared with.
///
/// # Errors
/// When the file cannot be read, is none of `--save`, or counts in another unit.
pub(super) fn before(path: &Path, unit: Unit) -> anyhow::Result<Kept> {
    let named = || format!("--baseline {}", path.display());
    let text = read_bounded(path, LONGEST_BASELINE).with_context(named)?;
    ensure!(text.len() <= LONGEST_BASELINE, "{}: above {LONGEST_BASELINE} bytes, expected a file of --save", named());
    let text = String::from_utf8(text).with_context(named)?;
    let (saved, kept) = gate::json::read_kept(&text).with_context(named)?;
    ensure!(saved == unit, "{}: tells growth for each {}, this run for each {}", named(), saved.name(), unit.name());
    Ok(kept)
}
