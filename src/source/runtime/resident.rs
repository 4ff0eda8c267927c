//! What of a process's memory is outside its collected heap, by `/proc/PID/smaps`.
//!
//! The kernel walks page tables for it and holds the process's memory lock meanwhile, some 20 ms for a GiB: on demand only.

use super::deadline::Deadline;
use super::managed::LONGEST_LINE;
use crate::source::keyed::number;
use crate::units::Bytes;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

/// Where a collected heap is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeapPlace {
    /// Between these addresses.
    Addresses(Range<u64>),
    /// In what has this in its path, at as many addresses as there may be: ZGC maps its heap up to three times.
    Named(&'static [u8]),
}

/// One mapping.
#[derive(Debug)]
struct Mapping {
    is_of_heap: bool,
    /// A file that the kernel can drop and read again: only what was written privately counts.
    is_of_file: bool,
}

/// The lines of `smaps`.
pub(super) fn lines(file: File) -> impl BufRead {
    BufReader::with_capacity(64 * 1024, file)
}

/// Anonymous and shared memory outside of the heap, resident or swapped out. Pages of files are left out: what runs for a while
/// has touched more of its libraries. `None` when the time is over, or a line is not as documented.
pub(super) fn outside(mut smaps: impl BufRead, heap: &HeapPlace, deadline: &Deadline) -> Option<Bytes> {
    let mut sum = Bytes(0);
    let mut line = Vec::new();
    let mut mapping = None;
    loop {
        line.clear();
        if smaps.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).ok()? == 0 {
            return mapping.map(|_: Mapping| sum);
        }
        let (first, rest) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()));
        if !first.ends_with(b":") {
            deadline.left()?;
            mapping = Some(Mapping::parse(first, rest, heap)?);
            continue;
        }
        let place = mapping.as_ref()?;
        let counts = match first {
            b"Rss:" => !place.is_of_file,
            b"Anonymous:" => place.is_of_file,
            b"Swap:" => true,
            _ => false,
        };
        if counts && !place.is_of_heap {
            let kib = number(rest.trim_ascii().strip_suffix(b" kB")?)?;
            sum = sum.saturating_add(Bytes::from_kib(kib));
        }
    }
}

impl Mapping {
    /// Of `FROM-TO` and `PERMISSIONS OFFSET DEVICE INODE PATH`.
    fn parse(addresses: &[u8], rest: &[u8], heap: &HeapPlace) -> Option<Self> {
        let (from, to) = std::str::from_utf8(addresses).ok()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut words = rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let inode = number(words.nth(3)?.trim_ascii())?;
        let path = rest.iter().position(|byte| *byte == b'/').and_then(|at| rest.get(at..)).unwrap_or_default();
        let is_of_heap = match heap {
            // The kernel joins neighbours: what is mostly heap is heap.
            HeapPlace::Addresses(range) => {
                let common = to.min(range.end).saturating_sub(from.max(range.start));
                common > 0 && common >= to.saturating_sub(from) / 2
            }
            HeapPlace::Named(name) => path.windows(name.len()).any(|part| part == *name),
        };
        let is_shared_memory = SHARED_MEMORY.iter().any(|prefix| path.starts_with(prefix));
        Some(Self { is_of_heap, is_of_file: inode != 0 && !is_shared_memory })
    }
}

/// How the kernel names files that are memory: by `memfd_create`, POSIX, System V, and shared anonymous mappings.
const SHARED_MEMORY: [&[u8]; 4] = [b"/memfd:", b"/dev/shm/", b"/SYSV", b"/dev/zero (deleted)"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// Of kernel 6.18, without the fields that do not matter here.
    const SMAPS: &str = "\
e0000000-e7e10000 rw-p 00000000 00:00 0 
Size:             129088 kB
Rss:              100000 kB
Pss:              100000 kB
Anonymous:        100000 kB
Swap:                 50 kB
VmFlags: rd wr mr mw me ac sd 
7f0000000000-7f0000021000 rw-p 00000000 00:00 0 
Rss:                 132 kB
Anonymous:           132 kB
Swap:                  8 kB
7f0100000000-7f0100800000 r--p 00000000 fe:00 1234                       /usr/lib/jvm/my jvm/lib/server/libjvm.so
Rss:                8000 kB
Anonymous:           900 kB
Swap:                  0 kB
7f0200000000-7f0200800000 rw-s 00000000 00:01 77                         /memfd:java_heap (deleted)
Rss:                5000 kB
Anonymous:             0 kB
7f0300000000-7f0300800000 rw-s 00000000 00:01 78                         /memfd:other (deleted)
Rss:                 600 kB
Anonymous:             0 kB
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
Rss:                  60 kB
Anonymous:            60 kB
";

    fn measured(text: &str, heap: &HeapPlace) -> Option<u64> {
        outside(text.as_bytes(), heap, &Deadline::new(Duration::from_secs(60))).map(|bytes| bytes.0 / 1024)
    }

    #[test]
    fn the_heap_and_pages_of_files_are_left_out() {
        let heap = HeapPlace::Addresses(0xe000_0000..0x1_0000_0000);
        assert_eq!(measured(SMAPS, &heap), Some(132 + 8 + 900 + 5000 + 600 + 60));
        assert_eq!(measured(SMAPS, &HeapPlace::Named(b"java_heap")), Some(100_050 + 132 + 8 + 900 + 600 + 60));
    }

    #[test]
    fn a_mapping_that_reaches_beyond_the_heap_is_where_most_of_it_is() {
        let most = HeapPlace::Addresses(0xe000_0000..0xe700_0000);
        assert_eq!(measured(SMAPS, &most), Some(6700));
        let little = HeapPlace::Addresses(0xe700_0000..0x1_0000_0000);
        assert_eq!(measured(SMAPS, &little), Some(106_750));
    }

    #[test]
    fn missing_truncated_and_garbage_texts_are_none() {
        let heap = HeapPlace::Addresses(0..1);
        for text in ["", "\n", "Rss: 1 kB\n", "x-y rw-p 0 0 0\n", "1-2 rw-p\n", "1-2 rw-p 0 0:0 0\nRss: many kB\n"] {
            assert_eq!(measured(text, &heap), None, "{text}");
        }
    }

    #[test]
    fn it_ends_with_its_time() {
        let over = Deadline::new(Duration::ZERO);
        assert_eq!(outside(SMAPS.as_bytes(), &HeapPlace::Addresses(0..1), &over), None);
    }

    #[test]
    fn ones_own_memory_is_found_outside_a_heap_that_is_nowhere() {
        let block = vec![1_u8; 32 << 20];
        let file = File::open("/proc/self/smaps").ok();
        let deadline = Deadline::new(Duration::from_secs(60));
        let found = file.and_then(|file| outside(lines(file), &HeapPlace::Addresses(0..1), &deadline));
        assert!(found.is_some_and(|found| found > Bytes(32 << 20)), "{found:?} {}", block.len());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9a-f]{1,18}|-| |:|Rss:|kB|/|\n){0,60}") {
            let _ = measured(&text, &HeapPlace::Named(b"java_heap"));
            let _ = measured(&text, &HeapPlace::Addresses(5..50));
        }
    }
}
