//! Trace files among the arguments: as given, or below a folder.

use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};

/// A file of labels lies beside the traces that it is about.
const LABELS: &str = "labels.csv";

/// The files of the arguments: a folder stands for all traces below it, in order of their names. In its place an error stands
/// for a folder that cannot be read, or that holds no trace.
pub(super) fn traces(paths: &[PathBuf]) -> Vec<Result<PathBuf>> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(Ok(path.clone()));
            continue;
        }
        let before = all.len();
        walk(path, &mut all);
        if all.len() == before {
            all.push(Err(anyhow!("{}: no *.csv or *.csv.gz in this folder: expected traces", path.display())));
        }
    }
    all
}

fn walk(folder: &Path, found: &mut Vec<Result<PathBuf>>) {
    let entries = folder.read_dir().and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> = match entries.with_context(|| folder.display().to_string()) {
        Ok(entries) => entries.iter().map(std::fs::DirEntry::path).collect(),
        Err(error) => return found.push(Err(error)),
    };
    paths.sort();
    for path in paths {
        // A linked folder is not walked: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        } else if path.is_file() && is_trace(&path) {
            found.push(Ok(path));
        }
    }
}

fn is_trace(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.ends_with(".csv") || name.ends_with(".csv.gz")) && name != LABELS
}
