//! The components over workloads as a user has them: which get a sidecar, and what becomes of the rest of them.

use super::rendered::{Rendered, copy_of_deploy};
use super::{pods, tools};
use crate::support::project;
use serde_json::{Value, json};
use std::fs;

/// Workloads with containers, volumes and a security context of their own; the last wants no sidecar.
const WORKLOADS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec: &spec
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      securityContext: { fsGroup: 7 }
      initContainers:
        - { name: migrate, image: 'shop:1' }
      containers:
        - { name: shop, image: 'shop:1', resources: { limits: { cpu: 1, memory: 1Gi } } }
        - { name: proxy, image: 'proxy:1', resources: { limits: { cpu: 1, memory: 1Gi } } }
      volumes:
        - { name: cache, emptyDir: {} }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ledger }
spec: { serviceName: ledger, selector: { matchLabels: { app: ledger } }, template: { metadata: { labels: { app: ledger } }, spec: { containers: [{ name: ledger, image: 'ledger:1' }] } } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: logs }
spec: { selector: { matchLabels: { app: logs } }, template: { metadata: { labels: { app: logs } }, spec: { containers: [{ name: logs, image: 'logs:1' }] } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: left-alone, annotations: { memtrend/sidecar: 'off' } }
spec: { selector: { matchLabels: { app: left } }, template: { metadata: { labels: { app: left } }, spec: { containers: [{ name: left, image: 'left:1' }] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: shop }
";

/// The workloads with a component, and with `more` lines of the user's own kustomization.
pub(crate) fn with_component(component: &str, more: &str) -> Rendered {
    let folder = copy_of_deploy();
    let own = folder.path().join("shop");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("workloads.yaml"), WORKLOADS).unwrap();
    let text = format!("resources: [workloads.yaml]\ncomponents: [../deploy/kubernetes/sidecar/{component}]\n{more}");
    fs::write(own.join("kustomization.yaml"), text).unwrap();
    Rendered::new(component.to_owned(), tools::kustomize(&own).unwrap())
}

pub(crate) fn named<'a>(rendered: &'a Rendered, name: &str) -> &'a Value {
    let is_it = |document: &&Value| document["metadata"]["name"] == name && document["kind"] != "ConfigMap";
    &rendered.documents.iter().find(is_it).unwrap()["spec"]["template"]
}

pub(crate) fn sidecar(template: &Value) -> &Value {
    let init = template["spec"]["initContainers"].as_array().expect("init containers");
    init.iter().find(|container| container["name"] == "memtrend").expect("memtrend")
}

#[test]
fn every_workload_gets_a_sidecar_but_one_that_wants_none() {
    for component in ["component", "component-ptrace", "component-guaranteed"] {
        let rendered = with_component(component, "");
        assert_eq!(rendered.documents.len(), 5);
        for name in ["shop", "ledger", "logs"] {
            pods::hold_sidecar(component, named(&rendered, name));
        }
        let left = named(&rendered, "left-alone");
        assert_eq!(left["spec"], json!({ "containers": [{ "name": "left", "image": "left:1" }] }), "{component}");
        let shop = named(&rendered, "shop");
        assert_eq!(shop["spec"]["securityContext"], json!({ "fsGroup": 7 }));
        assert_eq!(shop["spec"]["containers"].as_array().unwrap().len(), 2);
        assert_eq!(shop["metadata"]["labels"]["app"], "shop");
        let names = |list: &str| -> Vec<String> {
            let list = shop["spec"][list].as_array().unwrap().iter();
            list.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
        };
        // Before what else is done first: that is watched too.
        assert_eq!(names("initContainers"), ["memtrend", "migrate"]);
        let mut volumes = names("volumes");
        volumes.sort();
        assert_eq!(volumes, ["cache", "memtrend-state"]);
    }
}

#[test]
fn each_variant_differs_in_what_it_is_for() {
    let security = |component: &str| {
        let rendered = with_component(component, "");
        let context = sidecar(named(&rendered, "ledger"))["securityContext"].clone();
        (context["runAsUser"].clone(), context["runAsNonRoot"].clone(), context["capabilities"].clone())
    };
    assert_eq!(security("component"), (json!(1000), json!(true), json!({ "drop": ["ALL"] })));
    let ptrace = json!({ "drop": ["ALL"], "add": ["SYS_PTRACE"] });
    assert_eq!(security("component-ptrace"), (json!(0), json!(false), ptrace));
    assert_eq!(security("component-guaranteed").0, json!(1000));
    let resources = |component: &str| sidecar(named(&with_component(component, ""), "ledger"))["resources"].clone();
    let guaranteed = resources("component-guaranteed");
    assert!(guaranteed["requests"] == guaranteed["limits"] && guaranteed["limits"]["cpu"].is_string(), "{guaranteed}");
    let small = json!({ "requests": { "cpu": "5m", "memory": "10Mi" }, "limits": { "cpu": "100m", "memory": "32Mi" } });
    assert_eq!(resources("component"), small);
}

/// As docs/deploy/kubernetes-sidecar.md has it.
#[test]
fn a_users_own_kustomization_changes_the_user_and_the_image() {
    let page = fs::read_to_string(project().join("docs/deploy/kubernetes-sidecar.md")).unwrap();
    let block = page.split("```yaml\n").find(|block| block.contains("runAsUser")).expect("the example");
    let example = block.split("```").next().unwrap();
    let more = &example[example.find("images:").expect("images")..];
    let rendered = with_component("component", more);
    for name in ["shop", "ledger", "logs"] {
        let sidecar = sidecar(named(&rendered, name));
        assert_eq!(sidecar["securityContext"]["runAsUser"], 10001);
        assert_eq!(sidecar["image"], "registry.example.org/memtrend:0.1.0");
        pods::hold_sidecar("the example", named(&rendered, name));
    }
}
