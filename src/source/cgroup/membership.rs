//! `/proc/PID/cgroup`: the control groups of a process.

use super::Version;
use super::directory::Hierarchies;
use super::layout::{Placement, place};
use super::namespace::Namespace;
use crate::source::read_error::ReadError;
use crate::source::roots::Roots;
use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

/// The paths that matter; bytes, because a cgroup's name may be any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// Where its memory is counted: the v1 memory hierarchy where there is one, else the v2 one.
    pub(crate) memory: Option<(Version, Box<[u8]>)>,
    /// Memory, unified, `name=systemd`: those that differ.
    pub(crate) paths: Vec<Box<[u8]>>,
    /// What the first of the paths that means anything means.
    pub(crate) placement: Placement,
}

impl Membership {
    /// As it is seen here.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self::on_node(text, &Namespace::default())
    }

    /// As the node has it.
    fn on_node(text: &[u8], namespace: &Namespace) -> Self {
        let [mut memory, mut unified, mut systemd]: [Option<&[u8]>; 3] = [None; 3];
        for line in text.split(|byte| *byte == b'\n') {
            let mut fields = line.splitn(3, |byte| *byte == b':');
            let (Some(hierarchy), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            if !path.starts_with(b"/") {
                continue;
            }
            match (hierarchy, controllers) {
                (b"0", b"") => unified = Some(path),
                (_, b"name=systemd") => systemd = Some(path),
                _ if controllers.split(|byte| *byte == b',').any(|name| name == b"memory") => memory = Some(path),
                _ => {}
            }
        }
        let memory = memory.map(|path| namespace.on_node(Version::V1, path));
        let unified = unified.map(|path| namespace.on_node(Version::V2, path));
        let mut paths: Vec<Box<[u8]>> = Vec::new();
        for path in [memory.as_deref(), unified.as_deref(), systemd].into_iter().flatten() {
            if !paths.iter().any(|known| **known == *path) {
                paths.push(path.into());
            }
        }
        let counted = memory.map(|path| (Version::V1, path)).or(unified.map(|path| (Version::V2, path)));
        let placement = paths.iter().map(|path| place(path)).find(|placement| *placement != Placement::Other);
        Self {
            memory: counted.map(|(version, path)| (version, path.into_owned().into())),
            paths,
            placement: placement.unwrap_or_default(),
        }
    }
}

/// One copy of each membership, however many processes share it.
#[derive(Debug, Default)]
pub(crate) struct Memberships {
    by_text: HashMap<Box<[u8]>, Arc<Membership>>,
    /// Found when the first is read.
    namespace: Option<Namespace>,
}

impl Memberships {
    /// The membership of a process; none at all where the kernel has no such file.
    pub(crate) fn read(&mut self, roots: &Roots, pid: u32, buffer: &mut Vec<u8>) -> Result<Arc<Membership>, ReadError> {
        let path = roots.of_process(pid, "cgroup");
        let read = File::open(&path).and_then(|file| crate::source::kept::read_all(&file, buffer));
        let length = match read {
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(ReadError::io(&path, error)),
        };
        let text = buffer.get(..length).unwrap_or_default();
        if let Some(known) = self.by_text.get(text) {
            return Ok(Arc::clone(known));
        }
        let namespace = self.namespace.get_or_insert_with(|| own_namespace(roots));
        let membership = Arc::new(Membership::on_node(text, namespace));
        self.by_text.insert(text.into(), Arc::clone(&membership));
        Ok(membership)
    }

    pub(crate) fn forget_unused(&mut self) {
        self.by_text.retain(|_, membership| Arc::strong_count(membership) > 1);
    }
}

/// Of memtrend's own process, whatever `--path.procfs` says.
fn own_namespace(roots: &Roots) -> Namespace {
    let text = std::fs::read("/proc/self/cgroup").unwrap_or_default();
    let own = Membership::parse(&text).memory;
    let hierarchies = Hierarchies::new(roots);
    Namespace::find(own.as_slice(), std::process::id(), |version| hierarchies.mount_point(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_hierarchy_layout_is_understood() {
        let unified = Membership::parse(b"0::/system.slice/a.service\n");
        assert_eq!(unified.memory, Some((Version::V2, (*b"/system.slice/a.service").into())));
        let hybrid = Membership::parse(
            b"9:name=systemd:/system.slice/a.service\n4:cpu,memory:/lim\n0::/system.slice/a.service\n",
        );
        assert_eq!(hybrid.memory, Some((Version::V1, (*b"/lim").into())));
        assert_eq!(hybrid.paths.len(), 2);
        assert_eq!(Membership::parse(b"3:cpu:/x\n"), Membership::default());
    }

    #[test]
    fn names_with_colons_and_odd_bytes_are_kept_and_garbage_is_passed_over() {
        let odd = Membership::parse(b"0::/a:b\xff{\"\n\nnonsense\n1:memory\n2::relative\n");
        assert_eq!(odd.memory, Some((Version::V2, (*b"/a:b\xff{\"").into())));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Membership::parse(&text);
        }
    }
}
