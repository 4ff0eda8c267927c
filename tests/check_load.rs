//! The built-in load, and counters of requests, against real servers: small ones of this test for what no real one can be made to
//! do, else Python's, OpenSSL's and Prometheus'.

mod alone;
mod answers;
mod connections;
mod counters;
mod programs;
mod schedule;
mod server;
mod wrong;

use memtrend::check::load::{Counts, Load, Plan, Rate};
use std::fmt::Display;
use std::time::Duration;

use crate::support::wait_for;

/// For what comes at once unless the machine is very busy.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A load on one URL.
fn plan(url: impl Display, rate: f64) -> Plan {
    Plan { rate: Rate::PerSecond(rate), ..Plan::new(vec![url.to_string().parse().unwrap()]) }
}

/// Waits until so many answers are there.
fn until_completed(load: &Load, count: u64) {
    wait_for(&format!("{count} answers"), LONGEST_WAIT, || (load.counts().completed >= count).then_some(()));
}

/// Sends no more, waits until all is answered, and ends.
fn end(load: Load) -> Counts {
    load.pause();
    wait_for("the answers under way", LONGEST_WAIT, || (load.counts().in_flight() == 0).then_some(()));
    load.stop()
}

/// The one line about failures of one kind.
fn only_failure(load: &Load) -> String {
    let [(kind, text)]: [_; 1] = load.first_failures().try_into().unwrap();
    assert!(!text.contains(['\n', '\r']), "{text:?}");
    format!("{kind}: {text}")
}
