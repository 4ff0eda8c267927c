//! What costs more than `statm` and is therefore read when a process is new and then only in turn.

use super::stat::read_stat;
use crate::analysis::sample::Reason;
use crate::source::keyed::pairs;
use crate::source::read_error::{ReadError, Tally};
use crate::source::remedy;
use crate::source::roots::Roots;
use crate::units::{Bytes, length_as_count};
use procfs::FromRead;
use procfs::process::{LimitValue, Limits};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Once;

/// From `status`, `stat`, `limits` and the descriptor folder of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) shmem: Option<Bytes>,
    pub(crate) swap: Option<Bytes>,
    pub(crate) threads: Option<u64>,
    /// User and system time in clock ticks.
    pub(crate) cpu_ticks: Option<u64>,
    pub(crate) open_fds: Option<u64>,
    pub(crate) max_fds: Option<u64>,
    /// RLIMIT_AS.
    pub(crate) address_space_limit: Option<Bytes>,
    /// RLIMIT_DATA.
    pub(crate) data_limit: Option<Bytes>,
    reads: u8,
}

/// Limits are hardly ever changed: they are read in one read of so many.
const READS_BETWEEN_LIMITS: u8 = 16;

impl Details {
    pub(crate) fn read(&mut self, roots: &Roots, pid: u32, buffer: &mut Vec<u8>, tally: &mut Tally) {
        let path = roots.of_process(pid, "status");
        let status = std::fs::File::open(&path)
            .and_then(|file| crate::source::kept::read_all(&file, buffer))
            .map_err(|error| ReadError::io(&path, error));
        if let Some(length) = tally.ok(status) {
            self.take_status(buffer.get(..length).unwrap_or_default());
        }
        let stat = read_stat(roots, pid, buffer);
        self.cpu_ticks = tally.ok(stat).map(|stat| stat.utime.saturating_add(stat.stime));
        let folder = roots.of_process(pid, "fd");
        self.open_fds = match count_descriptors(&folder) {
            // A sandbox may leave it out.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            counted => tally.ok(counted.map_err(|error| ReadError::io(&folder, error)).inspect_err(say_once)),
        };
        if self.reads.is_multiple_of(READS_BETWEEN_LIMITS) {
            self.read_limits(&roots.of_process(pid, "limits"));
        }
        self.reads = self.reads.wrapping_add(1);
    }

    fn read_limits(&mut self, path: &Path) {
        // A sandbox may leave this file out.
        if let Ok(limits) = Limits::from_file(path) {
            self.max_fds = finite(limits.max_open_files);
            self.address_space_limit = finite(limits.max_address_space).map(Bytes);
            self.data_limit = finite(limits.max_data_size).map(Bytes);
        }
    }

    fn take_status(&mut self, status: &[u8]) {
        for (key, value) in pairs(status) {
            match key {
                b"RssShmem" => self.shmem = Some(Bytes::from_kib(value)),
                b"VmSwap" => self.swap = Some(Bytes::from_kib(value)),
                b"Threads" => self.threads = Some(value),
                _ => {}
            }
        }
    }
}

fn finite(limit: procfs::process::Limit) -> Option<u64> {
    match limit.soft_limit {
        LimitValue::Unlimited => None,
        LimitValue::Value(value) => Some(value),
    }
}

/// Open descriptors of a process: the size of its `fd` folder on kernel 6.2 and later, else the number of its entries.
pub(crate) fn count_descriptors(folder: &Path) -> io::Result<u64> {
    let metadata = std::fs::metadata(folder)?;
    if metadata.len() > 0 && kernel_tells_sizes(metadata.dev()) {
        return Ok(metadata.len());
    }
    Ok(length_as_count(std::fs::read_dir(folder)?.count()))
}

/// Says once that descriptors may not be counted, and what would permit it.
fn say_once(error: &ReadError) {
    static SAID: Once = Once::new();
    if error.reason() == Reason::Permission {
        let remedy = remedy::DESCRIPTORS;
        SAID.call_once(|| {
            tracing::warn!(%error, remedy, "descriptors not readable: memtrend_application_open_fds is absent where they are not");
        });
    }
}

/// Whether a file system is a procfs whose `fd` folders have sizes: found out once.
fn kernel_tells_sizes(device: u64) -> bool {
    static TELLING_DEVICE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    let own = Path::new("/proc/self/fd");
    let is_procfs = || rustix::fs::statfs(own).is_ok_and(|system| system.f_type == PROC_SUPER_MAGIC);
    let telling = TELLING_DEVICE
        .get_or_init(|| std::fs::metadata(own).ok().filter(|_| is_procfs()).map_or(0, |metadata| metadata.dev()));
    *telling == device
}

/// `PROC_SUPER_MAGIC` of `linux/magic.h`.
const PROC_SUPER_MAGIC: rustix::fs::FsWord = 0x9fa0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_status_is_optional() {
        let mut whole = Details::default();
        whole.take_status(b"Name:\tapp\nRssAnon:\t 10 kB\nRssShmem:\t 8 kB\nVmSwap:\t 3 kB\nThreads:\t5\n");
        let expected =
            Details { shmem: Some(Bytes(8192)), swap: Some(Bytes(3072)), threads: Some(5), ..Details::default() };
        assert_eq!(whole, expected);
        let mut gvisor = Details::default();
        gvisor.take_status(b"Name:\tapp\nState:\tS (sleeping)\nVmRSS:\t10 kB\nThreads:\t2\n");
        assert_eq!(gvisor, Details { threads: Some(2), ..Details::default() });
    }

    #[test]
    fn descriptors_are_counted_as_the_folder_lists_them() {
        let mut own = Details::default();
        own.read(&Roots::default(), std::process::id(), &mut Vec::new(), &mut Tally::default());
        let listed = std::fs::read_dir("/proc/self/fd").map_or(0, |listing| length_as_count(listing.count()));
        let counted = own.open_fds.unwrap_or(0);
        // Other tests of this process open and close files meanwhile.
        assert!(counted > 2 && counted.abs_diff(listed) < 50, "{counted} {listed}");
    }
}
