//! Follows `/dev/kmsg` from its end on.

use super::wording::PAST;
use super::{Killed, Record, Wording};
use crate::source::roots::Roots;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Instant;

/// The longest record that the kernel gives: CONSOLE_EXT_LOG_MAX of `kernel/printk/internal.h`.
const LONGEST_RECORD: usize = 8192;

/// The most records that are read at one time; the rest comes with the next event.
const MOST_RECORDS: usize = 4096;

/// The log, open.
#[derive(Debug)]
pub(crate) struct KernelLog {
    file: File,
    wording: Wording,
    buffer: Vec<u8>,
    /// When it was opened; `None` once a record was read.
    opened: Option<Instant>,
}

/// What was read of it.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) victims: Vec<Killed>,
    /// Whether records were overwritten before they could be read.
    pub(crate) was_overrun: bool,
}

impl AsFd for KernelLog {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl KernelLog {
    /// Opens it at its end: what was before is not counted.
    ///
    /// # Errors
    /// EPERM without SYSLOG where `dmesg_restrict` is set; ENOENT where a container has no such device.
    pub(crate) fn open(roots: &Roots) -> io::Result<Self> {
        let open = |path: &std::path::Path| {
            OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
        };
        let own = open("/dev/kmsg".as_ref());
        let mut file = match own {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                open(&roots.of_node("/dev/kmsg")).map_err(|_| error)?
            }
            opened => opened?,
        };
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, wording: Wording::default(), buffer: vec![0; LONGEST_RECORD], opened: Some(Instant::now()) })
    }

    /// Reads what is new.
    pub(crate) fn read(&mut self) -> Heard {
        let mut heard = Heard::default();
        for _ in 0..MOST_RECORDS {
            match self.file.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(length) => {
                    if self.opened.take().is_some_and(|opened| opened.elapsed() < PAST) {
                        self.wording.note_unread_past();
                    }
                    let record = self.buffer.get(..length).and_then(Record::parse);
                    heard.victims.extend(record.and_then(|record| self.wording.take_record(&record)));
                }
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::PIPE) => heard.was_overrun = true,
                    Some(Errno::INTR) => {}
                    _ => break,
                },
            }
        }
        heard
    }
}
