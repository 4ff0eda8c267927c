//! A small kernel file that is read again and again through one kept descriptor.
//!
//! For a file of procfs that is also a matter of truth: the descriptor belongs to the process that it was opened for,
//! so a reused pid answers ESRCH instead of another process's figures.

use super::descriptors::{Allowance, Place};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The longest content read from one file: no file that is read here comes near.
const LONGEST: usize = 64 * 1024;

/// A file that may or may not have its descriptor kept.
#[derive(Debug, Default)]
pub(crate) struct Kept(Option<(File, Option<Place>)>);

impl Kept {
    /// Reads the file from its start into `buffer` and returns what was read; `open` opens it when it is not kept.
    pub(crate) fn read<'a>(
        &mut self,
        buffer: &'a mut Vec<u8>,
        allowance: &Allowance,
        open: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<&'a [u8]> {
        let (file, place) = match self.0.take() {
            Some(kept) => kept,
            None => (open()?, allowance.take()),
        };
        let length = read_all(&file, buffer)?;
        // After an error the descriptor is not kept: a next read finds out whether there is a new file.
        if place.is_some() {
            self.0 = Some((file, place));
        }
        Ok(buffer.get(..length).unwrap_or_default())
    }

    /// Whether its descriptor is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }
}

/// The whole content, from the start.
///
/// The kernel answers a file of one record whole, and a file of many in pages, each ending with a whole record: what is
/// well short of a page is complete, and a second read (for which the kernel would make it all anew) is spared.
pub(crate) fn read_all(file: &File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    const PAGE: usize = 4096;
    const LONGEST_RECORD: usize = 512;
    if buffer.len() < 2 * PAGE {
        buffer.resize(2 * PAGE, 0);
    }
    let mut length = 0;
    loop {
        let read =
            file.read_at(buffer.get_mut(length..).unwrap_or_default(), u64::try_from(length).unwrap_or(u64::MAX))?;
        length += read;
        if read == 0 || (length == read && read < PAGE - LONGEST_RECORD) || length >= LONGEST {
            return Ok(length);
        }
        if buffer.len() - length < PAGE {
            buffer.resize(buffer.len() + 4 * PAGE, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::cell::Cell;

    #[test]
    fn it_is_opened_once_and_read_anew_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "one").unwrap();
        let (mut kept, mut buffer, opened) = (Kept::default(), Vec::new(), Cell::new(0));
        let allowance = Allowance::new(1);
        let open = || {
            opened.set(opened.get() + 1);
            File::open(&path)
        };
        assert_eq!(kept.read(&mut buffer, &allowance, open).unwrap(), b"one");
        std::fs::write(&path, "second").unwrap();
        assert_eq!(kept.read(&mut buffer, &allowance, open).unwrap(), b"second");
        assert_eq!(opened.get(), 1);
        let mut unkept = Kept::default();
        for _ in 0..2 {
            assert_eq!(unkept.read(&mut buffer, &allowance, open).unwrap(), b"second");
        }
        assert_eq!((opened.get(), unkept.is_kept()), (3, false), "without a place it is opened each time");
    }

    #[test]
    fn long_files_are_read_whole_and_endless_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, vec![b'x'; 20_000]).unwrap();
        let mut buffer = Vec::new();
        assert_eq!(read_all(&File::open(&path).unwrap(), &mut buffer).unwrap(), 20_000);
        let endless = read_all(&File::open("/dev/zero").unwrap(), &mut buffer).unwrap();
        assert!((LONGEST..2 * LONGEST).contains(&endless), "{endless}");
    }

    #[test]
    fn a_process_that_ended_is_an_error_and_not_another_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (mut kept, mut buffer, allowance) = (Kept::default(), Vec::new(), Allowance::new(1));
        let path = format!("/proc/{}/statm", child.id());
        kept.read(&mut buffer, &allowance, || File::open(&path)).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let error = kept.read(&mut buffer, &allowance, || File::open(&path)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(3), "ESRCH");
    }
}
