//! From the kernel's lines to victims. One kill is told in several lines, which differ from kernel to kernel:
//!
//! - before 5.0 `Task in /a killed as a result of limit of /b`, then `…: Kill process 7 (x) score … or sacrifice child`,
//!   then `Killed process 8 (y) …`, without a word of why;
//! - 5.0 `oom-kill:constraint=…,pid=7,…`, then the same two;
//! - 5.1 and later `oom-kill:constraint=…,pid=7,…`, then `…: Killed process 7 (x) …`.
//!
//! The last is the kill, and is always written; the report before it, from `… invoked oom-killer` to the line that alone
//! has the cgroups, no more than ten times in five seconds. Where the victim's cgroup has `memory.oom.group`, `Tasks in /c
//! are going to be killed …` follows, and one more kill for each process of it, the victim's own repeated: the kernel's
//! counters count it twice too. All lines of one kill are written under one lock (`oom_lock`), so that those of two never
//! mix.

use super::line::{self, Line, Paths, Victim};
use super::record::Record;
use crate::units::Bytes;
use std::mem;
use std::time::Duration;

/// A process that the kernel has killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    /// Its pid as the kernel has it: in no PID namespace. Of a thread of it, where the first has ended.
    pub pid: u32,
    /// Its name, in untrusted bytes.
    pub process: Vec<u8>,
    /// What it held: anonymous, file and shared memory.
    pub resident: Option<Bytes>,
    /// Whether the machine was out of memory, or a cpuset's or a policy's nodes; else a cgroup was at its limit. False too
    /// where the line that tells is lost, which none is that a kernel since 5.1 needs.
    pub is_node: bool,
    /// The cgroup whose limit was hit.
    pub limit_path: Option<Vec<u8>>,
    /// The victim's cgroup, or where that one has no memory controller the nearest above that has; in the kill of a whole
    /// cgroup that cgroup, whichever one below it the victim was in.
    pub task_path: Option<Vec<u8>>,
}

/// Reads the kernel's lines in order.
#[derive(Debug, Default)]
pub struct Wording {
    pending: Option<Pending>,
    /// The record that comes next.
    next: u64,
    /// When the last reports began, the oldest first.
    reports: [Option<u64>; BURST],
    /// Whether reports may have been written right before the record that comes next, and not been read.
    is_past_unknown: bool,
}

/// What the lines before have told.
#[derive(Debug)]
struct Pending {
    micros: u64,
    stage: Stage,
    is_node: Option<bool>,
    limit: Option<Vec<u8>>,
    task: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A report has begun.
    Search,
    /// The cgroups, before 5.0.
    Task,
    /// Who is to be killed, 5.0 and later.
    Summary(u32),
    /// Who is to be killed, before 5.1, or rather a child of it.
    Sentence { pid: u32, is_reported: bool },
    /// It is killed.
    Done { pid: u32, is_reported: bool },
    /// All of its cgroup are being killed; whether the next kill is sure to be of them, which else only that of the first is.
    Group { first: Option<u32>, is_sure: bool },
}

/// How long after a line the next one of the same kill may come, in microseconds.
const SOON: u64 = 1_000_000;

/// The same for a line below which all processes are listed: thousands, on a serial console.
const LISTING: u64 = 60_000_000;

/// The kernel writes so many reports (`DEFAULT_RATELIMIT_BURST`) …
const BURST: usize = 10;

/// … in so many microseconds (`DEFAULT_RATELIMIT_INTERVAL`, and a second for clocks that differ).
const INTERVAL: u64 = 6_000_000;

/// For so long after the log was opened at its end, what was written before bears on what is read.
pub(super) const PAST: Duration = Duration::from_micros(INTERVAL);

impl Wording {
    /// Notes that the log was not read up to the record that comes next, which was written soon after: the kernel may have
    /// used up its reports.
    pub fn note_unread_past(&mut self) {
        self.is_past_unknown = true;
    }

    /// Takes the next record. What others than the kernel wrote is passed over, and so is a record that was taken before;
    /// across lost records nothing is concluded.
    pub fn take_record(&mut self, record: &Record<'_>) -> Option<Killed> {
        if record.sequence < self.next {
            return None;
        }
        if record.sequence > self.next {
            self.pending = None;
            self.is_past_unknown |= self.next > 0;
        }
        if mem::take(&mut self.is_past_unknown) {
            self.reports = [Some(record.micros); BURST];
        }
        self.next = record.sequence.saturating_add(1);
        if record.facility != 0 {
            return None;
        }
        if record.is_fragment {
            // The line before it is not whole, and may end in what a cgroup's name made it end in.
            self.pending = None;
            return None;
        }
        self.take(&record.text, record.micros)
    }

    /// Takes the text of the next record of the kernel's own, and when it was written: a victim, if it tells of one.
    pub fn take(&mut self, text: &[u8], micros: u64) -> Option<Killed> {
        let line = line::read(text)?;
        let before = self.pending.take().filter(|pending| pending.is_fresh(micros));
        let (pending, killed) = match line {
            Line::Search => {
                self.reports.rotate_left(1);
                if let Some(last) = self.reports.last_mut() {
                    *last = Some(micros);
                }
                let other = before.filter(|pending| matches!(pending.stage, Stage::Summary(_)));
                (other.or_else(|| Some(Pending::new(micros, Stage::Search, None, Paths::default()))), None)
            }
            Line::Summary(summary) => {
                let stage = |summary: line::Summary<'_>| {
                    Pending::new(micros, Stage::Summary(summary.pid), Some(summary.is_node), summary.paths)
                };
                (summary.map(stage), None)
            }
            Line::Task(paths) => (paths.map(|paths| Pending::new(micros, Stage::Task, Some(false), paths)), None),
            Line::Sentence { pid, is_node } => (Some(sentence(before, micros, pid, is_node)), None),
            Line::Group(path) => {
                let is_limited =
                    self.reports.first().is_some_and(|first| first.is_some_and(|at| at.abs_diff(micros) <= INTERVAL));
                (Some(group(before, micros, path, is_limited)), None)
            }
            Line::Killed(victim) => {
                let (pending, killed) = kill(before, micros, &victim);
                (pending, Some(killed))
            }
        };
        self.pending = pending;
        killed
    }
}

impl Pending {
    fn new(micros: u64, stage: Stage, is_node: Option<bool>, paths: Paths<'_>) -> Self {
        let [limit, task] = [paths.limit, paths.task].map(|path| path.map(<[u8]>::to_vec));
        Self { micros, stage, is_node, limit, task }
    }

    /// Two processors' clocks differ a little: later may be earlier.
    fn is_fresh(&self, micros: u64) -> bool {
        let at_most = if matches!(self.stage, Stage::Search | Stage::Task) { LISTING } else { SOON };
        micros.abs_diff(self.micros) <= at_most
    }
}

/// After "Kill process … or sacrifice child".
fn sentence(before: Option<Pending>, micros: u64, pid: u32, is_node: bool) -> Pending {
    let told = before.filter(|told| {
        told.is_node.is_none_or(|told| told == is_node)
            && (matches!(told.stage, Stage::Search | Stage::Task) || told.stage == Stage::Summary(pid))
    });
    let stage = Stage::Sentence { pid, is_reported: told.is_some() };
    let (limit, task) = told.map_or((None, None), |told| (told.limit, told.task));
    Pending { micros, stage, is_node: Some(is_node), limit, task }
}

/// After "Tasks in … are going to be killed", which comes right after the kill that was the reason.
///
/// A kill that follows is of the group, or of another one whose report was left out: that is so only after ten reports.
fn group(before: Option<Pending>, micros: u64, path: Option<&[u8]>, is_limited: bool) -> Pending {
    let task = path.map(<[u8]>::to_vec);
    match before {
        Some(Pending { stage: Stage::Done { pid, is_reported }, is_node, limit, .. }) => {
            let stage = Stage::Group { first: Some(pid), is_sure: is_reported && !is_limited };
            Pending { micros, stage, is_node, limit, task }
        }
        _ => Pending { micros, stage: Stage::Group { first: None, is_sure: false }, is_node: None, limit: None, task },
    }
}

/// After "Killed process": what is pending now, and the victim.
fn kill(before: Option<Pending>, micros: u64, victim: &Victim<'_>) -> (Option<Pending>, Killed) {
    let pid = victim.pid;
    let mut killed = Killed {
        pid,
        process: victim.process.to_vec(),
        resident: victim.resident,
        is_node: victim.is_node.unwrap_or(false),
        limit_path: None,
        task_path: None,
    };
    let agrees = |told: &Pending| victim.is_node.is_none() || told.is_node.is_none() || told.is_node == victim.is_node;
    let mut is_reported = false;
    if let Some(told) = before {
        match told.stage {
            Stage::Summary(other) if other != pid => return (Some(told), killed),
            Stage::Group { first, is_sure } if agrees(&told) && (is_sure || first == Some(pid)) => {
                killed.is_node = victim.is_node.or(told.is_node).unwrap_or(false);
                killed.limit_path.clone_from(&told.limit);
                killed.task_path.clone_from(&told.task);
                return (Some(Pending { micros, ..told }), killed);
            }
            Stage::Group { is_sure: false, .. } if agrees(&told) => return (Some(told), killed),
            Stage::Summary(_) if agrees(&told) => {
                is_reported = true;
                killed.is_node = victim.is_node.or(told.is_node).unwrap_or(false);
                (killed.limit_path, killed.task_path) = (told.limit, told.task);
            }
            Stage::Sentence { pid: chosen, is_reported: reported } if victim.is_node.is_none() => {
                is_reported = reported;
                killed.is_node = told.is_node.unwrap_or(false);
                killed.limit_path = told.limit;
                // A child may be in another cgroup, below the same limit.
                killed.task_path = told.task.filter(|_| chosen == pid);
            }
            _ => {}
        }
    }
    let stage = Stage::Done { pid, is_reported };
    (
        Some(Pending { micros, stage, is_node: Some(killed.is_node), limit: killed.limit_path.clone(), task: None }),
        killed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;

    /// Pieces of lines, to be put together in any way.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop::sample::select(vec![
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0",
            "oom-kill:constraint=",
            ",oom_memcg=/a",
            ",global_oom",
            ",task_memcg=/b",
            ",task=x",
            ",pid=7",
            ",uid=0",
            ",mems_allowed=0",
            "Task in /a killed as a result of limit of /b",
            "Task in ",
            " killed as a result of limit of ",
            "/a",
            "Tasks in /g are going to be killed due to memory.oom.group set",
            "Tasks in ",
            "x invoked oom-killer: ",
            "Memory cgroup out of memory: ",
            "Out of memory: ",
            "Out of memory (oom_kill_allocating_task): ",
            "Kill process 7 (x) score 9 or sacrifice child",
            "Killed process 7 (x) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
            "Killed process ",
            "7",
            " (",
            ")",
            " total-vm:",
            "",
            ", anon-rss:",
            "99999999999999999999",
            "kB",
        ]);
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..100),
            prop::collection::vec(pieces, 1..4).prop_map(|pieces| pieces.concat().into_bytes()),
        ]
    }

    proptest! {
        #[test]
        fn no_texts_make_it_panic_or_keep_much(texts in prop::collection::vec((texts(), any::<u64>()), 0..30)) {
            let mut wording = Wording::default();
            for (text, micros) in &texts {
                if let Some(killed) = wording.take(text, *micros) {
                    prop_assert!(killed.pid > 0 && killed.process.len() <= text.len());
                }
                let kept = wording.pending.iter().flat_map(|pending| [&pending.limit, &pending.task]).flatten();
                prop_assert!(kept.map(Vec::len).sum::<usize>() <= 2 * 4096);
            }
        }

        #[test]
        fn only_the_kernel_tells_of_kills(texts in prop::collection::vec(texts(), 0..10), facility in 1_u64..200) {
            let mut wording = Wording::default();
            for (sequence, text) in (0..).zip(&texts) {
                let record = Record { facility, sequence, micros: 0, is_fragment: false, text: Cow::Borrowed(text) };
                prop_assert_eq!(wording.take_record(&record), None);
                prop_assert!(wording.pending.is_none());
            }
        }
    }
}
