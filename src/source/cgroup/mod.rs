//! Control groups: which one a process is in, what that name means, and what the kernel counts there.

mod ancestors;
mod directory;
mod layout;
mod membership;
mod namespace;
mod parents;
mod reader;
pub(crate) mod v1;
pub(crate) mod v2;

pub(crate) use ancestors::Ancestors;
pub(crate) use directory::{Directory, Hierarchies};
pub(crate) use layout::{Container, Placement, is_within};
pub(crate) use membership::{Membership, Memberships};
pub(crate) use parents::Parents;
pub(crate) use reader::{Reader, Reading};

/// Version of the control group interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Version {
    V1,
    V2,
}
