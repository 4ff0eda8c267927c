//! Sidecars in a pod, under cgroup v2 in the virtual machine.

use super::Told;
use crate::permissions::pods::FORMS;
use crate::virtual_machine::run;
use std::process::{Command, Stdio};

#[test]
fn each_sidecar_of_a_pod_sees_what_the_table_says_and_one_without_the_pods_processes_nothing() {
    if Command::new("crun").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("this needs crun");
        return;
    }
    let mut arguments = Vec::new();
    FORMS.iter().for_each(|(_, uid, capabilities)| arguments.extend([*uid, capabilities]));
    let text = run(&["-s", "-t", "900", "-p", "crun"], "doctor.sh", &arguments);
    let part = |name: &str| {
        let part = text.split(&format!("@@doctor {name}\n")).nth(1).unwrap_or_else(|| panic!("no {name}:\n{text}"));
        let (text, rest) = part.split_once("@@code ").unwrap();
        Told { text: text.to_owned(), code: rest.split_ascii_whitespace().next().unwrap().parse().unwrap() }
    };
    for (place, (form, ..)) in FORMS.iter().enumerate() {
        let told = part(&place.to_string());
        assert!(told.text.starts_with("runs     in a Kubernetes pod, as a sidecar, Linux 6"), "{}", told.text);
        told.must("", "control groups v2, driver cgroupfs; memtrend's own alone at /sys/fs/cgroup");
        told.assert_row("v2", form, "app");
        told.must("ok", "names: of containers; Prometheus adds pod and namespace");
    }
    let foreign = part("0");
    foreign.must("", "fix: securityContext: { runAsUser: 1000, runAsGroup: 1000, capabilities: { drop: [ALL] } }");
    let alone = part("alone");
    assert_eq!(alone.code, 1);
    alone.must("missing", "processes: only memtrend itself is seen: no application shares its PID namespace");
    alone.must("", "fix: shareProcessNamespace: true   # of the pod's spec");
}
