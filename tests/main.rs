//! Tests on real things: the real binary, processes, cgroups, kernels, Prometheus.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod analyze;
mod analyze_bad;
mod analyze_labels;
mod analyze_prometheus;
mod analyze_svg;
mod bad_input;
mod changes;
mod containers;
mod cpu_load;
mod demo;
mod detector_properties;
mod engine;
mod fixture_pages;
mod formats;
mod identity;
mod incident;
mod lifetimes;
mod real_leak;
mod replay_is_live;
mod support;
mod tidy;
mod virtual_machine;
mod web;
