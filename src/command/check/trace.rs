//! Every look of a run as CSV, which `memtrend analyze` reads: columns of its traces, and what is held outside of the heap.

use crate::check::Looked;
use crate::units::Bytes;
use anyhow::Context;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that is written while the program runs.
#[derive(Debug)]
pub(super) struct Trace {
    path: PathBuf,
    file: BufWriter<File>,
    problem: Option<io::Error>,
    held: Option<Bytes>,
}

impl Trace {
    /// Begins a file; what was in it is lost.
    pub(super) fn begin(path: &Path) -> anyhow::Result<Self> {
        let begin = || {
            let mut file = BufWriter::new(File::create(path)?);
            writeln!(file, "timestamp_seconds,heap_bytes,live_heap_bytes,outside_heap_bytes,requests_total")?;
            Ok::<_, io::Error>(file)
        };
        let file = begin().with_context(|| format!("--trace {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, problem: None, held: None })
    }

    /// Adds a row; of a round of probes with what was held last.
    pub(super) fn row(&mut self, looked: &Looked) {
        self.held = looked.held.or(self.held);
        let Some(Bytes(held)) = self.held else { return };
        let (live, outside) = looked.probed.map_or((None, None), |(live, outside)| (Some(live), outside));
        let live = live.map_or_else(String::new, |Bytes(live)| live.to_string());
        let outside = outside.map_or_else(String::new, |outside| format!("{outside:.0}"));
        let written = writeln!(self.file, "{:.3},{held},{live},{outside},{}", looked.seconds, looked.work);
        if let Err(error) = written {
            self.problem.get_or_insert(error);
        }
    }

    /// Ends it.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        let flushed = self.file.flush();
        self.problem.map_or(flushed, Err).with_context(|| format!("--trace {}", self.path.display()))
    }
}
