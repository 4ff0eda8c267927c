//! What a picture may be written over: a picture, and what is no regular file. All else could be the one copy of a
//! recording, named by a slip or by a shell's glob.

use anyhow::{Result, bail};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The first element of a picture begins within so many bytes.
const HEAD: u64 = 1 << 16;

/// Checks that a picture may be written there, of these traces.
///
/// # Errors
/// When it is a folder, one of the traces, a file that is no SVG picture, or one that cannot be read.
pub(super) fn may_be_written(path: &Path, traces: &[&PathBuf]) -> Result<()> {
    // What is not there, or cannot be looked at, is told when it is written.
    let Ok(there) = path.metadata() else { return Ok(()) };
    if there.is_dir() {
        bail!("is a folder: expected the name of a file");
    }
    if !there.is_file() {
        return Ok(());
    }
    let is_it = |other: Metadata| (other.dev(), other.ino()) == (there.dev(), there.ino());
    if traces.iter().any(|trace| trace.metadata().is_ok_and(is_it)) {
        bail!("is the trace itself: expected a new file, or a picture to replace; name another");
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    // An empty file, as of `mktemp`, holds nothing that could be lost.
    if !head.is_empty() && !is_picture(&String::from_utf8_lossy(&head)) {
        bail!("is no SVG picture: expected a new file, or a picture to replace; name another, or remove it first");
    }
    Ok(())
}

/// Whether the first element, or the type that is declared, is `svg`.
fn is_picture(head: &str) -> bool {
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    while let Some(end) = [("<?", "?>"), ("<!--", "-->")].into_iter().find(|(begin, _)| rest.starts_with(begin)) {
        rest = rest.split_once(end.1).map_or("", |(_, after)| after.trim_start());
    }
    let after = ["<svg", "<!DOCTYPE svg"].into_iter().find_map(|begin| rest.strip_prefix(begin));
    after.is_some_and(|after| after.starts_with(|next: char| next.is_ascii_whitespace() || matches!(next, '>' | '/')))
}
