//! One parser for the kernel's "key value" files: `status`, `meminfo`, `vmstat`, `memory.stat`, `memory.events`.
//!
//! Every field is optional, because every kernel and sandbox leaves some out (gVisor's `status` has no `Rss*` lines,
//! kernels before 5.18 no `kernel` in `memory.stat`). A line that is not "key number" is passed over.

/// The (key, number) pairs of a file; a colon after the key and a unit after the number are ignored.
pub(crate) fn pairs(content: &[u8]) -> impl Iterator<Item = (&[u8], u64)> {
    content.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let key = words.next()?;
        let value = number(words.next()?)?;
        Some((key.strip_suffix(b":").unwrap_or(key), value))
    })
}

/// An unsigned decimal number that is all of `word`; what does not fit is the largest.
pub(crate) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(word.iter().fold(0_u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// The numbers of a line, separated by blanks.
pub(crate) fn numbers(content: &[u8]) -> impl Iterator<Item = u64> {
    content.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map_while(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_dialect_of_the_kernel_is_read() {
        let status = b"Name:\tapp\nRssAnon:\t    1234 kB\nThreads:\t7\nSigQ:\t0/123\n";
        assert_eq!(pairs(status).collect::<Vec<_>>(), [(&b"RssAnon"[..], 1234), (&b"Threads"[..], 7)]);
        let stat = b"anon 4096\nfile 8192\n";
        assert_eq!(pairs(stat).collect::<Vec<_>>(), [(&b"anon"[..], 4096), (&b"file"[..], 8192)]);
    }

    #[test]
    fn missing_truncated_and_garbage_lines_are_passed_over() {
        assert_eq!(pairs(b"").count(), 0);
        assert_eq!(pairs(b"anon\nanon \nanon x\nanon -5\nanon 1.5\n\xff\xfe 3x\n").count(), 0);
        assert_eq!(pairs(b"oom_kill 99999999999999999999999").collect::<Vec<_>>(), [(&b"oom_kill"[..], u64::MAX)]);
        assert_eq!(numbers(b"765 438 x 5").collect::<Vec<_>>(), [765, 438]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_no_key_is_empty(content in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(pairs(&content).all(|(key, _)| key.len() <= content.len()));
            let _ = numbers(&content).count();
        }

        #[test]
        fn what_is_written_is_read_back(values in prop::collection::vec(("[a-zA-Z_]{1,20}", any::<u64>()), 0..30)) {
            let text: String = values.iter().map(|(key, value)| format!("{key} {value}\n")).collect();
            let read: Vec<_> = pairs(text.as_bytes()).map(|(k, v)| (String::from_utf8_lossy(k).into_owned(), v)).collect();
            prop_assert_eq!(read, values);
        }
    }
}
