//! Trace files among the arguments: as given, or below a folder.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// A file of labels lies beside the traces that it is about.
const LABELS: &str = "labels.csv";

/// The files of the arguments: a folder stands for all traces below it, in order of their names.
///
/// # Errors
/// When a folder cannot be read or holds no trace.
pub(super) fn traces(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let before = all.len();
        walk(path, &mut all)?;
        if all.len() == before {
            bail!("{}: no *.csv or *.csv.gz in this folder: expected traces", path.display());
        }
    }
    Ok(all)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let at = || folder.display().to_string();
    let entries = folder.read_dir().with_context(at)?.collect::<std::io::Result<Vec<_>>>().with_context(at)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        // A linked folder is not walked: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found)?;
        } else if path.is_file() && is_trace(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_trace(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.ends_with(".csv") || name.ends_with(".csv.gz")) && name != LABELS
}
