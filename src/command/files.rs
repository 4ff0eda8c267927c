//! Files that users ask for: written whole or not at all.

use crate::units::length_as_count;
use anyhow::Result;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a file holds, but one byte more than `most` at the most: that it is too long is seen by its length.
pub(super) fn read_bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(length_as_count(most).saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes a file beside its place and moves it there; what is no regular file (a terminal, a pipe) is written to.
pub(super) fn put(path: &Path, content: &[u8]) -> Result<()> {
    // Where a link leads is replaced, not the link.
    let place: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if place.exists() && !place.is_file() {
        let mut file = std::fs::OpenOptions::new().write(true).open(&place)?;
        return Ok(file.write_all(content)?);
    }
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file: the umask takes away what it should.
    let permissions = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(".memtrend-").permissions(permissions).tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&place)?;
    Ok(())
}
