//! What holds for every pod that is deployed, and for each form of it.

use super::rendered::{Rendered, all, files, of};
use crate::support::{binary, project};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// The templates of pods, with where they come from.
fn templates() -> impl Iterator<Item = (&'static Rendered, &'static Value)> {
    let documents =
        all().iter().flat_map(|rendered| rendered.documents.iter().map(move |document| (rendered, document)));
    documents.filter_map(|(rendered, document)| Some((rendered, document.pointer("/spec/template")?)))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn containers(template: &Value) -> impl Iterator<Item = &Value> {
    list(&template["spec"], "initContainers").iter().chain(list(&template["spec"], "containers"))
}

fn hold_secure(name: &str, container: &Value) {
    let security = &container["securityContext"];
    assert_eq!(security["capabilities"]["drop"], json!(["ALL"]), "{name}");
    let added = list(&security["capabilities"], "add");
    // Where it is asked for, and for root alone, in whom it is effective.
    let may_add = [json!("SYS_PTRACE"), json!("DAC_READ_SEARCH")];
    let is_asked_for = security["runAsUser"] == 0 && (name.contains("ptrace") || name.contains("full-values"));
    assert!(added.is_empty() || is_asked_for && added.iter().all(|one| may_add.contains(one)), "{name}: {added:?}");
    assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
    assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
    assert_eq!(security["seccompProfile"], json!({ "type": "RuntimeDefault" }), "{name}");
    assert_eq!(security["privileged"], Value::Null, "{name}");
    assert_eq!(security["runAsNonRoot"], security["runAsUser"] != 0, "{name}");
    for (bound, kind) in [("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory")] {
        assert!(container["resources"][bound][kind].is_string(), "{name}: {bound} of {kind}");
    }
}

fn hold_port_and_liveness(name: &str, container: &Value) {
    assert_eq!(container["ports"], json!([{ "name": "metrics", "containerPort": 10240 }]), "{name}");
    assert_eq!(container["livenessProbe"]["httpGet"], json!({ "path": "/-/healthy", "port": "metrics" }), "{name}");
}

/// A pod that has memtrend as a sidecar.
pub(super) fn hold_sidecar(name: &str, template: &Value) {
    assert_eq!(template["spec"]["shareProcessNamespace"], true, "{name}");
    assert_eq!(template["metadata"]["labels"]["memtrend/sidecar"], "on", "{name}");
    let sidecar = list(&template["spec"], "initContainers").iter().find(|container| container["name"] == "memtrend");
    let sidecar = sidecar.unwrap_or_else(|| panic!("{name}: no sidecar"));
    assert_eq!(sidecar["restartPolicy"], "Always", "{name}");
    hold_secure(name, sidecar);
    hold_port_and_liveness(name, sidecar);
    // Either would let memtrend keep the application from its work.
    assert_eq!((&sidecar["startupProbe"], &sidecar["readinessProbe"]), (&Value::Null, &Value::Null), "{name}");
    hold_mounts(name, template, sidecar);
    let state = list(&template["spec"], "volumes").iter().find(|volume| volume["name"] == "memtrend-state").unwrap();
    assert!(state["emptyDir"]["sizeLimit"].is_string(), "{name}: {state}");
    hold_arguments(name, sidecar);
}

/// Every mount has its volume; what is the node's is read-only, but for the folder of the state.
fn hold_mounts(name: &str, template: &Value, container: &Value) {
    let volumes = list(&template["spec"], "volumes");
    for mount in list(container, "volumeMounts") {
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
        let volume = volume.unwrap_or_else(|| panic!("{name}: no volume {mount}"));
        let is_state = mount["mountPath"] == "/var/lib/memtrend";
        assert!(is_state || mount["readOnly"] == true, "{name}: {mount}");
        let path = volume["hostPath"]["path"].as_str();
        let allowed = ["/sys/fs/cgroup", "/var/log/containers"];
        assert!(path.is_none_or(|path| is_state || allowed.contains(&path)), "{name}: {volume}");
    }
}

/// The binary takes the arguments, in a tree where there is what is mounted and nothing else.
fn hold_arguments(name: &str, container: &Value) {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().display().to_string();
    for mount in list(container, "volumeMounts") {
        fs::create_dir_all(root.clone() + mount["mountPath"].as_str().unwrap()).unwrap();
    }
    let arguments = list(container, "args").iter().map(|argument| argument.as_str().unwrap());
    let mut state = None;
    let moved = arguments.map(|argument| match argument.split_once('=') {
        Some((flag, path)) if path.starts_with('/') => {
            if flag == "--state.dir" {
                state = Some(root.clone() + path);
            }
            format!("{flag}={root}{path}")
        }
        _ => argument.to_owned(),
    });
    let moved: Vec<String> = moved.collect();
    let more = if moved.first().is_some_and(|first| first == "leak") { "--stop-at=0" } else { "--config.check" };
    let output = Command::new(binary()).args(&moved).arg(more).output().unwrap();
    assert!(output.status.success(), "{name}: {moved:?}: {}", String::from_utf8_lossy(&output.stderr));
    if more == "--config.check" {
        let state = state.unwrap_or_else(|| panic!("{name}: no --state.dir"));
        assert!(fs::metadata(&state).is_ok_and(|folder| folder.is_dir()), "{name}: {state} is not mounted");
    }
}

#[test]
fn every_container_has_no_more_rights_than_it_needs() {
    let mut count = 0;
    for (rendered, template) in templates() {
        for container in containers(template) {
            hold_secure(&format!("{} {}", rendered.name, container["name"]), container);
            hold_arguments(&rendered.name, container);
            count += 1;
        }
        assert_eq!(template["spec"]["automountServiceAccountToken"], false, "{}", rendered.name);
        assert_eq!(template["spec"]["hostNetwork"], Value::Null, "{}", rendered.name);
    }
    assert!(count > 5, "{count}");
}

#[test]
fn the_example_of_the_sidecar_leaks_below_a_limit_of_its_own_as_the_same_user() {
    let template = &of("deploy/kubernetes/sidecar/base").only("Deployment")["spec"]["template"];
    hold_sidecar("base", template);
    let application = &template["spec"]["containers"][0];
    assert_eq!(application["resources"]["limits"]["memory"], "64Mi");
    let sidecar = &template["spec"]["initContainers"][0];
    for part in ["runAsUser", "runAsGroup"] {
        assert!(sidecar["securityContext"][part].is_u64());
        assert_eq!(sidecar["securityContext"][part], application["securityContext"][part]);
    }
}

#[test]
fn a_node_agent_sees_the_node_and_changes_nothing_but_its_state() {
    let agents: Vec<_> = templates().filter(|(_, template)| template["spec"]["hostPID"] == true).collect();
    assert_eq!(agents.len(), 5, "two kustomizations and three files of values");
    for (rendered, template) in agents {
        let (name, spec) = (&rendered.name, &template["spec"]);
        assert_eq!(spec["enableServiceLinks"], false, "{name}");
        assert_eq!(spec["nodeSelector"], json!({ "kubernetes.io/os": "linux" }), "{name}");
        assert_eq!((&spec["hostIPC"], list(spec, "containers").len()), (&Value::Null, 1), "{name}");
        let container = &spec["containers"][0];
        hold_port_and_liveness(name, container);
        assert_eq!(container["readinessProbe"]["httpGet"], json!({ "path": "/-/ready", "port": "metrics" }), "{name}");
        hold_mounts(name, template, container);
        assert_eq!(list(container, "volumeMounts").len(), 3, "{name}");
    }
    let namespace = of("deploy/kubernetes/daemonset").only("Namespace");
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "privileged");
}

#[test]
fn the_version_that_runs_is_named_and_is_this_one() {
    let own = concat!("memtrend:", env!("CARGO_PKG_VERSION"));
    for (rendered, template) in templates() {
        for container in containers(template) {
            let image = container["image"].as_str().unwrap();
            let has_digest = image.contains("@sha256:") && rendered.name.ends_with("full-values.yaml");
            assert!(image == own || has_digest, "{}: {image}, not {own}", rendered.name);
        }
    }
}

#[test]
fn no_image_below_deploy_is_untagged_or_the_latest() {
    let mut images = 0;
    for path in files(&project().join("deploy")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains(concat!(":", "latest")), "{} names the latest", path.display());
        for line in text.lines() {
            let value = line.trim_start_matches([' ', '-']).strip_prefix("image: ").unwrap_or_default();
            let image = value.split(" #").next().unwrap_or_default().trim();
            if !image.is_empty() && !image.contains('{') {
                let last = image.rsplit('/').next().unwrap();
                assert!(last.contains(':'), "{}: {image} has no tag", path.display());
                images += 1;
            }
        }
    }
    assert!(images > 2, "{images}");
}

#[test]
fn the_rules_and_targets_are_found_by_the_pods_they_speak_of() {
    let agent = &of("deploy/kubernetes/daemonset").only("DaemonSet");
    let monitored = of("deploy/kubernetes/monitoring");
    hold_selected(monitored.only("PodMonitor"), &agent["spec"]["template"]);
    assert_eq!(monitored.only("PodMonitor")["metadata"]["namespace"], agent["metadata"]["namespace"]);
    assert_eq!(monitored.only("PrometheusRule")["metadata"]["namespace"], agent["metadata"]["namespace"]);
    let base = of("deploy/kubernetes/sidecar/base");
    hold_selected(base.only("PodMonitor"), &base.only("Deployment")["spec"]["template"]);
    let full = of("deploy/helm/memtrend/ci/full-values.yaml");
    hold_selected(full.only("PodMonitor"), &full.only("DaemonSet")["spec"]["template"]);
}

fn hold_selected(monitor: &Value, template: &Value) {
    let labels = &template["metadata"]["labels"];
    for (key, value) in monitor["spec"]["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(&labels[key], value, "{key}");
    }
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    assert_eq!((&endpoint["honorLabels"], &endpoint["port"]), (&json!(true), &json!("metrics")));
}
