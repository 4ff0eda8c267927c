//! All applications: which one needs somebody.

use super::colour::{NOW, SOON, UNKNOWN, WELL};
use super::frame::{Frame, annotation, variable};
use super::layout::Layout;
use super::panel::{Kind, Panel, mappings, or_nothing};
use serde_json::{Value, json};

const OF: &str = "job=~\"$job\",instance=~\"$instance\",application=~\"$application\"";

/// What tells one row of the table from another.
const BY: &str = "job, instance, namespace, pod, container, application";

fn of(name: &str, more: &str) -> String {
    format!("{name}{{{OF}{more}}}")
}

fn count(title: &str, verdict: &str, colour: &str) -> Panel {
    Panel::of(Kind::Stat, title, "memtrend_leak_verdict")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), colour)])
        .instant(
            &format!("sum({}) or vector(0)", of("memtrend_leak_verdict", &format!(",verdict=\"{verdict}\""))),
            verdict,
        )
}

fn head(layout: Layout) -> Layout {
    let left = Panel::of(Kind::Stat, "Least time to a limit", "memtrend_time_to_limit_seconds")
        .without_a_value("none in sight")
        .colour_by_threshold(&[(None, NOW), (Some(7200.0), SOON), (Some(86_400.0), WELL)])
        .instant(
            &or_nothing(&format!("min({})", of("memtrend_time_to_limit_seconds", ",estimate=\"expected\""))),
            "expected",
        );
    let kills = Panel::of(Kind::Stat, "OOM kills in 24 h", "memtrend_oom_kills_total")
        .colour_by_threshold(&[(None, WELL), (Some(0.5), NOW)])
        .default("decimals", json!(0))
        .instant(&format!("sum(increase({}[24h]))", of("memtrend_oom_kills_total", "")), "kills");
    let watched = Panel::of(Kind::Stat, "Applications watched", "memtrend_application_up")
        .instant(&format!("sum({})", of("memtrend_application_up", "")), "watched");
    let outlived = Panel::of(Kind::Stat, "Leaks that outlived a restart", "memtrend_leak_lifetimes")
        .colour_by_threshold(&[(None, WELL), (Some(1.0), NOW)])
        .instant(&format!("count({} >= 2) or vector(0)", of("memtrend_leak_lifetimes", "")), "leaks");
    [count("Leaking", "leaking", NOW), left, outlived, kills, count("Growing", "growing", SOON), watched]
        .into_iter()
        .fold(layout, |layout, panel| layout.panel(4, 4, panel))
}

/// One column of the table: its title, expression, unit, and whatever else.
type Column = (&'static str, String, &'static str, Vec<(&'static str, Value)>);

fn columns() -> Vec<Column> {
    let max = |expression: &str| format!("max by ({BY}) ({expression})");
    let verdict = |name: &str| of("memtrend_leak_verdict", &format!(",verdict=\"{name}\""));
    let coded = format!(
        "3 * {} + ignoring (verdict) 2 * {} + ignoring (verdict) {}",
        verdict("leaking"),
        verdict("growing"),
        verdict("steady")
    );
    let words = mappings(&[(3, "leaking", NOW), (2, "growing", SOON), (1, "steady", WELL), (0, "learning", UNKNOWN)]);
    let coloured = || ("custom.cellOptions", json!({"type": "color-text"}));
    let steps = |steps: Value| ("thresholds", json!({"mode": "absolute", "steps": steps}));
    let by_time =
        json!([{"value": null, "color": NOW}, {"value": 7200, "color": SOON}, {"value": 86400, "color": WELL}]);
    let by_share = json!([{"value": null, "color": WELL}, {"value": 0.8, "color": SOON}, {"value": 0.9, "color": NOW}]);
    let expected = ",estimate=\"expected\"";
    // What has no time to a limit comes last, and what leaks before what does not.
    let urgency = format!(
        "{} or {} or {}",
        max(&of("memtrend_time_to_limit_seconds", expected)),
        max(&format!("{} * 1e11 > 0", verdict("leaking"))),
        max(&format!("{} * 0 + 1e12", of("memtrend_application_up", "")))
    );
    let far = json!([{"type": "range", "options": {"from": 1e10, "to": 1e13, "result": {"text": "-", "color": WELL}}}]);
    vec![
        ("Verdict", max(&coded), "short", vec![("mappings", words), coloured()]),
        ("Time to limit", urgency, "s", vec![steps(by_time), ("mappings", far), coloured()]),
        ("Growth", max(&of("memtrend_leak_growth_bytes_per_second", expected)), "binBps", vec![]),
        ("Growing for", max(&format!("time() - {}", of("memtrend_leak_onset_timestamp_seconds", ""))), "s", vec![]),
        ("A restart buys", max(&of("memtrend_restart_gain_seconds", "")), "s", vec![]),
        ("Heap", max(&of("memtrend_heap_bytes", "")), "bytes", vec![]),
        ("Limit", max(&of("memtrend_memory_limit_bytes", "")), "bytes", vec![]),
        (
            "In use",
            max(&format!(
                "{} / ignoring (source) max without (source) ({})",
                of("memtrend_unreclaimable_bytes", ""),
                of("memtrend_memory_limit_bytes", "")
            )),
            "percentunit",
            vec![steps(by_share), coloured()],
        ),
        (
            "OOM kills 24 h",
            format!("sum by ({BY}) (increase({}[24h]))", of("memtrend_oom_kills_total", "")),
            "short",
            vec![("decimals", json!(0))],
        ),
        ("Lives", max(&of("memtrend_leak_lifetimes", "")), "short", vec![]),
    ]
}

fn table(layout: Layout) -> Layout {
    let mut table = Panel::new(
        Kind::Table,
        "Applications, the most urgent first",
        "Sorted by the time to the limit. A click on an application leads to its own dashboard.",
    );
    let (mut names, mut order) = (serde_json::Map::new(), serde_json::Map::new());
    order.insert("application".to_owned(), json!(0));
    for (place, (title, expression, unit, more)) in columns().into_iter().enumerate() {
        let letter = u8::try_from(place).map_or('Z', |place| char::from(b'A' + place));
        names.insert(format!("Value #{letter}"), json!(title));
        order.insert(format!("Value #{letter}"), json!(place + 1));
        let mut properties = vec![("unit", json!(unit)), ("custom.width", json!(112))];
        properties.extend(more);
        table = table.rows(&expression).by_name(title, &properties);
    }
    let labels = [
        ("version", "Since version"),
        ("namespace", "Namespace"),
        ("pod", "Pod"),
        ("container", "Container"),
        ("instance", "Instance"),
    ];
    for (place, (label, title)) in labels.into_iter().enumerate() {
        order.insert(label.to_owned(), json!(20 + place));
        names.insert(label.to_owned(), json!(title));
    }
    names.insert("application".to_owned(), json!("Application"));
    let link = json!([{
        "title": "Its dashboard",
        "url": "/d/memtrend-application?${datasource:queryparam}&var-application=${__data.fields.Application}&var-instance=${__data.fields.Instance}",
    }]);
    let versions = format!("max by ({BY}, version) ({})", of("memtrend_leak_origin_info", ""));
    let table = table
        .rows(&versions)
        .transformed("merge", json!({}))
        .transformed(
            "organize",
            json!({"excludeByName": {"Time": true, "job": true, "Value #K": true}, "indexByName": order, "renameByName": names}),
        )
        .by_name("Application", &[("links", link), ("custom.width", json!(150))])
        .option("sortBy", json!([{"displayName": "Time to limit", "desc": false}]));
    layout.panel(24, 14, table)
}

fn time(layout: Layout) -> Layout {
    let left = Panel::of(Kind::TimeSeries, "Time to the limit: the ten shortest", "memtrend_time_to_limit_seconds")
        .default("min", json!(0))
        .range(
            &format!("bottomk(10, {} < 3 * 86400)", of("memtrend_time_to_limit_seconds", ",estimate=\"expected\"")),
            "{{application}} {{pod}}",
        );
    let growth = Panel::of(Kind::TimeSeries, "Growth: the ten fastest", "memtrend_leak_growth_bytes_per_second").range(
        &format!("topk(10, {})", of("memtrend_leak_growth_bytes_per_second", ",estimate=\"expected\"")),
        "{{application}} {{pod}}",
    );
    let kills = Panel::of(Kind::TimeSeries, "OOM kills by application", "memtrend_oom_kills_total")
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(80))
        .default("min", json!(0))
        .range(
            &format!("sum by (application) (increase({}[$__rate_interval])) > 0", of("memtrend_oom_kills_total", "")),
            "{{application}}",
        );
    let verdicts = Panel::of(Kind::TimeSeries, "Applications by verdict", "memtrend_leak_verdict")
        .custom("stacking", json!({"mode": "normal", "group": "A"}))
        .custom("fillOpacity", json!(40))
        .range(&format!("sum by (verdict) ({})", of("memtrend_leak_verdict", "")), "{{verdict}}")
        .coloured("leaking", NOW)
        .coloured("growing", SOON)
        .coloured("steady", WELL)
        .coloured("learning", UNKNOWN);
    layout.heading("Over time").panel(12, 9, left).panel(12, 9, growth).panel(12, 9, kills).panel(12, 9, verdicts)
}

/// The dashboard.
pub(crate) fn dashboard() -> Value {
    let panels = [head, table, time].into_iter().fold(Layout::default(), |layout, part| part(layout)).done();
    let values = |label: &str, of: &str| format!("label_values(memtrend_heap_bytes{{{of}}}, {label})");
    Frame {
        uid: "memtrend-fleet",
        title: "memtrend / Fleet",
        description: "All applications: which leak, which reaches its limit first, which were killed for want of memory.",
        from: "now-24h",
        to: "now",
        variables: vec![
            variable("job", "Job", "label_values(memtrend_heap_bytes, job)", true),
            variable("instance", "Instance", &values("instance", "job=~\"$job\""), true),
            variable("application", "Application", &values("application", "job=~\"$job\",instance=~\"$instance\""), true),
        ],
        annotations: vec![annotation(
            "OOM kill",
            NOW,
            &format!("sum by (application, pod, scope) (increase({}[1m])) > 0", of("memtrend_oom_kills_total", "")),
            "{{application}} {{pod}}: limit hit: {{scope}}",
        )],
        panels,
    }
    .json()
}
