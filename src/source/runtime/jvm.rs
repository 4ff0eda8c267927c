//! HotSpot: the live heap by `GC.class_histogram`, and what is outside of it by the kernel's account of mappings.
//!
//! Why the histogram, and not `GC.run` with the `used` of `GC.heap_info`: it collects and counts in one stop of the world, so
//! that no garbage is made in between; it counts objects, to the byte, where G1's and ZGC's `used` count regions; its lines read
//! the same for every collector of every JDK; and `-XX:+DisableExplicitGC` and `-XX:+ExplicitGCInvokesConcurrent` do not touch
//! it. It costs a walk through the live objects, about as long as the collection again, and text of some 100 bytes a class.
//!
//! What stays in the figure: softly reachable objects, until the JVM wants for memory; and a collection that JNI holds off (a
//! critical section, before JDK 22) is left out, so that one figure among many may be too high.

use super::LiveHeap;
use super::attach::Listener;
use super::deadline::Deadline;
use super::error::RuntimeError;
use super::heap_info::{Collector, HeapInfo};
use super::histogram;
use super::managed::ManagedProcess;
use super::resident::{self, HeapPlace, outside};
use crate::source::keyed::number;
use crate::units::Bytes;
use std::fs::File;

/// From this JDK on, dead objects that a collection leaves where they are count as classes of their own (JDK-8284435).
const TELLS_DEAD_OBJECTS: u64 = 19;

/// From JDK 9 on.
const HEAP_INFO: &str = "GC.heap_info";

/// Gives back what native code has freed and malloc keeps: else the figure outside swings by a third. From JDK 17.0.9 on, with glibc.
const TRIM: &str = "System.trim_native_heap";

/// Collects, and tells what is left.
pub(super) fn collect(process: &ManagedProcess, deadline: &Deadline) -> Result<LiveHeap, RuntimeError> {
    let listener = Listener::open(process, deadline)?;
    let commands = listener.command("help")?;
    let info =
        if has(&commands, HEAP_INFO) { HeapInfo::parse(&listener.command(HEAP_INFO)?) } else { HeapInfo::default() };
    if info.collector == Collector::Epsilon {
        return Err(RuntimeError::NeverCollects(process.pid()));
    }
    let jdk = major(&listener.command("VM.version")?);
    for _ in 0..collections_before(info.collector, jdk.is_some_and(|jdk| jdk >= TELLS_DEAD_OBJECTS)) {
        listener.command("GC.run")?;
    }
    let histogram = listener.command("GC.class_histogram")?;
    let heap =
        histogram::live(&histogram).ok_or_else(|| process.malformed("a class histogram that ends with its total"))?;
    if has(&commands, TRIM) {
        listener.command(TRIM)?;
    }
    let outside = info.place.and_then(|place| outside_of(process, &place, deadline));
    Ok(LiveHeap { heap, outside: outside.map(Bytes::as_f64), took: deadline.taken() })
}

fn outside_of(process: &ManagedProcess, place: &HeapPlace, deadline: &Deadline) -> Option<Bytes> {
    let smaps = File::open(process.path("smaps")).ok()?;
    outside(resident::lines(smaps), place, deadline)
}

/// How many collections of `GC.run` it takes before that of the histogram.
fn collections_before(collector: Collector, tells_dead_objects: bool) -> u32 {
    match collector {
        // Their histograms do not collect, or not as others do (measured with JDK 17): they walk what is reachable, but what only a
        // Cleaner refers to, such as direct buffers, is freed by a collection. Theirs do not stop the program.
        Collector::Shenandoah | Collector::Z => 1,
        Collector::Serial | Collector::Parallel if tells_dead_objects => 0,
        // Every fourth moves all objects (`MarkSweepAlwaysCompactCount`); the others leave up to a twentieth of the heap in its place,
        // dead objects among it.
        Collector::Serial => 3,
        // Likewise (half a MB of 200 in JDK 17), but for collections that are asked for (`UseMaximumCompactionOnSystemGC`).
        Collector::Parallel => 1,
        Collector::Epsilon | Collector::Other => 0,
    }
}

/// Whether `help` lists a command. To try one that is not there would be a leak of its own: 792 bytes each time in JDK 11, for an
/// exception that nobody takes.
fn has(help: &[u8], command: &str) -> bool {
    help.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == command.as_bytes())
}

/// The number of a JDK in `VM.version`, whose second line is `JDK 17.0.15`.
fn major(version: &[u8]) -> Option<u64> {
    let line = version.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"JDK "))?;
    number(line.trim_ascii().split(|byte| !byte.is_ascii_digit()).next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_there_when_it_is_listed() {
        let help = b"The following commands are available:\nGC.heap_info\nGC.run\nhelp\n\nFor more information ...\n";
        assert!(has(help, HEAP_INFO) && !has(help, TRIM) && !has(b"GC.heap_info_more\n", HEAP_INFO));
    }

    #[test]
    fn the_number_of_a_jdk_is_read() {
        for (text, expected) in [
            ("OpenJDK 64-Bit Server VM version 17.0.15+6-Debian-1deb12u1\nJDK 17.0.15\n", Some(17)),
            ("OpenJDK 64-Bit Server VM version 25.352-b08\nJDK 8.0_352\n", Some(8)),
            ("OpenJDK 64-Bit Server VM version 27-ea\nJDK 27\n", Some(27)),
            ("", None),
            ("JDK \n", None),
            ("JDK eleven\n", None),
        ] {
            assert_eq!(major(text.as_bytes()), expected, "{text}");
        }
    }
}
