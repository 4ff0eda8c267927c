//! What the numbers were measured on, and a process's resident memory.

use crate::table::Table;
use std::fs::read_to_string;

/// CPU, cores, kernel, load.
pub(crate) fn state_facts(table: &mut Table) {
    let cpus = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let line = |path: &str| read_to_string(path).unwrap_or_default().trim().to_owned();
    table.fact("CPU", &format!("{}, {cores} cores", model.unwrap_or("unknown").trim()));
    table.fact("kernel", &line("/proc/sys/kernel/osrelease"));
    table.fact("load average at the start", &line("/proc/loadavg"));
}

/// A `kB` line of a process's `status`, in KiB; zero for one that is not there.
pub(crate) fn status_kib(pid: u32, key: &str) -> f64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.split_whitespace().next());
    value.map_or(0.0, |value| value.parse().unwrap())
}
