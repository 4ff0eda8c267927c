//! A cgroup with a memory limit, removed when dropped.

use std::io;
use std::path::{Path, PathBuf};

/// The cgroup.
pub(super) struct LimitedGroup {
    folder: PathBuf,
}

impl LimitedGroup {
    /// Makes one: on v2 below memtrend's own cgroup or at the top, on v1 in the memory hierarchy.
    pub(super) fn create(limit: u64) -> io::Result<Self> {
        let name = format!("memtrend-demo-{}", std::process::id());
        let v1 = Path::new("/sys/fs/cgroup/memory");
        let (folder, limits) = if v1.join("memory.limit_in_bytes").exists() {
            (v1.join(name), [("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", limit)])
        } else {
            let top = Path::new("/sys/fs/cgroup");
            if !top.join("cgroup.controllers").exists() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "no memory controller below /sys/fs/cgroup"));
            }
            // It may be enabled already, and then need not be writable.
            drop(std::fs::write(top.join("cgroup.subtree_control"), "+memory"));
            (top.join(name), [("memory.max", limit), ("memory.swap.max", 0)])
        };
        std::fs::create_dir(&folder)?;
        let group = Self { folder };
        let [(memory, bytes), (swap, swap_bytes)] = limits;
        std::fs::write(group.folder.join(memory), bytes.to_string())?;
        // Without swap accounting there is no such file.
        drop(std::fs::write(group.folder.join(swap), swap_bytes.to_string()));
        Ok(group)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for LimitedGroup {
    /// A cgroup can be removed once its last process is reaped; the kernel may take a moment.
    fn drop(&mut self) {
        for _ in 0..100 {
            match std::fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                _ => return,
            }
        }
    }
}
