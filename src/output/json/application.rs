//! One application as JSON.

use super::growth::{Growth, Origin};
use super::kills::Kill;
use super::memory::Memory;
use crate::analysis::oom::{Cause, Scope};
use crate::analysis::report::{ApplicationReport, Report};
use crate::analysis::sample::MemoryEvent;
use crate::units::count_as_f64;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Application<'a> {
    application: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    up: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    forgotten: bool,
    verdict: &'static str,
    #[serde(serialize_with = "as_text")]
    evidence: &'a crate::analysis::verdict::Evidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    leak_growth_bytes_per_second: Option<Growth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onset_timestamp_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin<'a>>,
    leak_lifetimes: u64,
    #[serde(flatten)]
    memory: Option<Memory<'a>>,
    oom_kills: BTreeMap<&'static str, u64>,
    restarts: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    memory_events: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_pressure_seconds: Option<BTreeMap<&'static str, f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_oom_kill: Option<Kill<'a>>,
}

impl<'a> Application<'a> {
    pub(super) fn of(application: &'a ApplicationReport, report: &'a Report) -> Self {
        let (identity, about, totals) = (&application.identity, &application.about, &application.totals);
        let present = application.present.as_ref();
        let seen = application.evidence.growth().filter(|_| present.is_some());
        let counted = MemoryEvent::ALL.iter().zip(totals.events);
        let stalls =
            |[some, full]: [u64; 2]| [("some", some), ("full", full)].map(|(key, us)| (key, count_as_f64(us) / 1e6));
        Self {
            application: &identity.application,
            namespace: identity.namespace.as_deref(),
            pod: identity.pod.as_deref(),
            container: identity.container.as_deref(),
            version: about.version.as_deref(),
            runtime: about.runtime.as_deref(),
            image: about.image.as_deref(),
            up: present.is_some(),
            forgotten: application.is_only_kills,
            verdict: application.verdict.name(),
            evidence: &application.evidence,
            leak_growth_bytes_per_second: seen.map(|seen| Growth::of(&seen.slope)),
            onset_timestamp_seconds: application.onset.map(|onset| onset.0),
            origin: application.origin.as_deref().map(Origin::of),
            leak_lifetimes: application.leak_lifetimes,
            memory: present.map(|present| Memory::of(present, report)),
            oom_kills: Scope::ALL.iter().map(|scope| scope.name()).zip(totals.kills).collect(),
            restarts: Cause::ALL.iter().map(|cause| cause.name()).zip(application.restarts).collect(),
            memory_events: counted.filter_map(|(event, count)| Some((event.name(), count?))).collect(),
            memory_pressure_seconds: totals.pressure_microseconds.map(|both| stalls(both).into_iter().collect()),
            last_oom_kill: totals.last_kill.as_ref().map(Kill::of),
        }
    }
}

fn as_text<S: Serializer>(value: impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value)
}
