//! Live heap on demand, of real JVMs with every collector that they have, and of real Nodes.

mod jvm;
mod jvm_refusing;
mod node;
mod node_harmless;
mod program;

use memtrend::source::runtime::{ManagedProcess, detect};
use memtrend::units::Bytes;
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// More than any of them needs.
const LONG: Duration = Duration::from_secs(60);

/// A process whose runtime is found out, when it has come up.
fn detected(pid: u32) -> ManagedProcess {
    crate::support::wait_for("its runtime to be mapped", Duration::from_secs(20), || detect(pid))
}

/// Whether one amount is another, within some MiB.
fn is_near(amount: Bytes, expected: u64, within: u64) -> bool {
    amount.0.abs_diff(expected) <= within
}
