//! The alert rules and the Alertmanager example, by the real promtool, amtool and Alertmanager, and by a lint of our own.

mod lint;
mod routing;

use crate::support::{project, rules};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Runs a tool in `alerts/`; what it printed, and whether it was content.
fn run(tool: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(tool).args(arguments).current_dir(project().join("alerts")).output();
    let output = output.unwrap_or_else(|error| panic!("{tool}: {error}: scripts/setup installs it"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn promtool_finds_the_rules_sound() {
    for file in rules::RULES {
        // By default duplicates alone are fatal to the lint.
        let (is_sound, text) = run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", file]);
        assert!(is_sound, "{text}");
    }
}

#[test]
fn every_case_of_the_rules_holds() {
    let (holds, text) = run("promtool", &["test", "rules", "memtrend.test.yaml"]);
    assert!(holds, "{text}");
}

const PROMETHEUS_RULE: &str = "deploy/kubernetes/monitoring/rules/prometheus-rule.yaml";

const HEADER: &str = "\
# Generated from alerts/memtrend.rules.yaml: change it there and run `make docs`.
#
# For the Prometheus operator, 0.66 or later (keep_firing_for). memtrend's series must keep their own namespace, pod and
# container: `honorLabels: true` in the PodMonitor or ServiceMonitor.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: memtrend
  labels:
    app.kubernetes.io/name: memtrend
    # What the ruleSelector of the Prometheus object asks for; that of kube-prometheus-stack is the name of its release:
    # release: kube-prometheus-stack
spec:
";

/// The rules as an object of Kubernetes: the text from `groups:` on, two spaces further in, comments and all.
fn prometheus_rule(rules: &str) -> String {
    let start = rules.find("groups:\n").expect("groups");
    let mut text = HEADER.to_owned();
    for line in rules[start..].lines() {
        text.push_str(if line.is_empty() { "" } else { "  " });
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[test]
fn the_prometheus_rule_holds_the_rules() {
    let rules = rules::read("memtrend.rules.yaml");
    let text = prometheus_rule(&rules);
    let path = project().join(PROMETHEUS_RULE);
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{PROMETHEUS_RULE} is stale: run `make docs`");
    let object: Value = serde_saphyr::from_str(&committed).unwrap();
    let rules: Value = serde_saphyr::from_str(&rules).unwrap();
    assert_eq!(object["kind"], "PrometheusRule");
    assert_eq!(object["spec"], rules);
    assert!(rules["groups"][0]["rules"].as_array().unwrap().len() > 9, "{rules}");
}

#[test]
fn the_rules_of_the_object_are_what_promtool_reads() {
    let committed = fs::read_to_string(project().join(PROMETHEUS_RULE)).unwrap();
    let object: Value = serde_saphyr::from_str(&committed).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.json");
    fs::write(&path, object["spec"].to_string()).unwrap();
    let (is_sound, text) = run("promtool", &["check", "rules", &path.display().to_string()]);
    let count = object["spec"]["groups"][0]["rules"].as_array().unwrap().len();
    assert!(is_sound && text.contains(&format!("SUCCESS: {count} rules found")), "{text}");
}
