//! A process table of the benchmark's own: no foreign process is born or counted while it measures, and the kernel ends
//! all that it has started when it ends, however it ends.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

const INSIDE: &str = "MEMTREND_BENCH_NAMESPACE";

/// Starts this program anew in new namespaces, in its own place; tells whether it runs in them. A shell is their init,
/// so that Ctrl-C ends the benchmark as usual.
pub(crate) fn enter() -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let namespaces = ["--pid", "--cgroup", "--mount-proc", "--fork", "--kill-child"];
    let as_root: Vec<&str> = namespaces.to_vec();
    let as_user = [&["--user", "--map-root-user"], &namespaces[..]].concat();
    for flags in [as_root, as_user] {
        let works = Command::new("unshare").args(&flags).arg("true").stderr(Stdio::null()).status();
        if works.is_ok_and(|status| status.success()) {
            let error = Command::new("unshare")
                .args(&flags)
                .args(["sh", "-c", "\"$@\"; exit $?", "sh"])
                .arg(std::env::current_exe().unwrap())
                .args(std::env::args_os().skip(1))
                .env(INSIDE, "1")
                .exec();
            panic!("cannot run unshare: {error}");
        }
    }
    false
}
