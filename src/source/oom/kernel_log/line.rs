//! What one line of the kernel says of a kill: the format strings of `mm/oom_kill.c`, `mm/memcontrol.c` and
//! `kernel/cgroup/cpuset.c`, 4.14 to 6.18.
//!
//! Names in a line are untrusted: a process's is up to 15 bytes of any kind, a cgroup's up to 255 of any but newline and
//! slash. A line counts by how it begins, which is longer than a process's name could forge; a number or a name is
//! taken from the side of the line that only the kernel writes. Where that side is none, it is not told.

use super::number;
use crate::units::Bytes;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A search for a victim begins.
    Search,
    /// 5.0 and later: who is to be killed, and whose limit calls for it; `None` where the line leaves that open.
    Summary(Option<Summary<'a>>),
    /// Before 5.0: the cgroups of the one that is to be killed.
    Task(Option<Paths<'a>>),
    /// Before 5.1: who is to be killed, or rather a child of it.
    Sentence { pid: u32, is_node: bool },
    /// The kill.
    Killed(Victim<'a>),
    /// All of a cgroup is to be killed.
    Group(Option<&'a [u8]>),
}

/// The line `oom-kill:constraint=…`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary<'a> {
    pub(super) pid: u32,
    pub(super) is_node: bool,
    pub(super) paths: Paths<'a>,
}

/// Of cgroups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths<'a> {
    pub(super) limit: Option<&'a [u8]>,
    pub(super) task: Option<&'a [u8]>,
}

/// The line that tells of a kill.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Victim<'a> {
    /// Before 5.1 this line does not tell.
    pub(super) is_node: Option<bool>,
    pub(super) pid: u32,
    pub(super) process: &'a [u8],
    pub(super) resident: Option<Bytes>,
}

/// The longest name of a process, in bytes: 15 today (`TASK_COMM_LEN`), with room for a kernel that has more.
const LONGEST_NAME: usize = 64;

/// The longest path that is kept, in bytes: the kernel's `PATH_MAX`.
const LONGEST_PATH: usize = 4096;

/// Reads a line; `None` where it says nothing of a kill.
pub(super) fn read(text: &[u8]) -> Option<Line<'_>> {
    if let Some(rest) = text.strip_prefix(b"oom-kill:constraint=") {
        return Some(Line::Summary(summary(rest)));
    }
    if let Some(rest) = text.strip_prefix(b"Task in ") {
        let paths = only(rest, b" killed as a result of limit of ");
        return Some(Line::Task(paths.map(|(task, limit)| Paths { limit: path(limit), task: path(task) })));
    }
    if let Some(rest) = text.strip_prefix(b"Tasks in ") {
        let group = rest.strip_suffix(b" are going to be killed due to memory.oom.group set")?;
        return Some(Line::Group(path(group)));
    }
    if find(text, b" invoked oom-killer: ").is_some_and(|at| at <= LONGEST_NAME) {
        return Some(Line::Search);
    }
    let (is_node, rest) = match text.strip_prefix(b"Memory cgroup out of memory: ") {
        Some(rest) => (Some(false), rest),
        None => match text
            .strip_prefix(b"Out of memory: ")
            .or_else(|| text.strip_prefix(b"Out of memory (oom_kill_allocating_task): "))
        {
            Some(rest) => (Some(true), rest),
            None => (None, text),
        },
    };
    if let Some(rest) = rest.strip_prefix(b"Killed process ") {
        return victim(rest, is_node).map(Line::Killed);
    }
    let sentence = rest.strip_prefix(b"Kill process ")?.strip_suffix(b" or sacrifice child")?;
    Some(Line::Sentence { pid: pid(sentence.split(|byte| *byte == b' ').next()?)?, is_node: is_node? })
}

/// `PID (NAME) total-vm:…kB, anon-rss:…kB, file-rss:…kB, shmem-rss:…kB[, UID:… pgtables:…kB oom_score_adj:…]`; Red Hat's
/// 3.10 has `, UID …,` before `total-vm`. No kernel writes a bracket after the name's: the last one ends it.
fn victim(text: &[u8], is_node: Option<bool>) -> Option<Victim<'_>> {
    let (number, rest) = split(text, find(text, b" (")?, 2)?;
    let (process, amounts) = split(rest, rest.iter().rposition(|byte| *byte == b')')?, 1)?;
    if process.len() > LONGEST_NAME || !(amounts.starts_with(b" total-vm:") || amounts.starts_with(b", UID ")) {
        return None;
    }
    let kinds: [&[u8]; 3] = [b", anon-rss:", b", file-rss:", b", shmem-rss:"];
    let resident = kinds.iter().try_fold(0_u64, |sum, kind| sum.checked_add(amount(amounts, kind)?)).map(Bytes);
    Some(Victim { is_node, pid: pid(number)?, process, resident })
}

/// What stands behind a key, in bytes.
fn amount(amounts: &[u8], key: &[u8]) -> Option<u64> {
    let (_, rest) = split(amounts, find(amounts, key)?, key.len())?;
    let (kib, _) = split(rest, find(rest, b"kB")?, 0)?;
    number(kib)?.checked_mul(1024)
}

/// `CONSTRAINT,nodemask=…[,cpuset=NAME,mems_allowed=…],oom_memcg=PATH|,global_oom,task_memcg=PATH,task=NAME,pid=…,uid=…`.
///
/// The pid is told by the right end. Of the rest the kernel writes each separator once, so that one which is there once is
/// the kernel's; where a name holds another, one cannot tell which is which. The constraint is not read: 5.0 to 5.2 have
/// `CONSTRAINT_NONE` at a cgroup's limit too.
fn summary(text: &[u8]) -> Option<Summary<'_>> {
    let (text, uid) = last(text, b",uid=")?;
    number(uid.strip_prefix(b"-").unwrap_or(uid))?;
    let (text, process_id) = last(text, b",pid=")?;
    let (head, process) = only(text, b",task=")?;
    let (rest, task) = only(head, b",task_memcg=")?;
    let (front, limit) = match (rest.strip_suffix(b",global_oom"), find(rest, b",oom_memcg=")) {
        (Some(front), None) => (front, None),
        (None, Some(_)) => only(rest, b",oom_memcg=").map(|(front, limit)| (front, Some(limit)))?,
        _ => return None,
    };
    // A kernel without memory cgroups writes none of those, but the name of a cpuset may, which is left of this one.
    let allowed = b",mems_allowed=";
    if find(head, allowed).is_some() && (only(head, allowed).is_none() || find(front, allowed).is_none()) {
        return None;
    }
    let paths = Paths { limit: limit.and_then(path), task: path(task) };
    let summary = Summary { pid: pid(process_id)?, is_node: limit.is_none(), paths };
    (process.len() <= LONGEST_NAME).then_some(summary)
}

/// A cgroup's path; the kernel writes `(error)` or `(name too long)` where it has none.
fn path(bytes: &[u8]) -> Option<&[u8]> {
    (bytes.starts_with(b"/") && bytes.len() <= LONGEST_PATH).then_some(bytes)
}

fn pid(digits: &[u8]) -> Option<u32> {
    number(digits).and_then(|value| u32::try_from(value).ok()).filter(|pid| *pid > 0)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// What is before `at`, and what is behind it and a separator of `length`.
fn split(text: &[u8], at: usize, length: usize) -> Option<(&[u8], &[u8])> {
    Some((text.get(..at)?, text.get(at + length..)?))
}

/// Both sides of the last separator.
fn last<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(separator.len()).rposition(|window| window == separator)?;
    split(text, at, separator.len())
}

/// Both sides of a separator that is there once.
fn only<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, separator)?;
    if find(text.get(at + 1..)?, separator).is_some() {
        return None;
    }
    split(text, at, separator.len())
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn killed(text: &str) -> Option<Victim<'_>> {
        match read(text.as_bytes()) {
            Some(Line::Killed(victim)) => Some(victim),
            _ => None,
        }
    }

    #[test]
    fn a_kill_gives_what_it_held_where_all_of_it_is_told() {
        let amounts = |text: &str| killed(text).map(|victim| victim.resident);
        let start = "Out of memory: Killed process 7 (x) total-vm:9kB, anon-rss:1kB, file-rss:2kB";
        assert_eq!(amounts(&format!("{start}, shmem-rss:3kB")), Some(Some(Bytes(6 << 10))));
        assert_eq!(amounts(&format!("{start}, shmem-rss:3kB oom_score_adj:0")), Some(Some(Bytes(6 << 10))));
        for rest in ["", ", shmem-rss:", ", shmem-rss:3", ", shmem-rss:-3kB", ", shmem-rss:99999999999999999999kB"] {
            assert_eq!(amounts(&format!("{start}{rest}")), Some(None), "{rest}");
        }
        assert_eq!(amounts(&format!("{start}, shmem-rss:{}kB", u64::MAX / 1024)), Some(None));
        let too_much = "Killed process 7 (x) total-vm:9kB, anon-rss:18014398509481984kB, file-rss:0kB, shmem-rss:0kB";
        assert_eq!(amounts(too_much), Some(None));
    }

    #[test]
    fn what_is_no_whole_kill_is_none() {
        for wrong in [
            "Killed process ",
            "Killed process 7",
            "Killed process 7 (",
            "Killed process 7 (x",
            "Killed process 7 (x)",
            "Killed process 7 (x) by hand",
            "Killed process 7 x total-vm:1kB",
            "Killed process -7 (x) total-vm:1kB",
            "Killed process 0 (x) total-vm:1kB",
            "Killed process 4294967296 (x) total-vm:1kB",
            "Killed process 99999999999999999999 (x) total-vm:1kB",
            "out of memory: Killed process 7 (x) total-vm:1kB",
            " Killed process 7 (x) total-vm:1kB",
            "Out of memory: Out of memory: Killed process 7 (x) total-vm:1kB",
        ] {
            assert_eq!(killed(wrong), None, "{wrong}");
        }
        let long = format!("Killed process 7 ({}) total-vm:1kB", "x".repeat(LONGEST_NAME + 1));
        assert_eq!(killed(&long), None);
    }

    #[test]
    fn a_summary_tells_paths_where_no_name_could_have_written_them() {
        let told = |middle: &str| {
            let text = format!("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null){middle},pid=7,uid=0");
            match read(text.as_bytes()) {
                Some(Line::Summary(Some(Summary { pid: 7, is_node, paths }))) => Some((
                    is_node,
                    paths.limit.map(|path| String::from_utf8_lossy(path).into_owned()),
                    paths.task.map(|path| String::from_utf8_lossy(path).into_owned()),
                )),
                _ => None,
            }
        };
        let paths = |limit: &str, task: &str| Some((false, Some(limit.to_owned()), Some(task.to_owned())));
        let set = ",cpuset=c,mems_allowed=0-1,3";
        assert_eq!(told(&format!("{set},oom_memcg=/a,task_memcg=/a/b,task=x")), paths("/a", "/a/b"));
        assert_eq!(told(",oom_memcg=/a,task_memcg=/a/b,task=x"), paths("/a", "/a/b"), "no cpusets");
        let node = Some((true, None, Some("/b".to_owned())));
        assert_eq!(told(&format!("{set},global_oom,task_memcg=/b,task=x")), node);
        assert_eq!(
            told(&format!("{set},oom_memcg=(name too long),task_memcg=/b,task=x")),
            Some((false, None, Some("/b".into())))
        );
        // Names that hold separators, and cannot deceive.
        assert_eq!(
            told(&format!("{set},oom_memcg=/a,task_memcg=/a/b,pid=9,uid=8,task=x")),
            paths("/a", "/a/b,pid=9,uid=8")
        );
        assert_eq!(
            told(&format!("{set},oom_memcg=/a,task_memcg=/a/,oom_memcg=/v,task=x")),
            paths("/a", "/a/,oom_memcg=/v")
        );
        assert_eq!(told(&format!("{set},oom_memcg=/a,task_memcg=/a,task=x,task_memcg=/v")), paths("/a", "/a"));
        // Names that could.
        for wrong in [
            ",cpuset=c,oom_memcg=/v,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x",
            ",cpuset=c,oom_memcg=/v,mems_allowed=0,global_oom,task_memcg=/a,task=x",
            ",cpuset=c,oom_memcg=/v,task_memcg=/v,mems_allowed=0,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/v,task_memcg=/v,mems_allowed=0,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/a,task_memcg=/v,task_memcg=/a,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/a,oom_memcg=/v,task_memcg=/a,oom_memcg=/v,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/a,global_oom,task_memcg=/a,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=y,task=x",
            ",cpuset=c,mems_allowed=0,task=x",
            ",cpuset=c,mems_allowed=0,oom_memcg=/a,task=x",
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
        let long = format!("/{}", "x".repeat(LONGEST_PATH));
        assert_eq!(
            told(&format!("{set},oom_memcg=/a,task_memcg={long},task=x")),
            Some((false, Some("/a".into()), None))
        );
    }

    /// Names as they are, and such as try to look like the kernel's own words.
    fn names() -> impl Strategy<Value = Vec<u8>> {
        let words = prop::sample::select(vec![
            &b")"[..],
            b"(",
            b" (",
            b") ",
            b" total-vm:",
            b",pid=1",
            b",uid=0",
            b",task=",
            b"kB",
            b"\n",
            b"\xff",
            b"\\x41",
            b"1",
            b", UID 3",
            b"anon-rss:",
            b",task_memcg=/",
        ]);
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..16),
            prop::collection::vec(words, 0..6).prop_map(|words| words.concat()[..].iter().copied().take(15).collect()),
        ]
    }

    proptest! {
        #[test]
        fn whatever_its_name_a_victim_is_told(
            name in names(), number in 1_u32.., kib in 0_u64..1 << 40, is_node in any::<bool>(), tail in 0_usize..3,
        ) {
            let mut text = if is_node { b"Out of memory: ".to_vec() } else { b"Memory cgroup out of memory: ".to_vec() };
            text.extend(format!("Killed process {number} (").bytes());
            text.extend(&name);
            text.extend(format!(") total-vm:1kB, anon-rss:{kib}kB, file-rss:4kB, shmem-rss:0kB").bytes());
            text.extend([&b""[..], b", UID:0 pgtables:108kB oom_score_adj:-998", b" oom_score_adj:0"][tail]);
            let resident = Some(Bytes::from_kib(kib + 4));
            prop_assert_eq!(
                read(&text),
                Some(Line::Killed(Victim { is_node: Some(is_node), pid: number, process: &name, resident }))
            );
        }

        #[test]
        fn whatever_its_name_a_summary_has_the_right_pid_and_no_other_paths(name in names(), number in 1_u32..) {
            let start = b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=";
            let text = [start, &name[..], format!(",pid={number},uid=-2").as_bytes()].concat();
            let Some(Line::Summary(summary)) = read(&text) else { panic!("no summary") };
            if let Some(summary) = summary {
                let paths = Paths { limit: Some(b"/a"), task: Some(b"/a/b") };
                prop_assert_eq!(summary, Summary { pid: number, is_node: false, paths });
            } else {
                prop_assert!(find(&name, b",task=").is_some());
            }
        }
    }
}
