//! What a real Prometheus makes of the relabelings that the PodMonitors ask for, as the operator hands them on.

use super::rendered::of;
use crate::support::canned::{Canned, ok};
use crate::support::prometheus::Prometheus;
use crate::support::wait_for;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// As a node agent has it: a container of a pod, and what is in none.
const PAGE: &str = "\
memtrend_heap_bytes{application=\"checkout\",namespace=\"shop\",pod=\"checkout-1\",container=\"checkout\"} 1
memtrend_heap_bytes{application=\"kubelet\"} 2
";

/// The operator gives a target these before the relabelings of the PodMonitor.
fn target(container: &str) -> Value {
    json!({
        "__meta_kubernetes_pod_node_name": "node-a", "__meta_kubernetes_pod_container_name": container,
        "namespace": "tools", "pod": "memtrend-x", "container": container,
    })
}

/// Snake case, as Prometheus' own configuration is written.
fn relabelings(monitor: &Value) -> Value {
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    let configs = endpoint["relabelings"].as_array().unwrap().iter().map(|relabeling| {
        let fields = relabeling.as_object().unwrap().iter();
        let snake = |name: &str| match name {
            "sourceLabels" => "source_labels".to_owned(),
            "targetLabel" => "target_label".to_owned(),
            other => other.to_owned(),
        };
        fields.map(|(name, value)| (snake(name), value.clone())).collect::<serde_json::Map<_, _>>()
    });
    configs.map(Value::Object).collect()
}

/// The labels of each series but `job`, by application; targets as the operator would find them.
fn scraped(monitor: &Value, page: &'static str, containers: &[&str]) -> BTreeMap<String, BTreeMap<String, String>> {
    let served: Vec<Canned> = containers.iter().map(|_| Canned::always(ok(page))).collect();
    let targets = served.iter().zip(containers);
    let targets: Vec<Value> = targets
        .map(|(served, name)| json!({ "targets": [served.address.to_string()], "labels": target(name) }))
        .collect();
    let job = json!({
        "job_name": "pods", "scrape_interval": "1s", "static_configs": targets,
        "honor_labels": monitor["spec"]["podMetricsEndpoints"][0]["honorLabels"], "relabel_configs": relabelings(monitor),
    });
    let prometheus = Prometheus::scraping_jobs(&json!({ "scrape_configs": [job] }));
    // By the fourth scrape of one target each has had its first.
    wait_for("four scrapes", Duration::from_secs(60), || {
        prometheus.connects()?;
        prometheus.number("max(count_over_time(up[1m])) > 3")
    });
    let series = prometheus.query("memtrend_heap_bytes");
    let labels = |series: &Value| {
        let all = series["metric"].as_object().unwrap().iter();
        let mut all: BTreeMap<String, String> =
            all.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        all.remove("__name__");
        all.remove("job");
        all
    };
    let named = series.iter().map(labels).map(|mut labels| (labels.remove("application").unwrap(), labels));
    let found: BTreeMap<_, _> = named.collect();
    assert_eq!(found.len(), series.len(), "an application twice");
    found
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn series_of_a_node_agent_are_of_the_node_and_of_the_applications_pod() {
    let monitor = of("deploy/kubernetes/monitoring").only("PodMonitor");
    let of_chart = of("deploy/helm/memtrend/ci/full-values.yaml").only("PodMonitor");
    assert_eq!(relabelings(of_chart), relabelings(monitor));
    let found = scraped(monitor, PAGE, &["memtrend"]);
    let node = [("instance", "node-a"), ("node", "node-a")];
    let pod = [("namespace", "shop"), ("pod", "checkout-1"), ("container", "checkout")];
    assert_eq!(found["checkout"], labels(&[&node[..], &pod].concat()));
    assert_eq!(found["kubelet"], labels(&node));
}

/// A sidecar knows the container alone; an application's own port `metrics` is not scraped by the PodMonitor.
#[test]
fn series_of_a_sidecar_are_of_its_pod_and_of_the_applications_container() {
    let page = "memtrend_heap_bytes{application=\"checkout\",container=\"checkout\"} 1\n";
    let monitor = of("deploy/kubernetes/sidecar/base").only("PodMonitor");
    let found = scraped(monitor, page, &["memtrend", "checkout"]);
    let mut checkout = found["checkout"].clone();
    assert!(checkout.remove("instance").unwrap().starts_with("127.0.0.1:"));
    assert_eq!(checkout, labels(&[("namespace", "tools"), ("pod", "memtrend-x"), ("container", "checkout")]));
}
