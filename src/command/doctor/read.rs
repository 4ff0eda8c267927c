//! Files that others may have filled: whatever is in them, a bounded part of it is read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Enough for what a process tells of itself; a longer one is none that memtrend has started.
const OF_A_PROCESS: u64 = 64 << 10;

/// Enough for all mounts of a node with thousands of pods.
const OF_THE_KERNEL: u64 = 16 << 20;

/// What a file of a process holds; `None` where it cannot be read, or is longer than any should be.
pub(super) fn of_process(path: &Path) -> Option<Vec<u8>> {
    head(path, OF_A_PROCESS).filter(|text| !is_cut(text, OF_A_PROCESS))
}

/// The beginning of a file, of whatever bytes; nothing where it cannot be read.
#[inline(never)]
pub(super) fn text(path: &Path) -> String {
    String::from_utf8_lossy(&head(path, OF_THE_KERNEL).unwrap_or_default()).into_owned()
}

fn head(path: &Path, most: u64) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(most).read_to_end(&mut text).ok()?;
    Some(text)
}

fn is_cut(text: &[u8], most: u64) -> bool {
    u64::try_from(text.len()).is_ok_and(|length| length >= most)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_is_too_long_is_nothing_and_is_not_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "memtrend\0serve\0").unwrap();
        assert_eq!(of_process(file.path()).as_deref(), Some(&b"memtrend\0serve\0"[..]));
        std::fs::write(file.path(), vec![b'x'; 64 << 10]).unwrap();
        assert_eq!(of_process(file.path()), None);
        assert_eq!(head(file.path(), 7).unwrap().len(), 7);
        assert_eq!((of_process(Path::new("/none")), text(Path::new("/none")).as_str()), (None, ""));
    }
}
