//! A cgroup with a memory limit on this machine, v1 or v2, and a leaking program in it.

use super::binary;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

pub(crate) struct LimitedGroup {
    pub(crate) folder: PathBuf,
    pub is_v1: bool,
}

impl LimitedGroup {
    /// Makes one; `None`, said aloud, where this user may not: the virtual machine's kernel is tried all the same.
    pub(crate) fn create(name: &str, limit: u64) -> Option<Self> {
        let v1 = Path::new("/sys/fs/cgroup/memory");
        let is_v1 = v1.join("memory.limit_in_bytes").exists();
        let top = if is_v1 { v1 } else { Path::new("/sys/fs/cgroup") };
        let folder = top.join(format!("memtrend-test-{name}-{}", std::process::id()));
        let _ = fs::write(top.join("cgroup.subtree_control"), "+memory");
        if let Err(error) = fs::create_dir(&folder) {
            eprintln!("no cgroup can be made here ({error}): this machine's kernel is not tried; run as root for that");
            return None;
        }
        let group = Self { folder, is_v1 };
        let (memory, swap) = if is_v1 {
            (("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", limit))
        } else {
            (("memory.max", limit), ("memory.swap.max", 0))
        };
        fs::write(group.folder.join(memory.0), memory.1.to_string()).unwrap();
        let _ = fs::write(group.folder.join(swap.0), swap.1.to_string());
        Some(group)
    }

    /// Starts a program in it that leaks `rate` bytes a second, and has `mark` in its command line.
    pub(crate) fn leak(&self, start: u64, rate: u64) -> Leak {
        let mut command = Command::new(binary());
        command.args(["leak", "--start", &start.to_string(), "--rate", &rate.to_string(), "--join"]).arg(&self.folder);
        Leak(command.spawn().unwrap())
    }
}

impl Drop for LimitedGroup {
    fn drop(&mut self) {
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A leaking program, ended with the test.
pub(crate) struct Leak(pub(crate) Child);

impl Drop for Leak {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
