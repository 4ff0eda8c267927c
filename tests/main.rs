//! Tests on real things: the real binary, processes, cgroups, kernels, Prometheus.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fixture_pages;
mod support;
mod tidy;
mod web;
