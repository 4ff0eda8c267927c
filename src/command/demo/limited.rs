//! A cgroup with a memory limit, removed when dropped.

use std::io;
use std::path::{Path, PathBuf};

/// What its name begins with; the demo's pid follows.
const NAME: &str = "memtrend-demo-";

/// The cgroup.
pub(super) struct LimitedGroup {
    folder: PathBuf,
}

impl LimitedGroup {
    /// Makes one: at the top of the hierarchy that counts memory.
    pub(super) fn create(limit: u64) -> io::Result<Self> {
        let name = format!("{NAME}{}", std::process::id());
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
        remove_abandoned(folder.parent().unwrap_or(&folder));
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

/// Removes what a demo that was killed has left: a group whose demo is gone is empty, or the kernel keeps it.
fn remove_abandoned(top: &Path) {
    for entry in std::fs::read_dir(top).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            drop(std::fs::remove_dir(entry.path()));
        }
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
