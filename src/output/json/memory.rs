//! What an application holds, how fast that grows and where it leads, as JSON.

use super::growth::Growth;
use crate::analysis::report::{Present, Report};
use crate::analysis::sample::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Memory<'a> {
    figures_from: &'static str,
    start_timestamp_seconds: f64,
    processes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_fds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fds: Option<u64>,
    heap_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    heap_floor_bytes: Option<f64>,
    heap_growth_bytes_per_second: BTreeMap<&'a str, Growth>,
    memory_bytes: BTreeMap<&'static str, u64>,
    growth_by_kind_bytes_per_second: BTreeMap<&'static str, f64>,
    unreclaimable_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_limit_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_limit_earliest_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_limit_latest_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_gain_seconds: Option<f64>,
}

impl<'a> Memory<'a> {
    pub(super) fn of(present: &Present, report: &'a Report) -> Self {
        let (ceiling, time, population) = (present.memory.ceiling, present.time_to_limit, present.population);
        let slopes = report.windows.iter().zip(&present.slopes);
        Self {
            figures_from: present.memory.basis.name(),
            start_timestamp_seconds: present.started.0,
            processes: population.processes,
            threads: population.threads,
            open_fds: population.open_fds,
            max_fds: population.max_fds,
            heap_bytes: present.memory.heap().0,
            heap_floor_bytes: present.floor,
            heap_growth_bytes_per_second: slopes
                .filter_map(|(window, slope)| Some((window.as_str(), Growth::of(slope.as_ref()?))))
                .collect(),
            memory_bytes: by_kind(|kind| present.memory.by_kind.get(kind).map(|amount| amount.0)),
            growth_by_kind_bytes_per_second: by_kind(|kind| present.by_kind.get(kind).map(|rate| rate.0)),
            unreclaimable_bytes: present.memory.unreclaimable().0,
            memory_limit_bytes: ceiling.map(|ceiling| ceiling.limit.0),
            memory_limit_source: ceiling.map(|ceiling| ceiling.source.name()),
            memory_limit_used_bytes: ceiling.map(|ceiling| ceiling.used.0),
            time_to_limit_seconds: time.map(|time| time.expected),
            time_to_limit_earliest_seconds: time.map(|time| time.earliest),
            time_to_limit_latest_seconds: time.map(|time| time.latest),
            restart_gain_seconds: present.restart_gain_seconds,
        }
    }
}

fn by_kind<T>(of: impl Fn(Kind) -> Option<T>) -> BTreeMap<&'static str, T> {
    Kind::ALL.iter().filter_map(|&kind| Some((kind.name(), of(kind)?))).collect()
}
