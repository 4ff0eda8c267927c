//! `/proc/PID/stat`: parent, start, CPU time.

use crate::source::kept::read_all;
use crate::source::keyed::number;
use crate::source::read_error::ReadError;
use crate::source::roots::Roots;
use procfs::FromRead;
use procfs::process::Stat;
use std::fs::File;

/// Reads the state of a process.
pub(crate) fn read_stat(roots: &Roots, pid: u32, buffer: &mut Vec<u8>) -> Result<Stat, ReadError> {
    let path = roots.of_process(pid, "stat");
    let length =
        File::open(&path).and_then(|file| read_all(&file, buffer)).map_err(|error| ReadError::io(&path, error))?;
    let text = buffer.get(..length).unwrap_or_default();
    let stat = if is_whole(text) { Stat::from_read(text).ok() } else { None };
    stat.ok_or_else(|| ReadError::malformed(&path, "a process's state as in proc(5)"))
}

/// Whether a text has the outline `PID (NAME) STATE …`: the crate's parser slices by it without looking.
fn is_whole(stat: &[u8]) -> bool {
    let open = stat.iter().position(|byte| *byte == b'(');
    let close = stat.iter().rposition(|byte| *byte == b')');
    let (Some(open), Some(close)) = (open, close) else { return false };
    let before = stat.get(..open).unwrap_or_default();
    let after = stat.get(close + 1..).unwrap_or_default();
    let pid_and_blank = before.strip_suffix(b" ").is_some_and(|pid| number(pid).is_some());
    open < close && pid_and_blank && matches!(after, [b' ', state, ..] if state.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(stat: &[u8]) -> Option<Stat> {
        is_whole(stat).then(|| Stat::from_read(stat).ok()).flatten()
    }

    #[test]
    fn names_with_parentheses_and_odd_bytes_are_whole() {
        let rest = b") S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 3 0 777 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        let stat = [&b"42 (a) b\xff(\n"[..], rest].concat();
        assert_eq!(parsed(&stat).map(|stat| (stat.pid, stat.starttime, stat.num_threads)), Some((42, 777, 3)));
    }

    #[test]
    fn what_is_cut_off_or_out_of_order_is_refused_before_it_is_sliced() {
        for stat in [
            &b""[..],
            b"(",
            b"()",
            b")(",
            b"(a) S",
            b"1 (a",
            b"1 (a)",
            b"1 (a) ",
            b"x (a) S 1",
            b"1\xc3\xa9(a) S",
            b"1 (a)\xc3\xa9S",
        ] {
            assert!(parsed(stat).is_none(), "{stat:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(stat in prop::collection::vec(prop_oneof![Just(b'('), Just(b')'), Just(b' '), Just(b'1'), any::<u8>()], 0..80)) {
            let _ = parsed(&stat);
        }
    }
}
