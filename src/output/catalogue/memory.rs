//! What an application holds, how fast it grows, and what that leads to.

use super::{EmitExt, Family, Samples, Value, gauge};
use crate::analysis::report::{ApplicationReport, Present, Report};
use crate::analysis::sample::Kind;
use crate::analysis::trend::Slope;
use crate::analysis::verdict::Verdict;

fn slopes(application: &ApplicationReport, report: &Report, out: &mut dyn super::Emit, part: fn(&Slope) -> f64) {
    let Some(present) = &application.present else { return };
    for (slope, window) in present.slopes.iter().zip(report.windows.iter()) {
        if let Some(slope) = slope {
            out.labelled("window", window, Value::Real(part(slope)));
        }
    }
}

fn of_present(application: &ApplicationReport, take: fn(&Present) -> Option<u64>) -> Option<u64> {
    application.present.as_ref().and_then(take)
}

pub(super) const FAMILIES: &[Family] = &[
    gauge(
        "memtrend_memory_bytes",
        "bytes",
        &["kind"],
        "Memory that the application holds now, by kind; kinds are disjoint.",
        Samples::Application(|application, _, out| {
            let Some(present) = &application.present else { return };
            for &kind in Kind::ALL {
                if let Some(amount) = present.memory.by_kind.get(kind) {
                    out.labelled("kind", kind.name(), Value::Whole(amount.0));
                }
            }
        }),
    ),
    gauge(
        "memtrend_heap_bytes",
        "bytes",
        &[],
        "Anonymous memory of the application, resident or swapped out: the series that the trend is judged on.",
        Samples::Application(|application, _, out| {
            out.whole(of_present(application, |present| Some(present.memory.heap().0)));
        }),
    ),
    gauge(
        "memtrend_heap_floor_bytes",
        "bytes",
        &[],
        "Lowest heap of the last completed base block: the floor under the sawtooth of a garbage collector.",
        Samples::Application(|application, _, out| {
            out.whole(of_present(application, |present| present.floor.map(crate::units::whole)));
        }),
    ),
    gauge(
        "memtrend_unreclaimable_bytes",
        "bytes",
        &[],
        "What counts against the limit and cannot be dropped: anonymous, shared and unreclaimable kernel memory, and swap in use where the limit includes it.",
        Samples::Application(|application, _, out| {
            out.whole(of_present(application, |present| Some(present.memory.unreclaimable().0)));
        }),
    ),
    gauge(
        "memtrend_memory_limit_bytes",
        "bytes",
        &["source"],
        "The limit that will be hit first: the one with the least room left; includes swap that may be used.",
        Samples::Application(|application, _, out| {
            let ceiling = application.present.as_ref().and_then(|present| present.memory.ceiling);
            if let Some(ceiling) = ceiling {
                out.labelled("source", ceiling.source.name(), Value::Whole(ceiling.limit.0));
            }
        }),
    ),
    gauge(
        "memtrend_heap_growth_bytes_per_second",
        "bytes_per_second",
        &["window"],
        "Robust slope (Theil-Sen) of the heap floor over the window; negative when shrinking; absent until the window has enough data.",
        Samples::Application(|application, report, out| slopes(application, report, out, |slope| slope.rate.0)),
    ),
    gauge(
        "memtrend_heap_growth_lower_bytes_per_second",
        "bytes_per_second",
        &["window"],
        "Lower 95 % confidence bound of the slope.",
        Samples::Application(|application, report, out| slopes(application, report, out, |slope| slope.lower.0)),
    ),
    gauge(
        "memtrend_heap_growth_upper_bytes_per_second",
        "bytes_per_second",
        &["window"],
        "Upper 95 % confidence bound of the slope.",
        Samples::Application(|application, report, out| slopes(application, report, out, |slope| slope.upper.0)),
    ),
    gauge(
        "memtrend_growth_by_kind_bytes_per_second",
        "bytes_per_second",
        &["kind"],
        "Slope of the floor of each kind of memory over the shortest window: where it grows.",
        Samples::Application(|application, _, out| {
            let Some(present) = &application.present else { return };
            for (rate, kind) in Kind::ALL.iter().map(|kind| (present.by_kind.get(*kind), kind)) {
                if let Some(rate) = rate {
                    out.labelled("kind", kind.name(), Value::Real(rate.0));
                }
            }
        }),
    ),
    gauge(
        "memtrend_leak_verdict",
        "",
        &["verdict"],
        "1 for the verdict that holds now, 0 for the others.",
        Samples::Application(|application, _, out| {
            for &verdict in Verdict::ALL {
                out.labelled("verdict", verdict.name(), Value::Whole(u64::from(verdict == application.verdict)));
            }
        }),
    ),
    gauge(
        "memtrend_leak_onset_timestamp_seconds",
        "seconds",
        &[],
        "Estimated start of the growth behind the present verdict; absent when there is none.",
        Samples::Application(|application, _, out| out.real(application.onset.map(|onset| onset.0))),
    ),
    gauge(
        "memtrend_leak_growth_bytes_per_second",
        "bytes_per_second",
        &["estimate"],
        "Growth behind the present verdict, with its 95 % confidence bounds; absent when there is none.",
        Samples::Application(|application, _, out| {
            if let Some(seen) = application.evidence.growth().filter(|_| application.present.is_some()) {
                for (estimate, rate) in
                    [("lower", seen.slope.lower), ("expected", seen.slope.rate), ("upper", seen.slope.upper)]
                {
                    out.labelled("estimate", estimate, Value::Real(rate.0));
                }
            }
        }),
    ),
    gauge(
        "memtrend_leak_origin_info",
        "",
        &["version", "previous_version", "previous_verdict"],
        "The version in which the growth behind the present verdict began, and how the one before it behaved. Always 1; absent when there is none.",
        Samples::Application(|application, _, out| {
            let Some(origin) = &application.origin else { return };
            let Some(version) = origin.version.as_deref() else { return };
            match &origin.earlier {
                Some(earlier) => {
                    let verdict = if earlier.was_steady { Verdict::Steady } else { Verdict::Growing };
                    let previous = [("previous_version", &*earlier.version), ("previous_verdict", verdict.name())];
                    out.emit("", &[("version", version), previous[0], previous[1]], Value::Whole(1));
                }
                None => out.labelled("version", version, Value::Whole(1)),
            }
        }),
    ),
    gauge(
        "memtrend_leak_lifetimes",
        "",
        &[],
        "Process lifetimes that the present leak has lasted (2 = it went on after a restart); 0 when not leaking.",
        Samples::Application(|application, _, out| out.whole(Some(application.leak_lifetimes))),
    ),
    gauge(
        "memtrend_time_to_limit_seconds",
        "seconds",
        &["estimate"],
        "Time until the limit is hit at the present growth; absent when not growing or without a limit.",
        Samples::Application(|application, _, out| {
            let time = application.present.as_ref().and_then(|present| present.time_to_limit);
            if let Some(time) = time {
                out.labelled("estimate", "earliest", Value::Real(time.earliest));
                out.labelled("estimate", "expected", Value::Real(time.expected));
                out.labelled("estimate", "latest", Value::Real(time.latest));
            }
        }),
    ),
    gauge(
        "memtrend_restart_gain_seconds",
        "seconds",
        &[],
        "Time that a restart would buy at the present growth; absent when not growing or without a limit.",
        Samples::Application(|application, _, out| {
            out.real(application.present.as_ref().and_then(|present| present.restart_gain_seconds));
        }),
    ),
];
