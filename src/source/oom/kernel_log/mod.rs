//! The kernel's log, `/dev/kmsg`: it names each victim, with its cgroup and whose limit was hit.

mod follow;

pub(crate) use follow::{Heard, KernelLog};

use crate::units::Bytes;

/// A victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    pub pid: u32,
    pub process: Vec<u8>,
    pub resident: Option<Bytes>,
    pub is_node: bool,
    pub limit_path: Option<Vec<u8>>,
    pub task_path: Option<Vec<u8>>,
}
struct Record {
    micros: u64,
    text: Vec<u8>,
}
impl Record {
    fn parse(_: &[u8]) -> Option<Self> {
        None
    }
    fn is_from_kernel(&self) -> bool {
        false
    }
}
#[derive(Debug, Default)]
struct Wording;
impl Wording {
    fn take(&mut self, _: &[u8], _: u64) -> Option<Killed> {
        None
    }
}
