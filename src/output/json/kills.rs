//! A kill as JSON.

use crate::analysis::oom::LastKill;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Kill<'a> {
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
    pub(super) fn of(kill: &'a LastKill) -> Self {
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
