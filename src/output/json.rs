//! The report as JSON, at `/api/v1/report`: docs/api.md tells its fields. Names and units are those of the metrics; what is not
//! known is absent.

use crate::analysis::oom::{Cause, KillSource, LastKill, Scope};
use crate::analysis::report::{ApplicationReport, Present, Report};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Raised when a field changes its meaning or goes; new ones may come without.
const VERSION: u32 = 1;

/// All of a report.
pub fn report(report: &Report) -> Vec<u8> {
    let applications = report.applications.iter().map(Application::of);
    let document = Document {
        version: VERSION,
        timestamp_seconds: report.clock.wall.0,
        oom_sources: KillSource::ALL.iter().map(|source| OomSource::of(*source, report)).collect(),
        oom_kills_unattributed: report.kills.node.unattributed(),
        applications: applications.collect(),
    };
    // Numbers, strings and maps by string: there is nothing that JSON cannot hold.
    serde_json::to_vec(&document).unwrap_or_default()
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    timestamp_seconds: f64,
    oom_sources: Vec<OomSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_kills_unattributed: Option<u64>,
    applications: Vec<Application<'a>>,
}

#[derive(Serialize)]
struct OomSource {
    source: &'static str,
    readable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kills: Option<u64>,
}

impl OomSource {
    fn of(source: KillSource, report: &Report) -> Self {
        let readable = report.kills.sources.readable.get(source.index()).copied().unwrap_or(false);
        Self { source: source.name(), readable, kills: report.kills.node.seen_by(source) }
    }
}

#[derive(Serialize)]
struct Application<'a> {
    application: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    up: bool,
    verdict: &'static str,
    #[serde(serialize_with = "as_text")]
    evidence: &'a crate::analysis::verdict::Evidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    onset_timestamp_seconds: Option<f64>,
    leak_lifetimes: u64,
    #[serde(flatten)]
    memory: Option<Memory>,
    oom_kills: BTreeMap<&'static str, u64>,
    restarts: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_oom_kill: Option<Kill<'a>>,
}

impl<'a> Application<'a> {
    fn of(report: &'a ApplicationReport) -> Self {
        let identity = &report.identity;
        Self {
            application: &identity.application,
            namespace: identity.namespace.as_deref(),
            pod: identity.pod.as_deref(),
            container: identity.container.as_deref(),
            version: report.about.version.as_deref(),
            up: report.present.is_some(),
            verdict: report.verdict.name(),
            evidence: &report.evidence,
            onset_timestamp_seconds: report.onset.map(|onset| onset.0),
            leak_lifetimes: report.leak_lifetimes,
            memory: report.present.as_ref().map(Memory::of),
            oom_kills: Scope::ALL.iter().map(|scope| scope.name()).zip(report.totals.kills).collect(),
            restarts: Cause::ALL.iter().map(|cause| cause.name()).zip(report.restarts).collect(),
            last_oom_kill: report.totals.last_kill.as_ref().map(Kill::of),
        }
    }
}

#[derive(Serialize)]
struct Memory {
    heap_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_limit_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_gain_seconds: Option<f64>,
}

impl Memory {
    fn of(present: &Present) -> Self {
        let ceiling = present.memory.ceiling;
        Self {
            heap_bytes: present.memory.heap().0,
            memory_limit_bytes: ceiling.map(|ceiling| ceiling.limit.0),
            memory_limit_source: ceiling.map(|ceiling| ceiling.source.name()),
            time_to_limit_seconds: present.time_to_limit.map(|time| time.expected),
            restart_gain_seconds: present.restart_gain_seconds,
        }
    }
}

#[derive(Serialize)]
struct Kill<'a> {
    timestamp_seconds: f64,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_bytes: Option<u64>,
    #[serde(flatten)]
    victim: Option<Victim<'a>>,
}

#[derive(Serialize)]
struct Victim<'a> {
    process: &'a str,
    pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    resident_bytes: Option<u64>,
}

impl<'a> Kill<'a> {
    fn of(kill: &'a LastKill) -> Self {
        Self {
            timestamp_seconds: kill.at.0,
            scope: kill.scope.name(),
            memory_limit_bytes: kill.limit.map(|limit| limit.0),
            victim: kill.victim.as_ref().map(|victim| Victim {
                process: &victim.process,
                pid: victim.pid,
                resident_bytes: victim.resident.map(|resident| resident.0),
            }),
        }
    }
}

fn as_text<S: Serializer>(value: impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value)
}
