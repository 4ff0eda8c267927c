//! One application: is it leaking, since when, how long is left, what does a restart buy; and why.

use super::colour::{FORECAST, LIMIT, NOW, SOON, UNKNOWN, WELL};
use super::frame::{Frame, annotation, variable};
use super::layout::Layout;
use super::panel::{Kind, Panel, or_nothing};
use serde_json::{Value, json};

const OF: &str = "job=~\"$job\",instance=~\"$instance\",application=~\"$application\"";

/// How far back a value may be at the end of the time shown, which is in the future, for the forecast to have room.
const BACK: &str = "5h";

/// What tells one instance of the application from another.
const BY: &str = "job, instance, namespace, pod, container, application";

/// A metric of the chosen application, with more matchers.
fn of(name: &str, more: &str) -> String {
    format!("{name}{{{OF}{more}}}")
}

/// Time of a metric's last sample.
fn time_of(name: &str, more: &str) -> String {
    format!("max_over_time(timestamp({})[{BACK}:1m] @ end())", of(name, more))
}

/// A metric as it is now, though the time shown ends later; absent when it is no longer told while the application is.
fn now(name: &str, more: &str) -> String {
    let (told, up) = (time_of(name, more), time_of("memtrend_application_up", ""));
    let value = of(name, more);
    format!("(last_over_time({value}[{BACK}] @ end()) and ({told} > on ({BY}) group_left () ({up} - 150)))")
}

/// The same, without a label.
fn now_without(label: &str, name: &str, more: &str) -> String {
    format!("max without ({label}) ({})", now(name, more))
}

/// The floor, carried on at a rate from its last value to the limit.
fn forecast(estimate: &str) -> String {
    let floor = now_without("__name__", "memtrend_heap_floor_bytes", "");
    let rate = now_without("estimate", "memtrend_leak_growth_bytes_per_second", &format!(",estimate=\"{estimate}\""));
    let age = format!("(time() - {})", time_of("memtrend_heap_floor_bytes", ""));
    let limit = now_without("source", "memtrend_memory_limit_bytes", "");
    format!("(({floor} + {rate} * {age}) and {age} >= 0) <= {limit}")
}

/// How long it has been growing, as of now.
fn since_onset() -> String {
    let (onset, up) = (now("memtrend_leak_onset_timestamp_seconds", ""), time_of("memtrend_application_up", ""));
    format!("max({up} - on ({BY}) {onset})")
}

fn head(layout: Layout) -> Layout {
    let verdict = Panel::of(Kind::Stat, "Verdict", "memtrend_leak_verdict")
        .instant(&format!("max by (verdict) ({}) == 1", now("memtrend_leak_verdict", "")), "{{verdict}}")
        .option("textMode", json!("name"))
        .by_name("leaking", &[("color", json!({"mode": "fixed", "fixedColor": NOW}))])
        .by_name("growing", &[("color", json!({"mode": "fixed", "fixedColor": SOON}))])
        .by_name("learning", &[("color", json!({"mode": "fixed", "fixedColor": UNKNOWN}))]);
    let since = Panel::of(Kind::Stat, "Growing for", "memtrend_leak_onset_timestamp_seconds")
        .without_a_value("not growing")
        .instant(&or_nothing(&since_onset()), "since");
    let version =
        Panel::of(Kind::Stat, "Since version", "memtrend_leak_origin_info").option("textMode", json!("name")).instant(
            &format!(
                "max by (version) ({}) or on () label_replace(vector(1), \"version\", \"not known\", \"\", \"\")",
                now("memtrend_leak_origin_info", "")
            ),
            "{{version}}",
        );
    let left = Panel::of(Kind::Stat, "Time to the limit", "memtrend_time_to_limit_seconds")
        .without_a_value("not known")
        .colour_by_threshold(&[(None, NOW), (Some(7200.0), SOON), (Some(86_400.0), WELL)])
        .instant(
            &or_nothing(&format!("min({})", now("memtrend_time_to_limit_seconds", ",estimate=\"expected\""))),
            "expected",
        );
    let gain = Panel::of(Kind::Stat, "A restart buys", "memtrend_restart_gain_seconds")
        .without_a_value("not known")
        .instant(&or_nothing(&format!("min({})", now("memtrend_restart_gain_seconds", ""))), "gain");
    let lives = Panel::of(Kind::Stat, "Lives of the leak", "memtrend_leak_lifetimes")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), SOON), (Some(2.0), NOW)])
        .instant(&format!("max({})", now("memtrend_leak_lifetimes", "")), "lives");
    let kills = Panel::of(Kind::Stat, "OOM kills shown", "memtrend_oom_kills_total")
        .colour_by_threshold(&[(None, WELL), (Some(0.5), NOW)])
        .default("decimals", json!(0))
        .instant(&format!("sum(increase({}[$__range]))", of("memtrend_oom_kills_total", "")), "kills");
    let used = Panel::of(Kind::Stat, "Limit in use", "memtrend_unreclaimable_bytes")
        .unit("percentunit")
        .without_a_value("no limit")
        .colour_by_threshold(&[(None, WELL), (Some(0.8), SOON), (Some(0.9), NOW)])
        .instant(
            &or_nothing(&format!(
                "max({} / ignoring (source) max without (source) ({}))",
                now("memtrend_unreclaimable_bytes", ""),
                now("memtrend_memory_limit_bytes", "")
            )),
            "used",
        );
    [verdict, since, version, left, gain, lives, kills, used]
        .into_iter()
        .fold(layout, |layout, panel| layout.panel(3, 4, panel))
}

fn memory(layout: Layout) -> Layout {
    let picture = Panel::new(
        Kind::TimeSeries,
        "Heap, floor, limit, and the forecast to the limit",
        "Heap: anonymous memory and swap. Floor: its lowest value of each minute, which is judged. The forecast goes on from the last \
         floor at the growth behind the verdict, until it reaches the limit; dashed, with its 95 % bounds.",
    )
    .unit("bytes")
    .default("min", json!(0))
    .range(&of("memtrend_heap_bytes", ""), "heap {{pod}}")
    .range(&of("memtrend_heap_floor_bytes", ""), "floor {{pod}}")
    .range(&format!("max without (source) ({})", of("memtrend_memory_limit_bytes", "")), "limit {{pod}}")
    .range(&forecast("expected"), "forecast {{pod}}")
    .range(&forecast("upper"), "forecast, earliest {{pod}}")
    .range(&forecast("lower"), "forecast, latest {{pod}}")
    .by_regex("/^heap/", &[("custom.fillOpacity", json!(10)), ("custom.lineWidth", json!(1)), ("color", json!({"mode": "fixed", "fixedColor": WELL}))])
    .by_regex("/^floor/", &[("custom.lineWidth", json!(3)), ("color", json!({"mode": "fixed", "fixedColor": "#0072B2"}))])
    .dashed("/^limit/", LIMIT)
    .dashed("/^forecast/", FORECAST)
    .by_regex("/est /", &[("custom.lineWidth", json!(1))]);
    // What is further off would make the rest a line at the bottom.
    let near = |more: &str| format!("{} < 2 * 86400", of("memtrend_time_to_limit_seconds", more));
    let left = Panel::of(Kind::TimeSeries, "Time to the limit, up to two days", "memtrend_time_to_limit_seconds")
        .default("min", json!(0))
        .range(&near(",estimate=\"earliest\""), "earliest {{pod}}")
        .range(&near(",estimate=\"expected\""), "expected {{pod}}")
        .range(&format!("{} < 2 * 86400", of("memtrend_restart_gain_seconds", "")), "a restart buys {{pod}}")
        .by_regex(
            "/^expected/",
            &[("custom.lineWidth", json!(3)), ("color", json!({"mode": "fixed", "fixedColor": NOW}))],
        )
        .dashed("/^earliest/", SOON)
        .by_regex("/^a restart/", &[("color", json!({"mode": "fixed", "fixedColor": WELL}))]);
    layout.panel(16, 12, picture).panel(8, 12, left)
}

fn growth(layout: Layout) -> Layout {
    let behind = Panel::of(Kind::TimeSeries, "Growth behind the verdict", "memtrend_leak_growth_bytes_per_second")
        .range(&of("memtrend_leak_growth_bytes_per_second", ""), "{{estimate}} {{pod}}")
        .by_regex(
            "/^expected/",
            &[("custom.lineWidth", json!(3)), ("color", json!({"mode": "fixed", "fixedColor": NOW}))],
        )
        .dashed("/^(lower|upper)/", SOON);
    let windows = Panel::of(Kind::TimeSeries, "Slope of the floor, by window", "memtrend_heap_growth_bytes_per_second")
        .range(&of("memtrend_heap_growth_bytes_per_second", ""), "{{window}} {{pod}}");
    let verdicts = Panel::of(Kind::TimeSeries, "Verdicts", "memtrend_leak_verdict")
        .range(&format!("{} == 1", of("memtrend_leak_verdict", "")), "{{verdict}} {{pod}}")
        .default("max", json!(1))
        .default("min", json!(0))
        .custom("fillOpacity", json!(30))
        .custom("lineWidth", json!(0))
        .by_regex("/^leaking/", &[("color", json!({"mode": "fixed", "fixedColor": NOW}))])
        .by_regex("/^growing/", &[("color", json!({"mode": "fixed", "fixedColor": SOON}))])
        .by_regex("/^steady/", &[("color", json!({"mode": "fixed", "fixedColor": WELL}))])
        .by_regex("/^learning/", &[("color", json!({"mode": "fixed", "fixedColor": UNKNOWN}))]);
    layout.heading("How it grows").panel(8, 8, behind).panel(8, 8, windows).panel(8, 8, verdicts)
}

fn kinds(layout: Layout) -> Layout {
    let held = Panel::of(Kind::TimeSeries, "Memory by kind", "memtrend_memory_bytes")
        .custom("stacking", json!({"mode": "normal", "group": "A"}))
        .custom("fillOpacity", json!(40))
        .custom("lineWidth", json!(1))
        .range(&format!("sum by (kind) ({})", of("memtrend_memory_bytes", "")), "{{kind}}");
    let growing = Panel::of(Kind::BarGauge, "Growth by kind", "memtrend_growth_by_kind_bytes_per_second")
        .colour_by_threshold(&[(None, WELL), (Some(0.0), UNKNOWN), (Some(1.0), SOON)])
        .option("text", json!({"titleSize": 16, "valueSize": 20}))
        .instant(
            &format!(
                "sum by (kind) ({}) or on () label_replace(vector(0), \"kind\", \"not known yet\", \"\", \"\")",
                now("memtrend_growth_by_kind_bytes_per_second", "")
            ),
            "{{kind}}",
        );
    layout.heading("Where it grows").panel(16, 8, held).panel(8, 8, growing)
}

fn ends(layout: Layout) -> Layout {
    let increase = |name: &str, by: &str| format!("sum by ({by}) (increase({}[$__rate_interval]))", of(name, ""));
    let kills = Panel::of(Kind::TimeSeries, "OOM kills, by whose limit was hit", "memtrend_oom_kills_total")
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(80))
        .default("min", json!(0))
        .range(&increase("memtrend_oom_kills_total", "scope"), "{{scope}}");
    let restarts = Panel::of(Kind::TimeSeries, "Restarts, by cause", "memtrend_restarts_total")
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(80))
        .default("min", json!(0))
        .range(&increase("memtrend_restarts_total", "cause"), "{{cause}}");
    let processes = Panel::of(Kind::TimeSeries, "Processes, threads", "memtrend_application_threads")
        .default("min", json!(0))
        .range(&of("memtrend_application_processes", ""), "processes {{pod}}")
        .range(&of("memtrend_application_threads", ""), "threads {{pod}}")
        .range(&of("memtrend_application_open_fds", ""), "descriptors {{pod}}");
    layout
        .heading("How it ends, and what else it holds")
        .panel(8, 8, kills)
        .panel(8, 8, restarts)
        .panel(8, 8, processes)
}

/// The dashboard.
pub(crate) fn dashboard() -> Value {
    let layout = Layout::default();
    let panels = [head, memory, growth, kinds, ends].into_iter().fold(layout, |layout, part| part(layout)).done();
    let values = |label: &str, of: &str| format!("label_values(memtrend_heap_bytes{{{of}}}, {label})");
    let by = "application, version";
    let info = of("memtrend_application_info", "");
    Frame {
        uid: "memtrend-application",
        title: "memtrend / One application",
        description: "Whether it leaks, since when and which version, how long is left, what a restart buys, and why.",
        from: "now-12h",
        to: "now+4h",
        variables: vec![
            variable("job", "Job", "label_values(memtrend_heap_bytes, job)", true),
            variable("instance", "Instance", &values("instance", "job=~\"$job\""), true),
            variable("application", "Application", &values("application", "job=~\"$job\",instance=~\"$instance\""), false),
        ],
        annotations: vec![
            annotation(
                "OOM kill",
                NOW,
                &format!("sum by (application, pod, scope) (increase({}[1m])) > 0", of("memtrend_oom_kills_total", "")),
                "{{application}} {{pod}}: limit hit: {{scope}}",
            ),
            annotation(
                "Restart",
                SOON,
                &format!("changes({}[2m]) > 0", of("memtrend_application_start_time_seconds", "")),
                "{{application}} {{pod}}",
            ),
            annotation(
                "Version",
                WELL,
                &format!("max by ({by}) ({info}) unless max by ({by}) ({info} offset 2m) and on (application) max by (application) ({info} offset 10m)"),
                "{{application}} {{version}}",
            ),
        ],
        panels,
    }
    .json()
}
