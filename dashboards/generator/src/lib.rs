//! The Grafana dashboards, made from the catalogue of metrics: names, units and help come from there.
//!
//! `fleet` says which application needs somebody, `application` why and how long there is, `exporter` whether memtrend itself is
//! well.

mod application;
mod colour;
mod exporter;
mod fleet;
mod frame;
mod layout;
mod metric;
mod panel;

use serde_json::Value;

/// Each dashboard: where it is written, from the project's folder, and its text.
pub fn all() -> Vec<(&'static str, String)> {
    let all = [
        ("dashboards/fleet.json", fleet::dashboard()),
        ("dashboards/application.json", application::dashboard()),
        ("dashboards/memtrend.json", exporter::dashboard()),
    ];
    all.into_iter().map(|(path, dashboard)| (path, text(&dashboard))).collect()
}

fn text(dashboard: &Value) -> String {
    // Writing a value of strings and numbers cannot fail.
    serde_json::to_string_pretty(dashboard).unwrap_or_default() + "\n"
}
