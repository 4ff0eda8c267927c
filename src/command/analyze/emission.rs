//! `memtrend analyze --emit`: what `serve` would have exported, had it watched.

use super::{folders, read, told};
use crate::analysis::engine::{Engine, Settings};
use crate::analysis::oom::{KillSource, Sources};
use crate::analysis::sample::{Identity, Observation, Sample, clean_label};
use crate::cli::AnalyzeFlags;
use crate::command::analyze::progress::Progress;
use crate::output::backfill::Backfill;
use crate::trace::{Observing, Row};
use crate::units::{Clock, Moment, Timestamp, count_as_f64};
use anyhow::{Context, Result, anyhow, bail};
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the page of all traces.
///
/// # Errors
/// When a trace cannot be read, there are too many points, or nothing can be written; then nothing is.
pub(super) fn emit(flags: &AnalyzeFlags, output: &mut impl Write) -> Result<()> {
    let how = &flags.emission;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let from = how.emit_from.map(|from| count_as_f64(from.milliseconds(now)) / 1000.0);
    let labels: Vec<(String, String)> =
        how.emit_label.iter().map(|label| (label.name.clone(), label.value.clone())).collect();
    let mut backfill = Backfill::new(&labels);
    let traces = folders::traces(&flags.files).into_iter().collect::<Result<Vec<_>>>()?;
    let mut names = HashSet::new();
    for path in &traces {
        let application = name_of(path);
        if !names.insert(application.clone()) {
            bail!(
                "{}: another trace is named `{application}` too: rename one, the name is the application's",
                path.display()
            );
        }
        let mut watching = Watching::new(application, how.emit_step.0.as_secs_f64(), from, traces.len() == 1);
        read(path, &Progress::new("", 0, 1), |row| watching.take(row, &mut backfill))
            .and_then(|()| {
                watching.observing.map(drop).ok_or_else(|| anyhow!("no row below the header: expected at least one"))
            })
            .with_context(|| path.display().to_string())?;
    }
    let mut page = Vec::new();
    backfill.write(&mut page)?;
    told::tell(output, &page)
}

/// The application's name: the file's, without `.csv` and `.gz`.
fn name_of(path: &Path) -> Box<str> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    clean_label(name.strip_suffix(".csv").unwrap_or(name).as_bytes())
}

/// One trace, watched as `serve` does.
struct Watching {
    identity: Arc<Identity>,
    engine: Engine,
    observing: Option<Observing>,
    /// When the first row is to be, if not at its own time.
    from: Option<f64>,
    /// What is added to the trace's times.
    shift: f64,
    /// Of the last row.
    seconds: f64,
    start_seconds: Option<f64>,
    /// When the next point is due.
    next: f64,
    /// Seconds between the points.
    step: f64,
    /// Whether it is the only trace: the exporter's own figures are of it alone then.
    is_alone: bool,
}

impl Watching {
    fn new(application: Box<str>, step: f64, from: Option<f64>, is_alone: bool) -> Self {
        Self {
            identity: Arc::new(Identity { application, namespace: None, pod: None, container: None }),
            engine: Engine::new(Settings::default()),
            observing: None,
            from,
            shift: 0.0,
            seconds: f64::NEG_INFINITY,
            start_seconds: None,
            next: f64::NEG_INFINITY,
            step,
            is_alone,
        }
    }

    fn take(&mut self, row: &Row, backfill: &mut Backfill) -> Result<()> {
        let at = row.timestamp_seconds;
        if self.observing.is_none() {
            (self.shift, self.next) = (self.from.map_or(0.0, |from| from - at), at);
        }
        // Between its lives it was not there.
        if let Some(start) = row.start_seconds.filter(|start| self.start_seconds.is_some_and(|before| before < *start))
        {
            while self.next > self.seconds && self.next < start {
                self.pass(None, self.next, row.oom_kills.is_some());
                self.point(self.next, backfill)?;
            }
        }
        (self.seconds, self.start_seconds) = (at, row.start_seconds.or(self.start_seconds));
        let observing = self.observing.get_or_insert_with(|| Observing::new(Arc::clone(&self.identity), row));
        let seen = observing.observe(row).clone();
        self.pass(Some(seen), at, row.oom_kills.is_some());
        if at >= self.next { self.point(at, backfill) } else { Ok(()) }
    }

    fn pass(&mut self, seen: Option<Observation>, at: f64, counts_kills: bool) {
        let mut kill_sources = Sources::default();
        if let Some(readable) = kill_sources.readable.get_mut(KillSource::Cgroup.index()) {
            *readable = counts_kills;
        }
        self.engine.observe(Sample {
            clock: Clock { moment: Moment(at), wall: Timestamp(at + self.shift) },
            applications: seen.into_iter().collect(),
            kill_sources,
            ..Sample::default()
        });
    }

    fn point(&mut self, at: f64, backfill: &mut Backfill) -> Result<()> {
        backfill.push(&self.engine.report(), at + self.shift, self.is_alone)?;
        while self.next <= at {
            self.next += self.step;
        }
        Ok(())
    }
}
