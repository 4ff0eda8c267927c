//! memtrend's own process, for the conventional `process_*` metrics.

use super::clock::{page_size, ticks_per_second};
use super::process::count_descriptors;
use crate::analysis::sample::OwnProcess;
use crate::units::{Bytes, Timestamp, count_as_f64};
use procfs::FromRead;
use procfs::process::Stat;
use std::path::Path;

/// Reads its own figures from `/proc/self`, whatever `--path.procfs` says; `None` where there is no procfs at all.
pub(crate) fn read_own(boot_time: Option<Timestamp>) -> Option<OwnProcess> {
    let stat = Stat::from_file("/proc/self/stat").ok()?;
    let ticks = ticks_per_second();
    Some(OwnProcess {
        cpu_seconds: count_as_f64(stat.utime.saturating_add(stat.stime)) / ticks,
        resident: Bytes::from_pages(stat.rss, page_size()),
        virtual_size: Bytes(stat.vsize),
        open_fds: count_descriptors(Path::new("/proc/self/fd")).unwrap_or(0),
        max_fds: rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX),
        threads: u64::try_from(stat.num_threads).unwrap_or(0),
        started: Timestamp(boot_time.map_or(0.0, |boot| boot.0) + count_as_f64(stat.starttime) / ticks),
    })
}
