//! An application's kills, restarts, pressure, and what it is.

use super::{EmitExt, Family, Samples, Value, counter, gauge};
use crate::analysis::oom::{Cause, Scope};
use crate::analysis::report::ApplicationReport;
use crate::analysis::sample::{MemoryEvent, Population};

fn population(application: &ApplicationReport, take: fn(&Population) -> Option<u64>) -> Option<u64> {
    application.present.as_ref().and_then(|present| take(&present.population))
}

/// The family that outlives its application.
pub(crate) const OOM_KILLS: &str = "memtrend_oom_kills_total";

pub(super) const FAMILIES: &[Family] = &[
    counter(
        OOM_KILLS,
        "",
        &["scope"],
        "Processes of the application killed for want of memory, by whose limit was hit; kept though the container is gone.",
        Samples::Application(|application, _, out| {
            for (kills, scope) in application.totals.kills.iter().zip(Scope::ALL) {
                out.labelled("scope", scope.name(), Value::Whole(*kills));
            }
        }),
    ),
    counter(
        "memtrend_memory_events_total",
        "",
        &["event"],
        "Memory events of the application's cgroup, summed over its lifetimes since memtrend began.",
        Samples::Application(|application, _, out| {
            for (count, event) in application.totals.events.iter().zip(MemoryEvent::ALL) {
                if let Some(count) = count {
                    out.labelled("event", event.name(), Value::Whole(*count));
                }
            }
        }),
    ),
    counter(
        "memtrend_restarts_total",
        "",
        &["cause"],
        "Lifetimes of the application that ended and were followed by another.",
        Samples::Application(|application, _, out| {
            for (count, cause) in application.restarts.iter().zip(Cause::ALL) {
                out.labelled("cause", cause.name(), Value::Whole(*count));
            }
        }),
    ),
    counter(
        "memtrend_memory_pressure_seconds_total",
        "seconds",
        &["kind"],
        "Time in which some or all tasks of the application's cgroup stalled on memory (PSI), since memtrend began.",
        Samples::Application(|application, _, out| {
            if let Some(stalls) = application.totals.pressure_microseconds {
                for (stall, kind) in stalls.into_iter().zip(["some", "full"]) {
                    out.labelled("kind", kind, Value::Real(crate::units::count_as_f64(stall) / 1e6));
                }
            }
        }),
    ),
    gauge(
        "memtrend_application_up",
        "",
        &[],
        "1 while the application is found and readable, 0 while it is not.",
        Samples::Application(|application, _, out| out.plain(Value::Whole(u64::from(application.present.is_some())))),
    ),
    gauge(
        "memtrend_application_info",
        "",
        &["version", "runtime", "image", "evidence"],
        "What is known of the application; evidence says where its figures come from. Always 1.",
        Samples::Application(|application, _, out| {
            let about = &application.about;
            let evidence = application.present.as_ref().map(|present| present.memory.basis.name());
            let all = [
                ("version", about.version.as_deref()),
                ("runtime", about.runtime.as_deref()),
                ("image", about.image.as_deref()),
                ("evidence", evidence),
            ];
            let mut known = [("", ""); 4];
            let mut count = 0;
            for (slot, (name, value)) in known.iter_mut().zip(all.iter().filter_map(|(n, v)| Some((*n, (*v)?)))) {
                *slot = (name, value);
                count += 1;
            }
            out.emit("", known.get(..count).unwrap_or_default(), Value::Whole(1));
        }),
    ),
    gauge(
        "memtrend_application_start_time_seconds",
        "seconds",
        &[],
        "Start of the application's main process.",
        Samples::Application(|application, _, out| {
            out.real(application.present.as_ref().map(|present| present.started.0));
        }),
    ),
    gauge(
        "memtrend_application_processes",
        "",
        &[],
        "Processes of the application.",
        Samples::Application(|application, _, out| {
            out.whole(population(application, |population| Some(population.processes)));
        }),
    ),
    gauge(
        "memtrend_application_threads",
        "",
        &[],
        "Threads of the application.",
        Samples::Application(|application, _, out| out.whole(population(application, |population| population.threads))),
    ),
    gauge(
        "memtrend_application_open_fds",
        "",
        &[],
        "Open file descriptors of the application's processes.",
        Samples::Application(|application, _, out| {
            out.whole(population(application, |population| population.open_fds))
        }),
    ),
    gauge(
        "memtrend_application_max_fds",
        "",
        &[],
        "Sum of the descriptor limits of the application's processes.",
        Samples::Application(|application, _, out| out.whole(population(application, |population| population.max_fds))),
    ),
];
