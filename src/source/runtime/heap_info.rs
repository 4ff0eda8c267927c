//! What `GC.heap_info` says of a JVM's collector, and of where its heap is.

use super::resident::HeapPlace;

/// Collectors, as far as they differ here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Collector {
    /// Also CMS, whose full collections are Serial's.
    Serial,
    Parallel,
    Shenandoah,
    Z,
    Epsilon,
    #[default]
    Other,
}

/// Collectors by how their text begins.
const BEGINNINGS: [(&[u8], Collector); 7] = [
    (b"def new generation", Collector::Serial),
    (b"DefNew", Collector::Serial),
    (b"par new generation", Collector::Serial),
    (b"PSYoungGen", Collector::Parallel),
    (b"Shenandoah Heap", Collector::Shenandoah),
    (b"ZHeap", Collector::Z),
    (b"Epsilon", Collector::Epsilon),
];

/// Of one JVM; the same for its whole life.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HeapInfo {
    pub(super) collector: Collector,
    pub(super) place: Option<HeapPlace>,
}

impl HeapInfo {
    pub(super) fn parse(text: &[u8]) -> Self {
        let start = text.trim_ascii_start();
        let known = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning));
        let collector = known.map(|(_, collector)| *collector).unwrap_or_default();
        if collector == Collector::Z {
            // No addresses; but its memory has a name, and only its.
            return Self { collector, place: Some(HeapPlace::Named(b"java_heap")) };
        }
        let ranges = text.split(|byte| *byte == b'[').skip(1).filter_map(range);
        let whole = ranges.reduce(|whole, part| (whole.0.min(part.0), whole.1.max(part.1)));
        Self { collector, place: whole.map(|(from, to)| HeapPlace::Addresses(from..to)) }
    }
}

/// `0x…, 0x…, 0x…)` after a bracket: from the first, up to the last, what may be committed included.
fn range(text: &[u8]) -> Option<(u64, u64)> {
    let inner = text.split(|byte| *byte == b')').next()?;
    let mut addresses = inner.split(|byte| *byte == b',').map(|word| {
        let digits = word.trim_ascii().strip_prefix(b"0x")?;
        u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    });
    let first = addresses.next()??;
    let last = addresses.next_back()??;
    (first < last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// JDK 17.
    const SERIAL: &str = " def new generation   total 116224K, used 0K [0x00000000e0000000, 0x00000000e7e10000, 0x00000000eaaa0000)\n  eden space 103360K,   0% used [0x00000000e0000000, 0x00000000e0000000, 0x00000000e64f0000)\n tenured generation   total 258048K, used 41480K [0x00000000eaaa0000, 0x00000000fa6a0000, 0x0000000100000000)\n   the space 258048K,  16% used [0x00000000eaaa0000, 0x00000000ed3223b0, 0x00000000ed322400, 0x00000000fa6a0000)\n Metaspace       used 147K, committed 384K, reserved 1114112K\n  class space    used 4K, committed 128K, reserved 1048576K\n";
    const PARALLEL: &str = " PSYoungGen      total 158720K, used 0K [0x00000000f5580000, 0x0000000100000000, 0x0000000100000000)\n  eden space 142848K, 0% used [0x00000000f5580000,0x00000000f5580000,0x00000000fe100000)\n ParOldGen       total 258048K, used 41481K [0x00000000e0000000, 0x00000000efc00000, 0x00000000f5580000)\n  object space 258048K, 16% used [0x00000000e0000000,0x00000000e2882478,0x00000000efc00000)\n";
    const G1: &str = " garbage-first heap   total 147456K, used 42105K [0x00000000e0000000, 0x0000000100000000)\n  region size 1024K, 0 young (0K), 0 survivors (0K)\n";
    const SHENANDOAH: &str = "Shenandoah Heap\n 512M max, 512M soft max, 43008K committed, 41670K used\n 2048 x 256K regions\nStatus: not cancelled\nReserved region:\n - [0x00000000e0000000, 0x0000000100000000) \nCollection set:\n - map (vanilla): 0x0000000000013800\n - map (biased):  0x0000000000010000\n\n";
    /// JDK 25.
    const SERIAL_25: &str = "DefNew     total 116224K, used 0K [0x00000000e0000000, 0x00000000e7e10000, 0x00000000eaaa0000)\n eden space 103360K,   0% used [0x00000000e0000000, 0x00000000e0000000, 0x00000000e64f0000)\nTenured    total 258048K, used 42283K [0x00000000eaaa0000, 0x00000000fa6a0000, 0x0000000100000000)\n the  space 258048K,  16% used [0x00000000eaaa0000, 0x00000000ed3eacd8, 0x00000000fa6a0000)\n";
    const G1_25: &str = "garbage-first heap   total reserved 524288K, committed 143360K, used 42326K [0x00000000e0000000, 0x0000000100000000)\n region size 1024K, 0 young (0K), 0 survivors (0K)\n";

    #[test]
    fn the_heap_of_every_collector_is_found() {
        use Collector::{Other, Parallel, Serial, Shenandoah};
        let expected = Some(HeapPlace::Addresses(0xe000_0000..0x1_0000_0000));
        for (text, collector) in [
            (SERIAL, Serial),
            (PARALLEL, Parallel),
            (G1, Other),
            (SHENANDOAH, Shenandoah),
            (SERIAL_25, Serial),
            (&PARALLEL.replace(" PS", "PS"), Parallel),
            (G1_25, Other),
        ] {
            let info = HeapInfo::parse(text.as_bytes());
            assert_eq!((info.collector, &info.place), (collector, &expected), "{text}");
        }
        for text in [
            " ZHeap           used 42M, capacity 378M, max capacity 512M\n",
            "ZHeap            used 42M, capacity 378M, max capacity 512M\n Cache           336M (2)\n",
        ] {
            let info = HeapInfo::parse(text.as_bytes());
            assert_eq!((info.collector, info.place), (Collector::Z, Some(HeapPlace::Named(b"java_heap"))));
        }
        // JDK 11.
        let cms = " par new generation   total 116160K, used 8263K [0x10, 0x20, 0x30)\n concurrent mark-sweep generation total 258048K, used 0K [0x30, 0x40, 0x80)\n";
        let info = HeapInfo::parse(cms.as_bytes());
        assert_eq!((info.collector, info.place), (Serial, Some(HeapPlace::Addresses(0x10..0x80))));
        let epsilon = "Epsilon Heap\nAllocation space:\n space 385692K,   0% used [0x10, 0x20, 0x30)\n";
        assert_eq!(HeapInfo::parse(epsilon.as_bytes()).collector, Collector::Epsilon);
    }

    #[test]
    fn missing_truncated_and_garbage_texts_have_no_place() {
        for text in ["", "garbage-first heap [0x00, ", "x [1, 2)", "x [0x2, 0x1)", "x [0xg, 0x1)", "[)", "[0x1)"] {
            assert_eq!(HeapInfo::parse(text.as_bytes()), HeapInfo::default(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"(PSYoungGen|ZHeap|\[|0x[0-9a-f]{0,20}|, |\)|[0-9]{1,25}| |\n){0,40}") {
            let _ = HeapInfo::parse(text.as_bytes());
        }
    }
}
