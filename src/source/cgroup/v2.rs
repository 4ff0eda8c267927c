//! cgroup v2: `memory.*` of one cgroup. See the kernel's admin-guide/cgroup-v2.rst.

use super::reader::{Contents, Limits, Reading};
use crate::analysis::sample::{ByKind, CgroupCounters, Kind, MemoryEvent};
use crate::source::keyed::{number, pairs};
use crate::units::{Bytes, Limit, count_as_f64};
use std::io;

/// The files read; the first must be there.
pub(super) const FILES: [&str; 8] = [
    "memory.stat",
    "memory.max",
    "memory.swap.current",
    "memory.swap.max",
    "memory.events",
    "memory.events.local",
    "memory.pressure",
    "cpu.stat",
];

pub(super) fn read(contents: &mut dyn Contents) -> io::Result<Reading> {
    let mut by_kind = contents.content(0)?.map(kinds).unwrap_or_default();
    let memory = contents.content(1)?.map_or(Limit::Unlimited, limit);
    if let Some(swap) = contents.content(2)?.and_then(|text| number(text.trim_ascii())) {
        by_kind.set(Kind::Swap, Bytes(swap));
    }
    // Without the file swap is not accounted: nothing may be said to be swappable.
    let swap = contents.content(3)?.map_or(Limit::At(Bytes(0)), limit);
    let mut counters = CgroupCounters::default();
    if let Some(text) = contents.content(4)? {
        take_events(text, &mut counters);
    }
    counters.pressure_microseconds = contents.content(6)?.and_then(pressure);
    let cpu_seconds = contents.content(7)?.and_then(cpu_seconds);
    Ok(Reading { by_kind, limits: Limits { memory, swap, above: Limit::Unlimited }, counters, cpu_seconds })
}

pub(super) fn read_limit(contents: &mut dyn Contents) -> io::Result<Limit> {
    Ok(contents.content(1)?.map_or(Limit::Unlimited, limit))
}

/// How often its own limit called for a kill.
pub(super) fn read_hits(contents: &mut dyn Contents) -> io::Result<Option<u64>> {
    Ok(contents.content(5)?.and_then(hits))
}

/// How often its own limit called for a kill, of `memory.events.local`.
pub(crate) fn hits(text: &[u8]) -> Option<u64> {
    pairs(text).find(|(key, _)| *key == b"oom").map(|(_, count)| count)
}

/// Whether a kill takes all processes of a cgroup, of `memory.oom.group`.
pub(crate) fn is_group(text: &[u8]) -> bool {
    text.trim_ascii() == b"1"
}

/// `memory.stat` counts shared memory inside `file`, and stacks, tables, slab and the rest inside `kernel`: taken apart.
fn kinds(stat: &[u8]) -> ByKind {
    let mut by_kind = ByKind::default();
    let (mut file, mut kernel, mut named_kernel) = (None, None, 0_u64);
    for (key, value) in pairs(stat) {
        let kind = match key {
            b"anon" => Kind::Anon,
            b"shmem" => Kind::Shmem,
            b"slab_reclaimable" => Kind::SlabReclaimable,
            b"slab_unreclaimable" => Kind::SlabUnreclaimable,
            b"pagetables" | b"sec_pagetables" => Kind::PageTables,
            b"kernel_stack" => Kind::KernelStack,
            b"percpu" => Kind::Percpu,
            b"sock" => Kind::Sock,
            b"file" => {
                file = Some(Bytes(value));
                continue;
            }
            b"kernel" => {
                kernel = Some(Bytes(value));
                continue;
            }
            _ => continue,
        };
        if !matches!(kind, Kind::Anon | Kind::Shmem | Kind::Sock) {
            named_kernel = named_kernel.saturating_add(value);
        }
        by_kind.add(kind, Bytes(value));
    }
    if let Some(file) = file {
        by_kind.set(Kind::File, file.saturating_sub(by_kind.or_zero(Kind::Shmem)));
    }
    if let Some(kernel) = kernel {
        by_kind.set(Kind::KernelOther, kernel.saturating_sub(Bytes(named_kernel)));
    }
    by_kind
}

/// `max`, or a number of bytes; anything else is no limit.
fn limit(text: &[u8]) -> Limit {
    number(text.trim_ascii()).map_or(Limit::Unlimited, |bytes| Limit::At(Bytes(bytes)))
}

/// Takes in `memory.events`.
pub(crate) fn take_events(text: &[u8], counters: &mut CgroupCounters) {
    for (key, count) in pairs(text) {
        match key {
            b"oom_kill" => counters.oom_kills = Some(count),
            // From kernel 5.2 on also those of limits below it, which are part of it.
            b"oom" => counters.own_limit_hits = Some(count),
            _ => {}
        }
        for (slot, event) in counters.events.iter_mut().zip(MemoryEvent::ALL) {
            if key == event.name().as_bytes() {
                *slot = Some(count);
            }
        }
    }
}

/// The totals of `some …total=N` and `full …total=N`, in microseconds.
fn pressure(text: &[u8]) -> Option<[u64; 2]> {
    let total = |kind: &[u8]| {
        let line = text.split(|byte| *byte == b'\n').find(|line| line.starts_with(kind))?;
        number(line.rsplit(|byte| *byte == b'=').next()?.trim_ascii())
    };
    Some([total(b"some ")?, total(b"full ")?])
}

/// User and system time of all its processes, those that have ended too.
fn cpu_seconds(text: &[u8]) -> Option<f64> {
    let (_, microseconds) = pairs(text).find(|(key, _)| *key == b"usage_usec")?;
    Some(count_as_f64(microseconds) / 1e6)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    struct Texts([Option<Vec<u8>>; FILES.len()]);

    impl Contents for Texts {
        fn content(&mut self, place: usize) -> io::Result<Option<&[u8]>> {
            Ok(self.0.get(place).and_then(Option::as_deref))
        }
    }

    /// Kernel 6.1.
    const STAT: &str = "anon 1000000\nfile 700000\nkernel 90000\nkernel_stack 16384\npagetables 20000\nsec_pagetables 0\npercpu 1000\nsock 4096\nvmalloc 0\nshmem 200000\nfile_mapped 4096\nslab_reclaimable 30000\nslab_unreclaimable 10000\nslab 40000\n";

    #[test]
    fn kinds_are_disjoint_and_add_up_to_what_is_charged() {
        let by_kind = kinds(STAT.as_bytes());
        assert_eq!(by_kind.get(Kind::File), Some(Bytes(500_000)));
        assert_eq!(by_kind.get(Kind::KernelOther), Some(Bytes(90_000 - 16_384 - 20_000 - 1000 - 40_000)));
        let all: Bytes = Kind::ALL.iter().map(|kind| by_kind.or_zero(*kind)).sum();
        assert_eq!(all, Bytes(1_000_000 + 700_000 + 90_000 + 4096));
    }

    #[test]
    fn older_kernels_have_fewer_files_and_fields() {
        let mut texts = Texts([
            Some(b"anon 5\nfile 3\nshmem 1\n".to_vec()),
            Some(b"max\n".to_vec()),
            None,
            None,
            None,
            None,
            None,
            None,
        ]);
        let reading = read(&mut texts).unwrap();
        assert_eq!(reading.by_kind.get(Kind::KernelOther), None);
        assert_eq!(reading.limits.memory, Limit::Unlimited);
        assert_eq!(reading.limits.swap, Limit::At(Bytes(0)));
        assert_eq!((reading.counters, reading.cpu_seconds), (CgroupCounters::default(), None));
    }

    #[test]
    fn events_pressure_and_limits_are_read() {
        let mut counters = CgroupCounters::default();
        take_events(b"low 0\nhigh 1\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n", &mut counters);
        assert_eq!(counters.oom_kills, Some(2));
        assert_eq!(counters.events, [Some(0), Some(1), Some(12), Some(3), Some(1)]);
        let text =
            b"some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=56\n";
        assert_eq!(pressure(text), Some([1234, 56]));
        assert_eq!(cpu_seconds(b"usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n"), Some(2.5));
        for (text, expected) in
            [("max\n", Limit::Unlimited), ("0\n", Limit::At(Bytes(0))), ("x", Limit::Unlimited), ("", Limit::Unlimited)]
        {
            assert_eq!(limit(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut texts = Texts(std::array::from_fn(|_| Some(text.clone())));
            prop_assert!(read(&mut texts).is_ok());
        }
    }
}
