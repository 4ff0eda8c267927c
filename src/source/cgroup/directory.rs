//! The folder of a cgroup, found from the host's side or through a process's own view.

use super::{Version, v2};
use crate::source::keyed::number;
use crate::source::roots::Roots;
use rustix::fs::{FsWord, Mode, OFlags, ResolveFlags, fstat, fstatfs, getxattr, open, openat, openat2, statfs};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Where the hierarchies are mounted.
#[derive(Clone, Debug)]
pub(crate) struct Hierarchies {
    roots: Roots,
    base: PathBuf,
    /// Whether procfs is one: then what an application has mounted as its cgroups must be cgroups.
    is_real: bool,
}

/// An open folder of a cgroup. It stays the same cgroup though another comes in its place: then reads fail.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    folder: Arc<OwnedFd>,
    /// Tells this cgroup from a later one of the same path.
    pub(crate) inode: u64,
    /// Whether it is of a file system of cgroups: an application may mount any in its place, and one that never answers.
    is_of_cgroups: bool,
    /// Its path on the host, where it was found there: its ancestors are above.
    pub(crate) host_path: Option<PathBuf>,
}

impl Hierarchies {
    pub(crate) fn new(roots: &Roots) -> Self {
        let is_real = statfs(&roots.procfs).is_ok_and(|system| system.f_type == PROC_SUPER_MAGIC);
        Self { roots: roots.clone(), base: roots.sysfs.join("fs/cgroup"), is_real }
    }

    /// Mount point of a hierarchy with the memory controller.
    pub(crate) fn mount_point(&self, version: Version) -> PathBuf {
        match version {
            Version::V1 => self.base.join("memory"),
            Version::V2 => self.base.clone(),
        }
    }

    /// The folder of a cgroup on the host's side.
    pub(crate) fn host_path(&self, version: Version, path: &[u8]) -> PathBuf {
        self.mount_point(version).join(relative(path))
    }

    /// The way to a process's own view.
    pub(crate) fn root_of(&self, pid: u32) -> PathBuf {
        self.roots.of_process(pid, "root")
    }

    /// Opens the folder of the cgroup `path` of process `pid`: on the host's side, else through the process's root,
    /// where a private cgroup namespace has the process's own cgroup at the top.
    pub(crate) fn open(&self, version: Version, path: &[u8], pid: Option<u32>) -> io::Result<Directory> {
        let host_path = self.host_path(version, path);
        match Directory::open(&host_path) {
            Ok(directory) if directory.counts_memory(version) => {
                return Ok(Directory { host_path: Some(host_path), ..directory });
            }
            _ => {}
        }
        let Some(pid) = pid else { return Err(io::Error::from(Errno::NOENT)) };
        let root = open(self.root_of(pid), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let top = match version {
            Version::V1 => Path::new("sys/fs/cgroup/memory"),
            Version::V2 => Path::new("sys/fs/cgroup"),
        };
        for candidate in [top.join(relative(path)), top.to_owned()] {
            match Directory::open_in(&root, &candidate) {
                Ok(directory) if (!self.is_real || directory.is_of_cgroups) && directory.counts_memory(version) => {
                    return Ok(directory);
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                _ => {}
            }
        }
        Err(io::Error::from(Errno::NOENT))
    }
}

/// A cgroup's path below its mount point; what leads out of a private namespace (`/../`) is left off.
fn relative(path: &[u8]) -> &Path {
    let mut rest = path;
    loop {
        rest = match rest {
            [b'/', more @ ..] | [b'.', b'.', b'/', more @ ..] => more,
            b".." => &[],
            _ => return Path::new(OsStr::from_bytes(rest)),
        };
    }
}

/// How many processes systemd-oomd has killed in a cgroup (systemd.io/MEMORY_PRESSURE, `man 8 systemd-oomd.service`).
const OOMD_MARK: &str = "user.oomd_kill";

/// Of `linux/magic.h`.
const PROC_SUPER_MAGIC: FsWord = 0x9fa0;
const CGROUP_SUPER_MAGIC: FsWord = 0x0027_e0eb;
const CGROUP2_SUPER_MAGIC: FsWord = 0x6367_7270;

const GROUP: &str = "memory.oom.group";

/// Whether `memory.oom.group` is set.
fn says_group(file: &File) -> bool {
    let mut text = [0; 4];
    file.read_at(&mut text, 0).is_ok_and(|length| v2::is_group(text.get(..length).unwrap_or_default()))
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::of(open(path, FOLDER, Mode::empty())?)
    }

    /// Opens below a process's root. The tree there is the application's: no link of it may lead elsewhere.
    fn open_in(root: &OwnedFd, path: &Path) -> io::Result<Self> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let folder = match openat2(root, path, FOLDER, Mode::empty(), resolve) {
            // Kernels before 5.6, and sandboxes that do not know the call: step by step, no link at all.
            Err(Errno::NOSYS | Errno::PERM) => open_without_links(root, path),
            opened => opened,
        };
        Self::of(folder?)
    }

    fn of(folder: OwnedFd) -> io::Result<Self> {
        let inode = fstat(&folder)?.st_ino;
        let is_of_cgroups =
            fstatfs(&folder).is_ok_and(|system| matches!(system.f_type, CGROUP_SUPER_MAGIC | CGROUP2_SUPER_MAGIC));
        Ok(Self { folder: Arc::new(folder), inode, is_of_cgroups, host_path: None })
    }

    /// Opens one file for reading; never waits, whatever stands there in its place.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(&*self.folder, name, flags, Mode::empty())?))
    }

    /// Whether a kill in it takes all of its processes together: its own `memory.oom.group`, or one above it as far as that
    /// can be seen. Kernels before 4.19 have no such thing.
    pub(crate) fn is_killed_as_group(&self) -> bool {
        let own = self.open_file(GROUP).ok().is_some_and(|file| says_group(&file));
        let above = || self.host_path.iter().flat_map(|path| path.ancestors().skip(1));
        own || above().any(|path| File::open(path.join(GROUP)).is_ok_and(|file| says_group(&file)))
    }

    /// Processes that a killer in user space has killed here, as systemd-oomd marks it; 0 without a mark, `None` where
    /// marks cannot be read.
    pub(crate) fn userspace_kills(&self) -> Option<u64> {
        if !self.is_of_cgroups {
            return None;
        }
        let mut mark = [0; 20];
        // An O_PATH descriptor itself does not answer.
        let path = format!("/proc/self/fd/{}", self.folder.as_raw_fd());
        match getxattr(path, OOMD_MARK, &mut mark) {
            Ok(length) => number(mark.get(..length)?.trim_ascii()),
            Err(Errno::NODATA) => Some(0),
            Err(_) => None,
        }
    }

    /// Whether it is a cgroup of its own with the memory controller: the root has no limit.
    fn counts_memory(&self, version: Version) -> bool {
        let telling = match version {
            Version::V1 => "memory.limit_in_bytes",
            Version::V2 => "memory.max",
        };
        let has = |name: &str| rustix::fs::statat(&*self.folder, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok();
        // On v1 the root has a limit file too; only it has a release agent.
        has(telling) && !has("release_agent")
    }
}

fn open_without_links(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let mut folder = openat(root, ".", FOLDER, Mode::empty())?;
    for component in path.components() {
        let Component::Normal(name) = component else { return Err(Errno::NOENT) };
        folder = openat(&folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_leads_out_of_a_namespace_is_left_off() {
        for (path, expected) in [("/a/b", "a/b"), ("/", ""), ("/../../a", "a"), ("/..", ""), ("/..a", "..a")] {
            assert_eq!(relative(path.as_bytes()), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn a_link_in_an_applications_tree_leads_nowhere_else() {
        let tree = tempfile::tempdir().unwrap();
        let (outside, root) = (tree.path().join("outside"), tree.path().join("proc/7/root"));
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::write(outside.join("memory.max"), "1").unwrap();
        std::fs::create_dir_all(root.join("sys/fs")).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("sys/fs/cgroup")).unwrap();
        let roots = Roots { procfs: tree.path().join("proc"), sysfs: tree.path().join("none"), ..Roots::default() };
        let opened = Hierarchies::new(&roots).open(Version::V2, b"/../app", Some(7));
        assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::NotFound);
        let root = open(&root, FOLDER, Mode::empty()).unwrap();
        assert!(open_without_links(&root, Path::new("sys/fs")).is_ok());
        assert!(open_without_links(&root, Path::new("sys/fs/cgroup")).is_err());
    }
}
