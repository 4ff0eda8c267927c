//! The machine: its memory, its clock, and its count of out-of-memory kills.

use super::descriptors::Allowance;
use super::kept::Kept;
use super::keyed::pairs;
use super::oom::vmstat::Vmstat;
use super::read_error::{ReadError, Tally};
use super::roots::Roots;
use crate::analysis::sample::{Ceiling, LimitSource};
use crate::units::{Bytes, Timestamp, count_as_f64};
use std::fs::File;
use std::path::PathBuf;

/// Machine-wide figures of one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct NodeReading {
    pub(crate) memory: Option<NodeMemory>,
    pub(crate) oom_kills: Option<u64>,
    /// Seconds since boot, on the clock by which this procfs tells start times.
    pub(crate) uptime_seconds: Option<f64>,
}

/// From `meminfo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeMemory {
    pub(crate) total: Bytes,
    pub(crate) available: Bytes,
    pub(crate) swap_total: Bytes,
    pub(crate) swap_free: Bytes,
}

impl NodeMemory {
    fn parse(meminfo: &[u8]) -> Option<Self> {
        let (mut total, mut available, mut free) = (None, None, None);
        let (mut swap_total, mut swap_free) = (0, 0);
        for (key, kib) in pairs(meminfo) {
            match key {
                b"MemTotal" => total = Some(kib),
                b"MemAvailable" => available = Some(kib),
                b"MemFree" => free = Some(kib),
                b"SwapTotal" => swap_total = kib,
                b"SwapFree" => swap_free = kib,
                _ => {}
            }
        }
        Some(Self {
            total: Bytes::from_kib(total?),
            available: Bytes::from_kib(available.or(free)?),
            swap_total: Bytes::from_kib(swap_total),
            swap_free: Bytes::from_kib(swap_free),
        })
    }

    /// The machine as a limit: what is not available is in use, and swap may be filled before anything is killed.
    pub(crate) fn ceiling(&self) -> Ceiling {
        let swap_used = self.swap_total.saturating_sub(self.swap_free);
        Ceiling {
            source: LimitSource::Node,
            limit: self.total.saturating_add(self.swap_total),
            used: self.total.saturating_sub(self.available).saturating_add(swap_used),
            swap_included: self.swap_total > Bytes(0),
        }
    }
}

/// Reads `meminfo` and `vmstat`.
#[derive(Debug)]
pub(crate) struct NodeReader {
    meminfo: (PathBuf, Kept),
    vmstat: Vmstat,
    uptime: (PathBuf, Kept),
    boot_time: Option<Timestamp>,
    stat: PathBuf,
}

impl NodeReader {
    pub(crate) fn new(roots: &Roots) -> Self {
        Self {
            meminfo: (roots.procfs.join("meminfo"), Kept::default()),
            vmstat: Vmstat::new(roots),
            uptime: (roots.procfs.join("uptime"), Kept::default()),
            boot_time: None,
            stat: roots.procfs.join("stat"),
        }
    }

    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance, tally: &mut Tally) -> NodeReading {
        let (path, kept) = &mut self.meminfo;
        let memory = kept
            .read(buffer, allowance, || File::open(&*path))
            .map_err(|error| ReadError::io(path, error))
            .and_then(|text| NodeMemory::parse(text).ok_or(ReadError::malformed(path, "MemTotal and MemAvailable")));
        let memory = tally.ok(memory);
        let oom_kills = tally.ok(self.vmstat.read(buffer, allowance)).flatten();
        let (path, kept) = &mut self.uptime;
        // A sandbox may have none; the caller has a clock too.
        let uptime = kept.read(buffer, allowance, || File::open(&*path)).ok().and_then(first_real);
        NodeReading { memory, oom_kills, uptime_seconds: uptime }
    }

    /// Its count of kills once more.
    pub(crate) fn oom_kills(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> Option<u64> {
        self.vmstat.read(buffer, allowance).ok().flatten()
    }

    /// When the machine booted; read once.
    pub(crate) fn boot_time(&mut self, tally: &mut Tally) -> Option<Timestamp> {
        if self.boot_time.is_none() {
            let stat = match std::fs::read(&self.stat) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
                read => tally.ok(read.map_err(|error| ReadError::io(&self.stat, error)))?,
            };
            let seconds = pairs(&stat).find(|(key, _)| *key == b"btime").map(|(_, seconds)| seconds)?;
            self.boot_time = Some(Timestamp(count_as_f64(seconds)));
        }
        self.boot_time
    }
}

fn first_real(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_machine_is_a_limit_with_its_swap() {
        let text = b"MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n";
        let ceiling = NodeMemory::parse(text).unwrap().ceiling();
        assert_eq!(ceiling.limit, Bytes::from_kib(1050));
        assert_eq!(ceiling.used, Bytes::from_kib(630));
        assert!(ceiling.swap_included);
    }

    #[test]
    fn kernels_without_available_memory_and_garbage_are_told_apart() {
        let old = NodeMemory::parse(b"MemTotal: 1000 kB\nMemFree: 100 kB\n").unwrap();
        assert_eq!((old.available, old.ceiling().swap_included), (Bytes::from_kib(100), false));
        assert_eq!(NodeMemory::parse(b"nonsense\n\xff"), None);
    }
}
