//! `docs/metrics.md`, generated from the catalogue.

use super::catalogue::{Samples, families};
use std::fmt::Write;

/// The page.
pub fn metrics() -> String {
    let mut page = String::from(
        "# Metrics\n\nGenerated from the catalogue in `src/output/catalogue`; change it there and run `make docs`.\n\n\
         Every series of an application has the label `application` and, where the node knows them, `namespace`, `pod` \
         and `container`. Amounts are bytes, times are seconds. A figure that cannot be told is absent, never zero.\n\n\
         | metric | type | labels | meaning |\n|---|---|---|---|\n",
    );
    for family in families() {
        let own: &[&str] = if matches!(family.samples, Samples::Application(_)) { &["application"] } else { &[] };
        let labels: Vec<String> = own.iter().chain(family.labels).map(|label| format!("`{label}`")).collect();
        let (name, metric_type, help) = (family.name, family.metric_type.name(), family.help);
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{name}` | {metric_type} | {} | {help} |", labels.join(", "));
    }
    page
}
