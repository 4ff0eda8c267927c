//! The cgroups above an application, the pod's, the slice's: their limits, and how often those were hit.

use super::Version;
use super::directory::{Directory, Hierarchies};
use super::reader::Reader;
use crate::analysis::sample::{Ceiling, LimitSource};
use crate::source::descriptors::Allowance;
use crate::source::node::NodeMemory;
use crate::units::Limit;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Reads each cgroup above the applications at most once a pass, and no more than its limit where it has none.
#[derive(Debug, Default)]
pub(crate) struct Ancestors {
    known: HashMap<PathBuf, Ancestor>,
    pass: u64,
}

#[derive(Debug)]
struct Ancestor {
    reader: Reader,
    read_in_pass: u64,
    ceiling: Option<Ceiling>,
    /// How often its limit called for a kill; `None` where the kernel does not tell. Not read anew while it has no limit.
    hits: Option<u64>,
}

impl Ancestors {
    /// Begins a pass; what the last one did not ask for is closed.
    pub(crate) fn begin_pass(&mut self) {
        let last = self.pass;
        self.known.retain(|_, ancestor| ancestor.read_in_pass == last);
        self.pass += 1;
    }

    /// The tightest limit from `folder` (of the host's tree) upwards; itself included.
    pub(crate) fn tightest_from(
        &mut self,
        folder: &Path,
        version: Version,
        hierarchies: &Hierarchies,
        node: Option<&NodeMemory>,
        (buffer, allowance): (&mut Vec<u8>, &Allowance),
    ) -> Option<Ceiling> {
        let mount_point = hierarchies.mount_point(version);
        let mut tightest: Option<Ceiling> = None;
        for above in folder.ancestors().take_while(|path| *path != mount_point && path.starts_with(&mount_point)) {
            let ceiling = self.ceiling_of(above, version, node, buffer, allowance);
            tightest = [tightest, ceiling].into_iter().flatten().min_by_key(Ceiling::room);
        }
        tightest
    }

    /// How often a limit from `folder` upwards has called for a kill, where each of them tells; of the pass at hand, after
    /// [`Self::tightest_from`].
    pub(crate) fn hits_from(&self, folder: &Path, version: Version, hierarchies: &Hierarchies) -> Option<u64> {
        let mount_point = hierarchies.mount_point(version);
        let above = folder.ancestors().take_while(|path| *path != mount_point && path.starts_with(&mount_point));
        above.map(|path| self.known.get(path)?.hits).sum()
    }

    fn ceiling_of(
        &mut self,
        path: &Path,
        version: Version,
        node: Option<&NodeMemory>,
        buffer: &mut Vec<u8>,
        allowance: &Allowance,
    ) -> Option<Ceiling> {
        if !self.known.contains_key(path) {
            // It may be gone, or without the memory controller: then it sets no limit.
            let mut reader = Reader::new(Directory::open(path).ok()?, version);
            let hits = reader.read_hits(buffer, allowance).ok().flatten();
            self.known.insert(path.to_owned(), Ancestor { reader, read_in_pass: 0, ceiling: None, hits });
        }
        let ancestor = self.known.get_mut(path)?;
        if ancestor.read_in_pass < self.pass {
            ancestor.read_in_pass = self.pass;
            ancestor.ceiling = match ancestor.reader.read_limit(buffer, allowance) {
                Ok(Limit::At(_)) => {
                    // Of its own limit alone: those of limits below it are not above the applications.
                    ancestor.hits = ancestor.reader.read_hits(buffer, allowance).ok().flatten();
                    let reading = ancestor.reader.read(buffer, allowance).ok();
                    reading.and_then(|reading| reading.limits.ceiling(LimitSource::Ancestor, &reading.by_kind, node))
                }
                _ => None,
            };
        }
        ancestor.ceiling
    }
}
