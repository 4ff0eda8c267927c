//! memtrend itself: is it well, and does it see everything.

use super::colour::{NOW, SOON, WELL};
use super::frame::{Frame, variable};
use super::layout::Layout;
use super::panel::{Kind, Panel, or_nothing};
use serde_json::{Value, json};

const OF: &str = "job=~\"$job\",instance=~\"$instance\"";

fn of(name: &str) -> String {
    format!("{name}{{{OF}}}")
}

fn head(layout: Layout) -> Layout {
    let exporters = Panel::of(Kind::Stat, "Exporters", "memtrend_build_info")
        .instant(&format!("count({})", of("memtrend_build_info")), "exporters");
    let watched = Panel::of(Kind::Stat, "Applications watched", "memtrend_applications")
        .instant(&format!("sum({})", of("memtrend_applications")), "watched");
    let dropped = Panel::of(Kind::Stat, "Not watched: over the cap", "memtrend_applications_dropped")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), NOW)])
        .instant(&format!("sum({})", of("memtrend_applications_dropped")), "dropped");
    let failing = Panel::of(Kind::Stat, "Sources that fail", "memtrend_source_success")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), SOON)])
        .instant(&format!("count({} == 0) or vector(0)", of("memtrend_source_success")), "failing");
    let age = Panel::of(Kind::Stat, "Age of the last pass", "memtrend_last_scan_timestamp_seconds")
        .colour_by_threshold(&[(None, WELL), (Some(60.0), SOON), (Some(300.0), NOW)])
        .instant(&format!("max(time() - {})", of("memtrend_last_scan_timestamp_seconds")), "age");
    let unowned = Panel::of(Kind::Stat, "Kills that no application owns", "memtrend_oom_kills_unattributed_total")
        .without_a_value("not counted here")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), SOON)])
        .instant(&or_nothing(&format!("sum({})", of("memtrend_oom_kills_unattributed_total"))), "kills");
    [exporters, watched, dropped, failing, age, unowned]
        .into_iter()
        .fold(layout, |layout, panel| layout.panel(4, 4, panel))
}

fn cost(layout: Layout) -> Layout {
    let cpu = Panel::of(Kind::TimeSeries, "CPU", "process_cpu_seconds_total")
        .unit("percentunit")
        .range(&format!("rate({}[$__rate_interval])", of("process_cpu_seconds_total")), "{{instance}}");
    let memory = Panel::of(Kind::TimeSeries, "Memory", "process_resident_memory_bytes")
        .default("min", json!(0))
        .range(&of("process_resident_memory_bytes"), "{{instance}}");
    let descriptors = Panel::of(Kind::TimeSeries, "Descriptors", "process_open_fds")
        .default("min", json!(0))
        .range(&of("process_open_fds"), "open {{instance}}")
        .range(&of("process_max_fds"), "most {{instance}}")
        .dashed("/^most/", super::colour::LIMIT);
    layout.heading("What it costs").panel(8, 8, cpu).panel(8, 8, memory).panel(8, 8, descriptors)
}

fn passes(layout: Layout) -> Layout {
    let duration = Panel::of(Kind::TimeSeries, "Time of a pass, 99th percentile", "memtrend_scan_duration_seconds")
        .range(
            &format!(
                "histogram_quantile(0.99, sum by (le, instance) (rate({}[$__rate_interval])))",
                of("memtrend_scan_duration_seconds_bucket")
            ),
            "{{instance}}",
        );
    let sources = Panel::of(Kind::TimeSeries, "Time of each source", "memtrend_source_duration_seconds")
        .range(&format!("max by (source) ({})", of("memtrend_source_duration_seconds")), "{{source}}");
    let success = Panel::of(Kind::BarGauge, "Sources that could be read", "memtrend_source_success")
        .unit("percentunit")
        .default("min", json!(0))
        .default("max", json!(1))
        .colour_by_threshold(&[(None, NOW), (Some(0.999), WELL)])
        .instant(&format!("avg by (source) ({})", of("memtrend_source_success")), "{{source}}");
    layout.heading("What it reads").panel(8, 8, duration).panel(8, 8, sources).panel(8, 8, success)
}

fn kills(layout: Layout) -> Layout {
    let seen = Panel::of(Kind::TimeSeries, "Kills that each source has seen", "memtrend_oom_source_kills_total")
        .default("min", json!(0))
        .range(&format!("sum by (source) ({})", of("memtrend_oom_source_kills_total")), "{{source}}");
    let readable = Panel::of(Kind::BarGauge, "Sources of kills that can be read", "memtrend_oom_source_success")
        .unit("percentunit")
        .default("min", json!(0))
        .default("max", json!(1))
        .colour_by_threshold(&[(None, SOON), (Some(0.999), WELL)])
        .instant(&format!("avg by (source) ({})", of("memtrend_oom_source_success")), "{{source}}");
    let versions = Panel::of(Kind::Table, "Versions", "memtrend_build_info")
        .rows(&format!("count by (version, revision, rustversion) ({})", of("memtrend_build_info")))
        .transformed("organize", json!({"excludeByName": {"Time": true}, "renameByName": {"Value": "exporters"}}));
    layout.heading("Kills, as each source counts them").panel(8, 8, seen).panel(8, 8, readable).panel(8, 8, versions)
}

/// The dashboard.
pub(crate) fn dashboard() -> Value {
    let panels = [head, cost, passes, kills].into_iter().fold(Layout::default(), |layout, part| part(layout)).done();
    Frame {
        uid: "memtrend-exporter",
        title: "memtrend / memtrend itself",
        description: "Whether memtrend is well, what it costs, and what it cannot see.",
        from: "now-6h",
        to: "now",
        variables: vec![
            variable("job", "Job", "label_values(memtrend_build_info, job)", true),
            variable("instance", "Instance", "label_values(memtrend_build_info{job=~\"$job\"}, instance)", true),
        ],
        annotations: Vec::new(),
        panels,
    }
    .json()
}
