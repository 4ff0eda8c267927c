//! What the kernel says of a running process: CPU time to the nanosecond, and whether a thread is at rest.

use std::fs::{read_dir, read_to_string};

/// CPU time of all threads in nanoseconds.
pub(crate) fn cpu_nanoseconds(pid: u32) -> f64 {
    let tasks = read_dir(format!("/proc/{pid}/task")).expect("the exporter runs").flatten();
    tasks.map(|task| nanoseconds(&read_to_string(task.path().join("schedstat")).unwrap_or_default())).sum()
}

/// CPU time of the thread that a process began with, in nanoseconds.
pub(crate) fn first_thread_nanoseconds(pid: u32) -> f64 {
    nanoseconds(&read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).expect("the exporter runs"))
}

/// The whole account of a thread by its name, if it sleeps; two that are the same say that it has not run in between.
pub(crate) fn account_at_rest(pid: u32, thread: &str) -> Option<String> {
    let task = read_dir(format!("/proc/{pid}/task"))
        .ok()?
        .flatten()
        .map(|task| task.path())
        .find(|task| read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == thread))?;
    let account = read_to_string(task.join("schedstat")).ok()?;
    let stat = read_to_string(task.join("stat")).ok()?;
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S')).then_some(account)
}

/// The first field: time on a CPU. The others are waiting and the number of turns.
fn nanoseconds(schedstat: &str) -> f64 {
    schedstat.split(' ').next().unwrap_or_default().parse().unwrap_or(0.0)
}
