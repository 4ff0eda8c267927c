//! What every rule must be: a list of checks, each of which is seen to find its fault.

use crate::support::project;
use crate::support::rules::{self, Rule, Shown};
use memtrend::output::catalogue::{MetricType, family};
use regex::Regex;
use std::collections::BTreeSet;
use std::time::Duration;

/// The shortest range: four scrapes of half a minute, so that one may be missed.
const SHORTEST_RANGE: Duration = Duration::from_secs(120);

const RUNBOOKS: &str = "https://github.com/memtrend/memtrend/blob/main/docs/runbooks/";

const DASHBOARDS: &[&str] = &[
    "http://grafana:3000/d/memtrend-application?var-application={{ $labels.application | urlquery }}",
    "http://grafana:3000/d/memtrend-exporter?var-instance={{ $labels.instance | urlquery }}",
];

/// The names of PromQL are ASCII, and the crate is built without the tables of Unicode.
fn pattern(text: &str) -> Regex {
    let ascii = [r"\w", r"\b", r"\s"]
        .iter()
        .fold(text.to_owned(), |text, class| text.replace(class, &format!("(?-u:{class})")));
    Regex::new(&ascii).unwrap()
}

/// The first group of each match.
fn found<'a>(regex: &str, text: &'a str) -> Vec<&'a str> {
    pattern(regex).captures_iter(text).map(|captures| captures.get(1).unwrap().as_str()).collect()
}

/// Whether it says when there is something to tell; without that it fires whenever there is a series.
fn has_condition(expr: &str) -> bool {
    let bare = pattern(r#""(\\.|[^"\\])*""#).replace_all(expr, "");
    let bare = pattern(r"\{[^{}]*\}").replace_all(&bare, "");
    pattern(r"[=!]=|[<>]|\b(absent|absent_over_time|unless)\b").is_match(&bare)
}

fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

fn of_queries(text: &str, faults: &mut Vec<String>) {
    for range in found(r"\[([^\]]*)\]", text) {
        let (length, _) = range.split_once(':').unwrap_or((range, ""));
        match duration(length) {
            Some(length) if length >= SHORTEST_RANGE => {}
            Some(_) => faults.push(format!("range [{range}] is shorter than {SHORTEST_RANGE:?}")),
            None => faults.push(format!("range [{range}] is no duration")),
        }
    }
    let rated = found(r"\b(?:i?rate|increase)\s*\(\s*(\w+)", text);
    for metric in &rated {
        if family(metric).is_some_and(|family| family.metric_type != MetricType::Counter) {
            faults.push(format!("{metric} is no counter, and has no rate"));
        }
    }
    for metric in found(r"\b((?:memtrend|process)_\w+)", text) {
        match family(metric) {
            None => faults.push(format!("{metric} is not in the catalogue")),
            Some(family) if family.metric_type == MetricType::Counter && !rated.contains(&metric) => {
                faults.push(format!("{metric} is a counter: only its rate or increase says anything"));
            }
            Some(_) => {}
        }
    }
    if pattern(r#"\{\s*\\?""#).is_match(text) || pattern(r#"[,{(]\s*\\?"[^"]*"\s*(=|!|\))"#).is_match(text) {
        faults.push("a quoted name: Prometheus before 3.0 cannot read it".to_owned());
    }
}

/// All that is wrong with a rule, given what the cases show of it.
fn faults(rule: &Rule, shown: &Shown) -> Vec<String> {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    let annotation = |name: &str| rule.annotations.get(name).map_or("", String::as_str);
    demand(pattern("^Memtrend[A-Za-z]+$").is_match(&rule.alert), "the name is not Memtrend and letters");
    demand(has_condition(&rule.expr), "no comparison, absent or unless");
    let severities = rule.labels.get("severity").map_or("", String::as_str);
    demand(["critical", "warning", "info"].contains(&severities), "severity is not critical, warning or info");
    demand(rule.labels.len() == 1, "labels beside the severity");
    for lasting in [&rule.lasting, &rule.keep_firing_for].into_iter().flatten() {
        demand(duration(lasting).is_some(), "for or keep_firing_for is no duration");
    }
    let names: Vec<&str> = rule.annotations.keys().map(String::as_str).collect();
    demand(
        names == ["dashboard_url", "description", "runbook_url", "summary"],
        "annotations are not summary, description, runbook_url and dashboard_url",
    );
    let summary = annotation("summary");
    demand(summary.ends_with('.') && !summary.contains("{{"), "the summary is not a constant sentence");
    demand(annotation("runbook_url") == format!("{RUNBOOKS}{}.md", rule.alert), "runbook_url is not its runbook's");
    demand(DASHBOARDS.contains(&annotation("dashboard_url")), "dashboard_url is none of the dashboards'");
    demand(shown.fires, "no case in which it fires");
    demand(shown.is_quiet, "no case in which it stays quiet");
    of_queries(&rule.expr, &mut faults);
    for text in rule.annotations.values() {
        of_queries(text, &mut faults);
        let named: BTreeSet<&str> = found(r"\$labels\.(\w+)", text).into_iter().collect();
        for label in named.into_iter().filter(|label| !shown.labels.contains(*label)) {
            faults.push(format!("no case has the label {label} that a template names: does the expression keep it?"));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

#[test]
fn every_rule_is_sound() {
    let shown = rules::shown();
    let none = Shown::default();
    let mut wrong = Vec::new();
    let all = rules::all();
    assert!(!all.is_empty());
    for rule in &all {
        let of_rule = faults(rule, shown.get(&rule.alert).unwrap_or(&none));
        wrong.extend(of_rule.into_iter().map(|fault| format!("{}: {fault}", rule.alert)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_taken_once_and_cases_are_of_rules() {
    let groups = rules::groups();
    let names: BTreeSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names.len(), groups.len(), "groups of one name");
    let all = rules::all();
    let alerts: BTreeSet<String> = all.iter().map(|rule| rule.alert.clone()).collect();
    assert_eq!(alerts.len(), all.len(), "alerts of one name");
    assert_eq!(rules::shown().into_keys().collect::<BTreeSet<_>>(), alerts, "alerts of the cases, and of the rules");
}

#[test]
fn every_alert_has_a_runbook() {
    let folder = project().join("docs/runbooks");
    let missing: Vec<String> = rules::all()
        .into_iter()
        .map(|rule| rule.alert)
        .filter(|alert| !folder.join(format!("{alert}.md")).is_file())
        .collect();
    assert!(missing.is_empty(), "no runbook: {}", missing.join(", "));
}

const SOUND: &str = r#"
groups:
  - name: memtrend
    rules:
      - alert: MemtrendX
        expr: 'increase(memtrend_oom_kills_total{scope="own"}[2m]) > 0'
        for: 5m
        labels:
          severity: info
        annotations:
          summary: It is killed.
          description: >-
            {{ $labels.application }} {{ range query (printf "memtrend_leak_verdict{application=%q}" $labels.application) }}{{ end }}
          runbook_url: https://github.com/memtrend/memtrend/blob/main/docs/runbooks/MemtrendX.md
          dashboard_url: http://grafana:3000/d/memtrend-application?var-application={{ $labels.application | urlquery }}
"#;

fn faults_of(text: &str) -> Vec<String> {
    let labels = BTreeSet::from(["application".to_owned()]);
    let shown = Shown { fires: true, is_quiet: true, labels };
    rules::parse(text)
        .unwrap()
        .groups
        .iter()
        .flat_map(|group| &group.rules)
        .flat_map(|rule| faults(rule, &shown))
        .collect()
}

#[test]
fn each_check_finds_its_fault() {
    assert_eq!(faults_of(SOUND), [""; 0]);
    let killed = "increase(memtrend_oom_kills_total{scope=\"own\"}[2m])";
    let cases = [
        ("MemtrendX\n", "MemtrendÉ\n", "runbook_url is not its runbook's; the name is not Memtrend and letters"),
        (" > 0", "", "no comparison, absent or unless"),
        ("[2m]", "[1m]", "range [1m] is shorter than 120s"),
        ("[2m]", "[1m:10s]", "range [1m:10s] is shorter than 120s"),
        ("[2m]", "[two]", "range [two] is no duration"),
        (killed, "rate(memtrend_heap_bytes[2m])", "memtrend_heap_bytes is no counter, and has no rate"),
        (
            killed,
            "memtrend_restarts_total",
            "memtrend_restarts_total is a counter: only its rate or increase says anything",
        ),
        (killed, "memtrend_heap_byte", "memtrend_heap_byte is not in the catalogue"),
        ("memtrend_leak_verdict", "memtrend_leak", "memtrend_leak is not in the catalogue"),
        (killed, "{\"memtrend.heap\"}", "a quoted name: Prometheus before 3.0 cannot read it"),
        ("{scope=", "{\"scope\"=", "a quoted name: Prometheus before 3.0 cannot read it"),
        ("info", "page", "severity is not critical, warning or info"),
        ("severity: info", "severity: info\n          team: a", "labels beside the severity"),
        ("for: 5m", "for: five", "for or keep_firing_for is no duration"),
        ("killed.", "killed", "the summary is not a constant sentence"),
        ("It is", "This {{ $labels.application }} is", "the summary is not a constant sentence"),
        ("MemtrendX.md", "MemtrendY.md", "runbook_url is not its runbook's"),
        ("d/memtrend-application", "d/memtrend-app", "dashboard_url is none of the dashboards'"),
        (
            "{{ $labels.application }} {{",
            "{{ $labels.kind }} {{",
            "no case has the label kind that a template names: does the expression keep it?",
        ),
        (
            "summary: It is killed.",
            "message: It is killed.",
            "annotations are not summary, description, runbook_url and dashboard_url; the summary is not a constant sentence",
        ),
    ];
    for (sound, broken, fault) in cases {
        let text = SOUND.replacen(sound, broken, 1);
        assert_ne!(text, SOUND, "{sound}");
        assert_eq!(faults_of(&text).join("; "), fault, "{broken}");
    }
    let rule = &rules::parse(SOUND).unwrap().groups[0].rules[0];
    assert_eq!(
        faults(rule, &Shown::default()),
        [
            "no case has the label application that a template names: does the expression keep it?",
            "no case in which it fires",
            "no case in which it stays quiet",
        ]
    );
}

#[test]
fn what_only_a_newer_prometheus_reads_is_refused() {
    for (old, new) in [
        ("  - name: memtrend\n", "  - name: memtrend\n    labels: {team: a}\n"),
        ("  - name: memtrend\n", "  - name: memtrend\n    query_offset: 1m\n"),
        ("        for: 5m\n", "        fro: 5m\n"),
    ] {
        let text = SOUND.replacen(old, new, 1);
        assert!(rules::parse(&text).err().is_some_and(|error| error.contains("unknown field")), "{new}");
    }
}
