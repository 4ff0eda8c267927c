//! All processes below one, for those who have to end them.

use super::{listing, read_stat};
use crate::source::roots::Roots;
use std::collections::{HashMap, HashSet};

/// A process below another; its pid alone may be another's by and by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Descendant {
    /// Its pid.
    pub pid: u32,
    /// When it began, in clock ticks since boot.
    pub start_ticks: u64,
}

/// The processes below `root`, not itself, without those that are dead and wait for their parent; children come after their parents.
pub fn descendants(root: u32) -> Vec<Descendant> {
    let roots = Roots::default();
    let mut buffer = Vec::new();
    let mut children: HashMap<u32, Vec<(u32, u64, bool)>> = HashMap::new();
    // One that cannot be read has just ended.
    for pid in listing::list(&roots).unwrap_or_default() {
        let Ok(stat) = read_stat(&roots, pid, &mut buffer) else { continue };
        let parent = u32::try_from(stat.ppid).unwrap_or(0);
        let is_dead = matches!(stat.state, 'Z' | 'X');
        children.entry(parent).or_default().push((pid, stat.starttime, is_dead));
    }
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        for (pid, start_ticks, is_dead) in children.remove(&parent).unwrap_or_default() {
            // Pids are given out anew while the list is read: no circle leads astray.
            if seen.insert(pid) {
                next.push(pid);
                found.extend((!is_dead).then_some(Descendant { pid, start_ticks }));
            }
        }
    }
    found
}

impl Descendant {
    /// Whether it still is the process that it was.
    pub fn is_same(self) -> bool {
        let stat = read_stat(&Roots::default(), self.pid, &mut Vec::new());
        stat.is_ok_and(|stat| stat.starttime == self.start_ticks && !matches!(stat.state, 'Z' | 'X'))
    }
}
