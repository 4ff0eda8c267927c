//! Where memtrend's own cgroup namespace begins on the node. In a private one the kernel names all from there (`/../../kubepods…`,
//! and memtrend's own cgroup `/`), while the node's `/sys`, where it is mounted, has the whole tree: without the begin of the
//! namespace no name leads to a folder.

use super::Version;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Folders that are looked at, once: a node has some thousand.
const MOST_FOLDERS: usize = 100_000;

/// The begin of the namespace in each hierarchy; `None` where names are those of the node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Namespace {
    v1: Option<Box<[u8]>>,
    v2: Option<Box<[u8]>>,
}

impl Namespace {
    /// Finds it: memtrend is in the folder whose processes are listed with its `pid`; `own` tells by which name. The mount
    /// point of the version is asked for.
    pub(super) fn find(own: &[(Version, Box<[u8]>)], pid: u32, mount_point: impl Fn(Version) -> PathBuf) -> Self {
        let mut found = Self::default();
        for (version, path) in own {
            let begin = begin(&mount_point(*version), path, pid);
            match version {
                Version::V1 => found.v1 = begin,
                Version::V2 => found.v2 = begin,
            }
        }
        found
    }

    /// A path as the node has it; one that leads above the node's own top stays as it is.
    pub(super) fn on_node<'a>(&self, version: Version, path: &'a [u8]) -> Cow<'a, [u8]> {
        let begin = match version {
            Version::V1 => &self.v1,
            Version::V2 => &self.v2,
        };
        begin.as_ref().and_then(|begin| joined(begin, path)).map_or(Cow::Borrowed(path), Cow::Owned)
    }
}

fn joined(begin: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let parts =
        |path: &'_ [u8]| path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect();
    let mut all: Vec<Vec<u8>> = parts(begin);
    let more: Vec<Vec<u8>> = parts(path);
    for part in more {
        if part == b".." {
            all.pop()?;
        } else {
            all.push(part);
        }
    }
    Some([&b"/"[..], &all.join(&b'/')].concat())
}

/// The path below `mount` of the folder that is called `/` here; `None` where `own` is a path of that mount already, or leads
/// nowhere in it.
fn begin(mount: &Path, own: &[u8], pid: u32) -> Option<Box<[u8]>> {
    let name = own.strip_prefix(b"/")?;
    if holds(&mount.join(OsStr::from_bytes(name)), pid) {
        return None;
    }
    let mut folders = VecDeque::from([mount.to_owned()]);
    for _ in 0..MOST_FOLDERS {
        let folder = folders.pop_front()?;
        if holds(&folder, pid) {
            let path = folder.strip_prefix(mount).ok()?.as_os_str().as_bytes();
            let begin = if name.is_empty() { path } else { path.strip_suffix(name)?.strip_suffix(b"/")? };
            return Some([b"/", begin].concat().into());
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()),
        );
    }
    None
}

/// Whether a process is listed in a cgroup.
fn holds(folder: &Path, pid: u32) -> bool {
    let listed = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    listed.lines().any(|line| line.parse() == Ok(pid))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const PID: u32 = 4711;

    fn tree(own: &str) -> tempfile::TempDir {
        let mount = tempfile::tempdir().unwrap();
        for (path, processes) in
            [("kubepods/pod1/agent", "1\n4711\n"), ("kubepods/pod1/agent/below", "4712\n"), ("system.slice", "47\n")]
        {
            let folder = mount.path().join(path);
            fs::create_dir_all(&folder).unwrap();
            let listed = if own == path { "1\n4711\n" } else { processes };
            fs::write(folder.join("cgroup.procs"), listed).unwrap();
        }
        mount
    }

    #[test]
    fn names_from_within_a_private_namespace_are_those_of_the_node() {
        let mount = tree("");
        let found = Namespace::find(&[(Version::V2, (*b"/").into())], PID, |_| mount.path().to_owned());
        for (seen, expected) in [
            ("/", "/kubepods/pod1/agent"),
            ("/below", "/kubepods/pod1/agent/below"),
            ("/..", "/kubepods/pod1"),
            ("/../app", "/kubepods/pod1/app"),
            ("/../../../system.slice/a.service", "/system.slice/a.service"),
            ("/../../..", "/"),
            // Above the node's own top there is nothing.
            ("/../../../../x", "/../../../../x"),
        ] {
            assert_eq!(found.on_node(Version::V2, seen.as_bytes()), expected.as_bytes(), "{seen}");
            assert_eq!(found.on_node(Version::V1, seen.as_bytes()), seen.as_bytes());
        }
    }

    #[test]
    fn a_name_of_the_node_stays_as_it_is() {
        let mount = tree("");
        let of = |own: &str, pid| {
            let own = own.as_bytes().into();
            Namespace::find(&[(Version::V1, own)], pid, |_| mount.path().to_owned()).v1
        };
        assert_eq!(of("/kubepods/pod1/agent", PID), None, "the host's namespace");
        assert_eq!(of("/docker/0", PID), None, "of another mount");
        assert_eq!(of("/", 99), None, "not there at all");
        assert_eq!(of("/agent", PID).unwrap(), (*b"/kubepods/pod1").into(), "below the namespace's top");
    }
}
