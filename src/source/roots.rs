//! Where the kernel's file systems are mounted.

use std::path::PathBuf;

/// Mount points, so that a container may look at its node and a test at a tree of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// procfs.
    pub procfs: PathBuf,
    /// sysfs; control groups are below `fs/cgroup`.
    pub sysfs: PathBuf,
    /// The node's root file system: names of containers and pods are read below it.
    pub rootfs: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { procfs: "/proc".into(), sysfs: "/sys".into(), rootfs: "/".into() }
    }
}

impl Roots {
    /// A file of a process.
    pub(crate) fn of_process(&self, pid: u32, file: &str) -> PathBuf {
        let mut path = self.procfs.join(itoa::Buffer::new().format(pid));
        path.push(file);
        path
    }

    /// A path of the node's own file system.
    pub(crate) fn of_node(&self, path: &str) -> PathBuf {
        self.rootfs.join(path.trim_start_matches('/'))
    }
}
