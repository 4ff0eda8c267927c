//! cgroup v1's memory controller. See the kernel's admin-guide/cgroup-v1/memory.rst.

use super::reader::{Contents, Limits, Reading};
use crate::analysis::sample::{ByKind, CgroupCounters, Kind, MemoryEvent};
use crate::source::keyed::{number, pairs};
use crate::units::{Bytes, Limit};
use std::io;

/// The files read; the first must be there.
pub(super) const FILES: [&str; 8] = [
    "memory.stat",
    "memory.limit_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.oom_control",
    "memory.failcnt",
    "memory.kmem.usage_in_bytes",
    "memory.kmem.tcp.usage_in_bytes",
    "memory.memsw.failcnt",
];

/// "No limit" is the largest multiple of the page size below 2^63; whatever comes near is meant as none.
const NO_LIMIT: u64 = 1 << 62;

pub(super) fn read(contents: &mut dyn Contents) -> io::Result<Reading> {
    let (mut by_kind, above) = contents.content(0)?.map_or((ByKind::default(), Limit::Unlimited), kinds);
    let memory = contents.content(1)?.map_or(Limit::Unlimited, limit);
    // Without the file (swapaccount=0) swap is not limited.
    let with_swap = contents.content(2)?.map_or(Limit::Unlimited, limit);
    let swap = match (memory, with_swap) {
        (Limit::At(memory), Limit::At(both)) => Limit::At(both.saturating_sub(memory)),
        _ => Limit::Unlimited,
    };
    let mut counters = CgroupCounters::default();
    if let Some(text) = contents.content(3)? {
        take_oom_control(text, &mut counters);
    }
    // Where the limits with and without swap are the same, the kernel charges the one with swap first.
    let mut hits = None;
    for place in [4, 7] {
        if let Some(count) = contents.content(place)?.and_then(|text| number(text.trim_ascii())) {
            hits = Some(hits.unwrap_or(0_u64).saturating_add(count));
        }
    }
    // A hit that reclaim could solve counts too: it does not tell whose limit called for a kill.
    if let Some(slot) = counters.events.get_mut(MemoryEvent::Max.index()) {
        *slot = hits;
    }
    if let Some(kernel) = contents.content(5)?.and_then(|text| number(text.trim_ascii())) {
        by_kind.set(Kind::KernelOther, Bytes(kernel));
    }
    if let Some(sockets) = contents.content(6)?.and_then(|text| number(text.trim_ascii())) {
        by_kind.set(Kind::Sock, Bytes(sockets));
    }
    // CPU time is another hierarchy's here, with paths of its own: summed from processes instead.
    Ok(Reading { by_kind, limits: Limits { memory, swap, above }, counters, cpu_seconds: None })
}

/// Takes in `memory.oom_control`; the line is there from kernel 4.13 on.
pub(crate) fn take_oom_control(text: &[u8], counters: &mut CgroupCounters) {
    counters.oom_kills = pairs(text).find(|(key, _)| *key == b"oom_kill").map(|(_, count)| count);
}

pub(super) fn read_limit(contents: &mut dyn Contents) -> io::Result<Limit> {
    Ok(contents.content(1)?.map_or(Limit::Unlimited, limit))
}

/// Kinds, with those of the cgroups below (`total_*`) where the hierarchy is used, and the tightest limit above.
/// `cache` counts shared memory too: taken apart. The kernel's own share has no kinds here.
fn kinds(stat: &[u8]) -> (ByKind, Limit) {
    let (mut alone, mut total, mut above) = (Figures::default(), Figures::default(), Limit::Unlimited);
    for (key, value) in pairs(stat) {
        match key.strip_prefix(b"total_") {
            Some(key) => total.take(key, value),
            None if key == b"hierarchical_memory_limit" && value < NO_LIMIT => above = Limit::At(Bytes(value)),
            None => alone.take(key, value),
        }
    }
    let figures = if total.rss.is_some() { total } else { alone };
    let mut by_kind = ByKind::default();
    let shmem = figures.shmem.unwrap_or(0);
    let amounts = [
        (Kind::Anon, figures.rss),
        (Kind::File, figures.cache.map(|cache| cache.saturating_sub(shmem))),
        (Kind::Shmem, figures.shmem),
        (Kind::Swap, figures.swap),
    ];
    for (kind, amount) in amounts {
        if let Some(amount) = amount {
            by_kind.set(kind, Bytes(amount));
        }
    }
    (by_kind, above)
}

#[derive(Default)]
struct Figures {
    cache: Option<u64>,
    rss: Option<u64>,
    shmem: Option<u64>,
    swap: Option<u64>,
}

impl Figures {
    fn take(&mut self, key: &[u8], value: u64) {
        match key {
            b"cache" => self.cache = Some(value),
            b"rss" => self.rss = Some(value),
            b"shmem" => self.shmem = Some(value),
            b"swap" => self.swap = Some(value),
            _ => {}
        }
    }
}

fn limit(text: &[u8]) -> Limit {
    match number(text.trim_ascii()) {
        Some(bytes) if bytes < NO_LIMIT => Limit::At(Bytes(bytes)),
        _ => Limit::Unlimited,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    struct Texts([Option<&'static str>; FILES.len()]);

    impl Contents for Texts {
        fn content(&mut self, place: usize) -> io::Result<Option<&[u8]>> {
            Ok(self.0.get(place).copied().flatten().map(str::as_bytes))
        }
    }

    /// Kernel 5.4.
    const STAT: &str = "cache 100\nrss 50\nshmem 10\nswap 3\nhierarchical_memory_limit 104857600\ntotal_cache 1000\ntotal_rss 500\ntotal_shmem 100\ntotal_swap 30\n";

    #[test]
    fn totals_are_taken_and_shared_memory_is_not_counted_twice() {
        let (by_kind, above) = kinds(STAT.as_bytes());
        assert_eq!(by_kind.get(Kind::Anon), Some(Bytes(500)));
        assert_eq!(by_kind.get(Kind::File), Some(Bytes(900)));
        assert_eq!(by_kind.get(Kind::Swap), Some(Bytes(30)));
        assert_eq!(above, Limit::At(Bytes(104_857_600)));
        let (flat, _) = kinds(b"cache 100\nrss 50\nshmem 10\n");
        assert_eq!((flat.get(Kind::Anon), flat.get(Kind::Swap)), (Some(Bytes(50)), None));
    }

    #[test]
    fn a_value_near_2_to_the_63_is_no_limit_and_swap_is_what_is_over() {
        for text in ["9223372036854771712", "9223372036854775807", "-1", "", "x"] {
            assert_eq!(limit(text.as_bytes()), Limit::Unlimited, "{text}");
        }
        assert_eq!(limit(b"0\n"), Limit::At(Bytes(0)));
        let mut texts = Texts([
            Some(STAT),
            Some("100\n"),
            Some("150\n"),
            Some("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"),
            Some("9\n"),
            Some("7\n"),
            None,
            Some("2\n"),
        ]);
        let reading = read(&mut texts).unwrap();
        assert_eq!(reading.limits.swap, Limit::At(Bytes(50)));
        assert_eq!(
            (reading.counters.oom_kills, reading.counters.events[MemoryEvent::Max.index()]),
            (Some(4), Some(11))
        );
        assert_eq!(reading.by_kind.get(Kind::KernelOther), Some(Bytes(7)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (kinds(&text), limit(&text));
        }
    }
}
