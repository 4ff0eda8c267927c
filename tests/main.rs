//! Tests on real things: the real binary, processes, cgroups, kernels, Prometheus.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

#[path = "../benches/detection/families/mod.rs"]
#[expect(dead_code, reason = "the bench uses the rest")]
mod families;
#[path = "../benches/detection/random.rs"]
mod random;

mod alerts;
mod analyze;
mod analyze_bad;
mod analyze_emit;
mod analyze_labels;
mod analyze_prometheus;
mod analyze_svg;
mod bad_input;
mod built_in_page;
mod changes;
mod check;
mod check_load;
mod compose;
mod containers;
mod cpu_load;
mod dashboards;
mod demo;
mod detector_properties;
mod doctor;
mod engine;
mod fixture_pages;
mod formats;
mod identity;
mod image;
mod incident;
mod kernel_log;
mod kills;
mod lifetimes;
mod manifests;
mod package;
mod permissions;
mod private_namespace;
mod real_leak;
mod replay_is_live;
mod runbooks;
mod runtime;
mod score;
mod state;
mod support;
mod systemd;
mod tidy;
mod virtual_machine;
mod web;
