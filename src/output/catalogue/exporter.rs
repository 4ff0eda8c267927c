//! What memtrend says of the node as a whole and of itself.

use super::{EmitExt, Family, MetricType, Samples, Value, counter, gauge};
use crate::analysis::oom::KillSource;
use crate::units::length_as_count;

/// The instruments' names, for the code that keeps them.
pub(crate) const SCAN_DURATION: &str = "memtrend_scan_duration_seconds";
pub(crate) const STATE_SAVES: &str = "memtrend_state_saves_total";

/// Counter of passes that were left out.
pub(crate) const SCANS_SKIPPED: &str = "memtrend_scans_skipped_total";
pub(crate) const SOURCE_ERRORS: &str = "memtrend_source_errors_total";

pub(super) const FAMILIES: &[Family] = &[
    counter(
        "memtrend_oom_source_kills_total",
        "",
        &["source"],
        "Out-of-memory kills that each kernel source alone has seen since memtrend began.",
        Samples::Exporter(|report, out| {
            for source in KillSource::ALL {
                if let Some(kills) = report.kills.node.seen_by(*source) {
                    out.labelled("source", source.name(), Value::Whole(kills));
                }
            }
        }),
    ),
    gauge(
        "memtrend_oom_source_success",
        "",
        &["source"],
        "1 when the source of kills can be read, for every application that has it; 0 when not.",
        Samples::Exporter(|report, out| {
            for (is_readable, source) in report.kills.sources.readable.iter().zip(KillSource::ALL) {
                out.labelled("source", source.name(), Value::Whole(u64::from(*is_readable)));
            }
        }),
    ),
    counter(
        "memtrend_oom_kills_unattributed_total",
        "",
        &[],
        "Out-of-memory kills seen on the node that no watched application owns.",
        Samples::Exporter(|report, out| out.whole(report.kills.node.unattributed())),
    ),
    gauge(
        "memtrend_applications",
        "",
        &[],
        "Applications watched, those that are gone and not yet forgotten included.",
        Samples::Exporter(|report, out| {
            let watched = report.applications.iter().filter(|application| !application.is_only_kills);
            out.plain(Value::Whole(length_as_count(watched.count())));
        }),
    ),
    gauge(
        "memtrend_applications_dropped",
        "",
        &[],
        "Applications found in the last pass and not watched, because there are more than --max-applications.",
        Samples::Exporter(|report, out| out.plain(Value::Whole(report.dropped))),
    ),
    gauge(
        "memtrend_last_scan_timestamp_seconds",
        "seconds",
        &[],
        "When the last sampling pass was made.",
        Samples::Exporter(|report, out| out.real(Some(report.clock.wall.0))),
    ),
    Family {
        name: SCAN_DURATION,
        metric_type: MetricType::Histogram,
        unit: "seconds",
        help: "Duration of a sampling pass.",
        labels: &[],
        samples: Samples::Instrument,
    },
    gauge(
        "memtrend_source_success",
        "",
        &["source"],
        "1 when the reader could do its work in the last pass, 0 when not.",
        Samples::Exporter(|report, out| {
            for outcome in &report.outcomes {
                out.labelled("source", outcome.source.name(), Value::Whole(u64::from(outcome.success)));
            }
        }),
    ),
    counter(
        SCANS_SKIPPED,
        "",
        &[],
        "Passes that were left out because the one before took longer than the interval: they are never made up for.",
        Samples::Instrument,
    ),
    gauge(
        "memtrend_source_duration_seconds",
        "seconds",
        &["source"],
        "Duration of the reader's last pass.",
        Samples::Exporter(|report, out| {
            for outcome in &report.outcomes {
                out.labelled("source", outcome.source.name(), Value::Real(outcome.duration_seconds));
            }
        }),
    ),
    counter(
        SOURCE_ERRORS,
        "",
        &["source", "reason"],
        "Reads that failed: processes and cgroups that went away while being read, missing permissions, unknown formats.",
        Samples::Instrument,
    ),
    counter(
        STATE_SAVES,
        "",
        &["result"],
        "Times that trends or the counters of kills were written to the state folder, or could not be.",
        Samples::Instrument,
    ),
    gauge(
        "memtrend_build_info",
        "",
        &["version", "revision", "rustversion"],
        "The build of this exporter. Always 1.",
        Samples::Exporter(|_, out| {
            let labels = [
                ("version", env!("CARGO_PKG_VERSION")),
                ("revision", env!("MEMTREND_REVISION")),
                ("rustversion", env!("MEMTREND_RUST_VERSION")),
            ];
            out.emit("", &labels, Value::Whole(1));
        }),
    ),
    counter(
        "process_cpu_seconds_total",
        "seconds",
        &[],
        "CPU time of memtrend itself, user and system.",
        Samples::Exporter(|report, out| out.real(report.own_process.map(|own| own.cpu_seconds))),
    ),
    gauge(
        "process_resident_memory_bytes",
        "bytes",
        &[],
        "Resident memory of memtrend itself.",
        Samples::Exporter(|report, out| out.whole(report.own_process.map(|own| own.resident.0))),
    ),
    gauge(
        "process_virtual_memory_bytes",
        "bytes",
        &[],
        "Address space of memtrend itself.",
        Samples::Exporter(|report, out| out.whole(report.own_process.map(|own| own.virtual_size.0))),
    ),
    gauge(
        "process_start_time_seconds",
        "seconds",
        &[],
        "Start of memtrend itself.",
        Samples::Exporter(|report, out| out.real(report.own_process.map(|own| own.started.0))),
    ),
    gauge(
        "process_open_fds",
        "",
        &[],
        "Open file descriptors of memtrend itself.",
        Samples::Exporter(|report, out| out.whole(report.own_process.map(|own| own.open_fds))),
    ),
    gauge(
        "process_max_fds",
        "",
        &[],
        "Limit on open file descriptors of memtrend itself.",
        Samples::Exporter(|report, out| out.whole(report.own_process.map(|own| own.max_fds))),
    ),
    gauge(
        "process_threads",
        "",
        &[],
        "Threads of memtrend itself.",
        Samples::Exporter(|report, out| out.whole(report.own_process.map(|own| own.threads))),
    ),
];
