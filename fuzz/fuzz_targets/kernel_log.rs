//! Lines as records of /dev/kmsg, in order: only the kernel's own may tell of a kill, and of one each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memtrend::source::oom::kernel_log::{Record, Wording};

fuzz_target!(|input: &[u8]| {
    let mut log = Wording::default();
    let mut texts = Wording::default();
    let mut next = 0;
    for line in input.split(|byte| *byte == b'\n') {
        let Some(record) = Record::parse(line) else { continue };
        assert!(record.text.len() <= line.len());
        if let Some(killed) = log.take_record(&record) {
            assert!(record.facility == 0 && !record.is_fragment && record.sequence >= next);
            assert!(killed.pid > 0);
            // The name is in the text, between brackets.
            let named = [b"(", &killed.process[..], b")"].concat();
            assert!(record.text.windows(named.len()).any(|window| window == named));
            assert!(killed.process.len() <= 64);
            for path in [killed.limit_path, killed.task_path].into_iter().flatten() {
                assert!(path.starts_with(b"/") && path.len() <= 4096);
            }
            assert!(killed.resident.is_none_or(|bytes| bytes.0 % 1024 == 0));
        }
        next = next.max(record.sequence.saturating_add(1));
        // Without the record's own checks.
        let _ = texts.take(&record.text, record.micros);
    }
});
