//! The node's own count of kills: the line `oom_kill` of `vmstat`, which counts every process that the kernel kills for want
//! of memory, in whatever cgroup. Of the whole machine in every container too.

use crate::source::descriptors::Allowance;
use crate::source::kept::Kept;
use crate::source::keyed::pairs;
use crate::source::read_error::ReadError;
use crate::source::roots::Roots;
use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Reads it.
#[derive(Debug)]
pub(crate) struct Vmstat {
    path: PathBuf,
    file: Kept,
}

impl Vmstat {
    pub(crate) fn new(roots: &Roots) -> Self {
        Self { path: roots.procfs.join("vmstat"), file: Kept::default() }
    }

    /// Kills since boot. Kernels before 4.13 have no such line, sandboxes no such file: `None`, not an error.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, allowance: &Allowance) -> Result<Option<u64>, ReadError> {
        let path = &self.path;
        match self.file.read(buffer, allowance, || File::open(path)) {
            Ok(text) => Ok(pairs(text).find(|(key, _)| *key == b"oom_kill").map(|(_, count)| count)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ReadError::io(path, error)),
        }
    }
}
