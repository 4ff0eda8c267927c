//! `/proc/PID/status` as far as it says whether a process may be asked: state, user, pid inside, signals handled.

use crate::source::keyed::number;
use crate::units::Bytes;

const SIGQUIT: u32 = 3;

/// How a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// By a signal or a debugger.
    pub(super) is_stopped: bool,
    /// A zombie, or gone.
    pub(super) has_ended: bool,
    pub(super) effective_user: u32,
    /// Its pid as it sees it itself.
    pub(super) inner_pid: u32,
    /// Anonymous and shared memory, resident or swapped out; not told before kernel 4.5.
    pub(super) held: Option<Bytes>,
    /// Whether SIGQUIT has a handler, so that it does not kill.
    pub(super) handles_quit: bool,
}

impl Standing {
    /// Reads the text; `None` where one of the lines is missing or is not of this form. `pid` stands for itself where the kernel
    /// (before 4.1) does not tell pids inside.
    pub(super) fn parse(pid: u32, status: &[u8]) -> Option<Self> {
        let state = *field(status, b"State")?.first()?;
        let user = words(field(status, b"Uid")?).nth(1)?;
        let inner = field(status, b"NSpid").and_then(|pids| words(pids).last()).and_then(number);
        let handled = u64::from_str_radix(std::str::from_utf8(field(status, b"SigCgt")?).ok()?, 16).ok()?;
        Some(Self {
            is_stopped: matches!(state, b'T' | b't'),
            has_ended: matches!(state, b'Z' | b'X' | b'x'),
            effective_user: u32::try_from(number(user)?).ok()?,
            held: held(status),
            inner_pid: inner.map_or(Some(pid), |inner| u32::try_from(inner).ok())?,
            handles_quit: handled & (1 << (SIGQUIT - 1)) != 0,
        })
    }
}

fn held(status: &[u8]) -> Option<Bytes> {
    let kinds = [&b"RssAnon"[..], b"RssShmem", b"VmSwap"].map(|key| {
        let kib = number(field(status, key)?.strip_suffix(b"kB")?.trim_ascii())?;
        Some(Bytes::from_kib(kib))
    });
    kinds.into_iter().collect::<Option<Vec<Bytes>>>().map(|kinds| kinds.into_iter().sum())
}

/// The value of a line, without blanks around it.
fn field<'a>(status: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut lines = status.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(b":")).map(<[u8]>::trim_ascii)
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATUS: &[u8] = b"Name:\tjava\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4242\nPid:\t4242\nUid:\t1000\t1001\t1000\t1000\nNSpid:\t4242\t7\nSigCgt:\t2000000181005ccf\n";

    #[test]
    fn a_process_inside_a_namespace_is_read() {
        let expected = Standing {
            is_stopped: false,
            has_ended: false,
            effective_user: 1001,
            inner_pid: 7,
            held: None,
            handles_quit: true,
        };
        assert_eq!(Standing::parse(4242, STATUS), Some(expected));
        let memory = b"RssAnon:\t     100 kB\nRssFile:\t  7 kB\nRssShmem:\t  20 kB\nVmSwap:\t   3 kB\n";
        let held = Standing::parse(4242, &[STATUS, memory].concat()).and_then(|standing| standing.held);
        assert_eq!(held, Some(Bytes::from_kib(123)));
    }

    #[test]
    fn stopped_traced_and_ended_ones_are_told_and_who_does_not_handle_the_signal() {
        let with = |state: &str, handled: &str| {
            let text = format!("State:\t{state}\nUid:\t0\t0\t0\t0\nSigCgt:\t{handled}\n");
            Standing::parse(9, text.as_bytes())
        };
        let plain = with("R (running)", "0000000000000003").unwrap_or_else(|| unreachable!());
        assert!(!plain.handles_quit && !plain.is_stopped && !plain.has_ended);
        assert_eq!(plain.inner_pid, 9, "kernels before 4.1 do not tell it");
        for (state, stopped, ended) in
            [("T (stopped)", true, false), ("t (tracing stop)", true, false), ("Z (zombie)", false, true)]
        {
            let standing = with(state, "4").unwrap_or_else(|| unreachable!());
            assert_eq!((standing.is_stopped, standing.has_ended, standing.handles_quit), (stopped, ended, true));
        }
    }

    #[test]
    fn missing_truncated_and_garbage_lines_are_none() {
        for text in [&b""[..], b"State:\n", b"State:\tS\nUid:\t1\nSigCgt:\t4\n", b"State:\tS\nUid:\t1\t1\nSigCgt:\tx\n"]
        {
            assert_eq!(Standing::parse(1, text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "(State|Uid|NSpid|SigCgt|:|\t|[0-9a-f]|\n){0,40}") {
            let _ = Standing::parse(1, text.as_bytes());
        }
    }
}
