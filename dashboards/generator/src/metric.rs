//! Metrics, as the catalogue has them.

use memtrend::output::catalogue::{Family, family};

/// A family of the catalogue.
///
/// # Panics
/// When there is none of that name: the generator is run by hand and by a test, never by users.
#[expect(clippy::panic, reason = "a dashboard of a metric that does not exist must not be written")]
pub(crate) fn metric(name: &str) -> &'static Family {
    family(name).unwrap_or_else(|| panic!("no metric is named {name}"))
}

/// Grafana's unit for a metric.
pub(crate) fn unit(name: &str) -> &'static str {
    match metric(name).unit {
        "bytes" => "bytes",
        "bytes_per_second" => "binBps",
        "seconds" => "s",
        _ => "short",
    }
}
