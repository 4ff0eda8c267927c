//! Each object against its schema, field by field, no other field allowed.

use super::rendered::all;
use super::tools::{OLDEST, python, schema};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// The kinds of the Prometheus operator: Kubernetes has no schema of theirs.
const OPERATOR: &[&str] = &["PodMonitor", "PrometheusRule"];

struct Folder(tempfile::TempDir);

impl Folder {
    fn hold(&self, name: &str, object: &Value) -> String {
        let path: PathBuf = self.0.path().join(format!("{name}.json"));
        fs::write(&path, object.to_string()).unwrap();
        path.display().to_string()
    }
}

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

fn is_of_operator(object: &Value) -> bool {
    OPERATOR.iter().any(|kind| object["kind"] == *kind)
}

/// `kubernetes-validate --strict` by the oldest version and the newest that it knows; what it printed.
fn validate(files: &[String]) -> (bool, String) {
    let (_, newest) = python(&["-c", "import kubernetes_validate as k; print(k.latest_version())"]);
    let newest = newest.trim().rsplit_once('.').unwrap().0.to_owned();
    assert!(newest != OLDEST && newest.starts_with("1."), "{newest}");
    let mut arguments = vec!["-m", "kubernetes_validate", "-k", OLDEST, "-k", &newest, "--strict"];
    arguments.extend(files.iter().map(String::as_str));
    python(&arguments)
}

/// The operator's own types, of version 0.80.1, as JSON schemas.
fn validate_of_operator(kind: &str, files: &[String]) -> (bool, String) {
    let schema = schema(kind);
    let mut arguments = vec!["-m", "jsonschema", &schema];
    arguments.extend(files.iter().flat_map(|file| ["-i", file.as_str()]));
    python(&arguments)
}

#[test]
fn every_object_is_as_the_oldest_and_the_newest_kubernetes_want_it() {
    let folder = folder();
    let objects = all().iter().flat_map(|rendered| &rendered.documents).filter(|object| !is_of_operator(object));
    let files: Vec<String> =
        objects.enumerate().map(|(number, object)| folder.hold(&number.to_string(), object)).collect();
    let (is_valid, text) = validate(&files);
    assert!(is_valid, "{text}");
    // It passes over what it has no schema of.
    assert_eq!(text.lines().filter(|line| line.starts_with("INFO ")).count(), 2 * files.len(), "{text}");
    assert!(files.len() > 8, "{}", files.len());
}

#[test]
fn every_object_of_the_prometheus_operator_is_as_the_operator_wants_it() {
    let folder = folder();
    for kind in OPERATOR {
        let objects = all().iter().flat_map(|rendered| &rendered.documents).filter(|object| object["kind"] == *kind);
        let files: Vec<String> =
            objects.enumerate().map(|(number, object)| folder.hold(&number.to_string(), object)).collect();
        assert!(files.len() > 2, "{kind}: {}", files.len());
        let (is_valid, text) = validate_of_operator(kind, &files);
        assert!(is_valid, "{kind}: {text}");
    }
}

/// A rendered object of a kind, with one thing wrong.
fn spoilt(kind: &str, pointer: &str, value: Value) -> Value {
    let mut object =
        all().iter().flat_map(|rendered| &rendered.documents).find(|object| object["kind"] == kind).unwrap().clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap_or_else(|| panic!("{kind} has no {parent}"))[key] = value;
    object
}

#[test]
fn the_validators_see_a_wrong_word_and_a_wrong_type() {
    let folder = folder();
    let container = "/spec/template/spec/containers/0";
    for (pointer, value) in [
        ("/spec/template/spec/hostPid", json!(true)),
        (&format!("{container}/securityContext/readonlyRootFilesystem"), json!(true)),
        (&format!("{container}/ports/0/containerPort"), json!("metrics")),
        (&format!("{container}/livenessProbe/httpGet/path"), json!(1)),
    ] {
        let (is_valid, text) = validate(&[folder.hold("spoilt", &spoilt("DaemonSet", pointer, value))]);
        assert!(!is_valid && text.contains("did not validate"), "{pointer}: {text}");
    }
    for (kind, pointer, value, complaint) in [
        ("PodMonitor", "/spec/podMetricsEndpoints/0/honourLabels", json!(true), "'honourLabels' was unexpected"),
        ("PodMonitor", "/spec/podMetricsEndpoints/0/honorLabels", json!("often"), "'often' is not of type 'boolean'"),
        ("PodMonitor", "/spec/podMetricsEndpoints/0/relabelings/0/action", json!("forget"), "'forget' is not one of"),
        ("PodMonitor", "/spec/podMetricsEndpoints/0/interval", json!("5 minutes"), "'5 minutes' does not match"),
        ("PodMonitor", "/spec/selector", json!(null), "None is not of type 'object'"),
        ("PrometheusRule", "/spec/groups/0/rules/0/keepFiringFor", json!("1h"), "'keepFiringFor' was unexpected"),
        ("PrometheusRule", "/spec/groups/0/rules/0/for", json!("an hour"), "'an hour' does not match"),
    ] {
        let (is_valid, text) = validate_of_operator(kind, &[folder.hold("spoilt", &spoilt(kind, pointer, value))]);
        assert!(!is_valid && text.contains(complaint), "{kind} {pointer}: {text}");
    }
}
