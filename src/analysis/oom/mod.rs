//! Counting out-of-memory kills: every one once, by whose limit was hit, though the cgroup that counted it is gone.
//!
//! Each source sees a part: a cgroup's counter ends with the cgroup, the kernel log may be closed or overrun, the node's
//! counter names nobody, and a process that is gone tells no reason. They all count the same kills, and none of them
//! counts one that was not. So, in each cgroup that an application lives in, what has been killed is the **most** that any
//! source has counted there (`ledger.rs`); what no source has told of a life that ended unread is found by what is left
//! over on the node ([`Account`]). A kill that is known is never taken back.

mod account;
mod deaths;
mod ending;
mod evidence;
mod figures;
mod group_kills;
mod kills;
mod ledger;
mod place;
mod scope;

pub use account::Account;
pub(crate) use deaths::{Deaths, End, Remembered};
pub use ending::Cause;
pub(crate) use ending::Nearness;
pub use evidence::{CalledBy, Evidence, Exit, Fact, KillSource, Sources, Victim};
pub use figures::Figures;
pub use kills::Kills;
pub use ledger::{LastKill, Totals};
pub use scope::Scope;
