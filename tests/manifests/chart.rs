//! The chart: linted, rendered, packaged; its rules and dashboards are those of `alerts/` and `dashboards/`.

use super::rendered::{CHART, Rendered, VALUES, of, template};
use super::tools::helm;
use crate::support::project;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const RULES: &[&str] = &["memtrend.rules.yaml", "memtrend-optional.rules.yaml"];
const DASHBOARDS: &[&str] = &["application.json", "fleet.json", "memtrend.json"];

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn helm_finds_nothing_to_say_of_it() {
    for values in VALUES {
        let file = format!("{CHART}/ci/{values}-values.yaml");
        let text = helm(&["lint", "--strict", CHART, "-f", &file]).unwrap_or_else(|error| panic!("{values}: {error}"));
        assert!(!text.contains("[WARNING]") && text.contains("0 chart(s) failed"), "{values}: {text}");
    }
}

#[test]
fn its_version_is_the_programs() {
    let chart = yaml(&project().join(CHART).join("Chart.yaml"));
    for key in ["version", "appVersion"] {
        assert_eq!(chart[key], env!("CARGO_PKG_VERSION"), "{key}");
    }
}

#[test]
fn its_rules_are_those_of_alerts() {
    let both = template(&["--set", "prometheusRule.enabled=true,prometheusRule.optional=true"]).unwrap();
    let both = Rendered::new("rules".to_owned(), both);
    let groups = both.only("PrometheusRule")["spec"]["groups"].as_array().unwrap();
    let expected = RULES.iter().flat_map(|file| {
        let rules = yaml(&project().join("alerts").join(file));
        rules["groups"].as_array().unwrap().clone()
    });
    assert_eq!(groups, &expected.collect::<Vec<_>>());
    let one = Rendered::new("rules".to_owned(), template(&["--set", "prometheusRule.enabled=true"]).unwrap());
    assert_eq!(one.only("PrometheusRule")["spec"]["groups"].as_array().unwrap(), &groups[..1]);
    // And so are those of the kustomization.
    assert_eq!(of("deploy/kubernetes/monitoring/rules").only("PrometheusRule")["spec"]["groups"][0], groups[0]);
}

#[test]
fn the_links_of_its_alerts_lead_where_the_values_say() {
    let text = of(&format!("{CHART}/ci/full-values.yaml")).only("PrometheusRule").to_string();
    assert!(!text.contains("http://grafana:3000") && !text.contains("github.com"), "{text}");
    assert!(text.contains("https://grafana.example.org/d/memtrend-application?var-application={{"), "{text}");
    assert!(text.contains("https://wiki.example.org/memtrend/runbooks/MemtrendLeakDetected.md"), "{text}");
}

#[test]
fn its_dashboards_are_those_of_dashboards() {
    let full = of(&format!("{CHART}/ci/full-values.yaml"));
    let maps: Vec<&Value> = full.documents.iter().filter(|document| document["kind"] == "ConfigMap").collect();
    assert_eq!(maps.len(), DASHBOARDS.len());
    for (map, file) in maps.iter().zip(DASHBOARDS) {
        let committed = fs::read_to_string(project().join("dashboards").join(file)).unwrap();
        assert_eq!(map["data"][file].as_str().unwrap().trim_end(), committed.trim_end(), "{file}");
        assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
        assert_eq!(map["metadata"]["annotations"]["grafana_folder"], "Memory");
        assert_eq!(map["metadata"]["namespace"], "monitoring");
    }
    let all = fs::read_dir(project().join("dashboards")).unwrap().flatten();
    let all = all.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json")).count();
    assert_eq!(all, DASHBOARDS.len(), "a dashboard is missing from the chart");
}

/// The chart's links into the project are whole files in the package, which stands alone.
#[test]
fn its_package_holds_all_that_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    helm(&["package", CHART, "--destination", &place]).unwrap();
    let package = folder.path().join(concat!("memtrend-", env!("CARGO_PKG_VERSION"), ".tgz"));
    assert!(Command::new("tar").arg("xzf").arg(&package).current_dir(&folder).status().unwrap().success());
    for (inside, files) in [("dashboards", DASHBOARDS), ("alerts", RULES)] {
        for file in files {
            let packed = folder.path().join("memtrend").join(inside).join(file);
            assert!(packed.symlink_metadata().unwrap().is_file(), "{file} is a link");
            assert_eq!(fs::read(packed).unwrap(), fs::read(project().join(inside).join(file)).unwrap(), "{file}");
        }
    }
    assert!(!folder.path().join("memtrend/ci").exists());
    let values = format!("{CHART}/ci/full-values.yaml");
    let package = package.display().to_string();
    let of_package = helm(&["template", "memtrend", &package, "--namespace", "memtrend", "-f", &values]).unwrap();
    assert!(of_package == of(&values).text, "the package renders otherwise");
}

#[test]
fn its_node_agent_is_that_of_the_kustomization() {
    let pod = |rendered: &Rendered| {
        let mut pod = rendered.only("DaemonSet")["spec"]["template"]["spec"].clone();
        let container = pod["containers"][0].as_object_mut().unwrap();
        let arguments = container.remove("args").unwrap();
        container.remove("imagePullPolicy");
        (pod, arguments.as_array().unwrap()[..4].to_vec())
    };
    assert_eq!(pod(of(&format!("{CHART}/ci/default-values.yaml"))), pod(of("deploy/kubernetes/daemonset")));
}

#[test]
fn its_notes_say_how_to_check_it() {
    let notes = helm(&["install", "--dry-run=client", "watch", CHART, "--namespace", "tools"]).unwrap();
    let notes = &notes[notes.find("NOTES:").expect("notes")..];
    for said in [
        "kubectl --namespace tools rollout status daemonset/watch-memtrend",
        "kubectl --namespace tools exec daemonset/watch-memtrend -- /memtrend doctor",
        "kubectl --namespace tools port-forward daemonset/watch-memtrend 10240",
        "podMonitor.enabled=true",
        "kubectl label namespace tools pod-security.kubernetes.io/enforce=privileged",
    ] {
        assert!(notes.contains(said), "{said} is not in\n{notes}");
    }
    let query = notes.lines().find(|line| line.contains("topk(")).expect("a query");
    let known = memtrend::output::catalogue::families().any(|family| query.contains(&format!("{}{{", family.name)));
    assert!(known, "{query}");
    let told = helm(&["install", "--dry-run=client", "watch", CHART, "--set", "podMonitor.enabled=true"]).unwrap();
    assert!(!told.contains("No Prometheus is told") && told.contains("have no labels of their own"), "{told}");
    let labelled = "podMonitor.enabled=true,podMonitor.labels.release=monitoring";
    let told = helm(&["install", "--dry-run=client", "watch", CHART, "--set", labelled]).unwrap();
    assert!(!told.contains("have no labels of their own"), "{told}");
}
