//! Which runbooks tell what to do: those of the alerts that its present state gives rise to.

use super::figures::kills;
use crate::analysis::report::ApplicationReport;
use crate::analysis::sample::{Ceiling, LimitSource, Memory};
use crate::analysis::verdict::Verdict;
use crate::units::Timestamp;

/// As in `alerts/memtrend.rules.yaml`: seconds to the limit that are near, and not far.
const IMMINENT_SECONDS: f64 = 2.0 * 3600.0;
const PREDICTED_SECONDS: f64 = 24.0 * 3600.0;

/// The share of the limit that is near it.
const NEAR_SHARE: f64 = 0.9;

/// A kill is of late for so many seconds.
const RECENT_SECONDS: f64 = 3600.0;

/// Names of the alerts, the most urgent first. How many of its kills were within an hour is not known here: three in all, one of
/// them of late, count as repeated.
pub(super) fn runbooks(application: &ApplicationReport, now: Timestamp) -> Vec<&'static str> {
    let present = application.present.as_ref();
    let is_leaking = application.verdict == Verdict::Leaking;
    let left = present.and_then(|present| present.time_to_limit).filter(|_| is_leaking).map(|time| time.expected);
    let last_kill = application.totals.last_kill.as_ref().map(|kill| now.0 - kill.at.0);
    let is_near = |memory: &Memory| {
        let share = |ceiling: Ceiling| memory.unreclaimable().as_f64() / ceiling.limit.as_f64().max(1.0);
        memory.ceiling.is_some_and(|ceiling| share(ceiling) > NEAR_SHARE)
    };
    let has_no_limit = |memory: &Memory| memory.ceiling.is_none_or(|ceiling| ceiling.source == LimitSource::Node);
    let memory = present.map(|present| &present.memory);
    let all = [
        (left.is_some_and(|left| left < IMMINENT_SECONDS), "MemtrendMemoryLimitImminent"),
        (
            last_kill.is_some_and(|seconds| seconds < RECENT_SECONDS),
            if kills(application) < 3 { "MemtrendOOMKill" } else { "MemtrendOOMKillRepeated" },
        ),
        (application.leak_lifetimes > 1, "MemtrendLeakAfterRestart"),
        (is_leaking && application.leak_lifetimes < 2, "MemtrendLeakDetected"),
        (
            left.is_some_and(|left| (IMMINENT_SECONDS..PREDICTED_SECONDS).contains(&left)),
            "MemtrendMemoryLimitPredicted",
        ),
        (memory.is_some_and(is_near), "MemtrendMemoryNearLimit"),
        (is_leaking && memory.is_some_and(has_no_limit), "MemtrendMemoryLimitUnset"),
    ];
    all.into_iter().filter_map(|(is_due, name)| is_due.then_some(name)).collect()
}
