//! Recorded series with their labels.

use flate2::bufread::MultiGzDecoder;
use memtrend::score::{Labelled, labels};
use memtrend::trace::{Row, Rows};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A recorded series.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) label: Labelled,
    path: PathBuf,
}

impl Recorded {
    /// All of its rows.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let file =
            BufReader::new(File::open(&self.path).unwrap_or_else(|error| panic!("{}: {error}", self.path.display())));
        let input: Box<dyn BufRead> = match self.path.extension() {
            Some(ending) if ending == "gz" => Box::new(BufReader::new(MultiGzDecoder::new(file))),
            _ => Box::new(file),
        };
        let mut rows = Rows::new(input).unwrap();
        std::iter::from_fn(|| {
            rows.next_row().unwrap_or_else(|error| panic!("{}: {error}", self.path.display())).cloned()
        })
        .collect()
    }
}

/// The series below `folder` whose source is wanted.
pub(crate) fn read(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<Recorded> {
    let path = folder.join("labels.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("{}: not there, left out", path.display());
        return Vec::new();
    };
    let all = labels(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let wanted = all.into_iter().filter(|label| is_wanted(label.source()));
    wanted.map(|label| Recorded { path: folder.join(&label.file), label }).collect()
}
