//! What the pages on Kubernetes tell people to write: their examples work, and what they name is there.

use super::rendered::{Rendered, copy_of_deploy};
use super::tools;
use crate::support::project;
use std::fs;
use std::process::Command;

const PAGES: &[&str] = &["kubernetes-sidecar.md", "kubernetes-node-agent.md", "helm.md"];

fn page(name: &str) -> String {
    fs::read_to_string(project().join("docs/deploy").join(name)).unwrap()
}

/// The blocks of YAML of a page.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn the_scrape_configurations_are_what_prometheus_takes() {
    let mut count = 0;
    for name in PAGES {
        for block in blocks(&page(name)).filter(|block| block.starts_with("scrape_configs:")) {
            let file = tempfile::NamedTempFile::new().unwrap();
            // Debian's Prometheus is built without the discovery of Kubernetes: all but that line.
            let (discovery, rest): (Vec<&str>, Vec<&str>) =
                block.lines().partition(|line| line.contains("kubernetes_sd_configs: [{ role: pod"));
            assert_eq!(discovery.len(), 1, "{name}");
            fs::write(&file, rest.join("\n")).unwrap();
            let checked = Command::new("promtool").args(["check", "config"]).arg(file.path()).output().unwrap();
            assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stderr));
            assert!(block.contains("honor_labels: true"), "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 2, "the sidecar's and the node agent's");
}

#[test]
fn the_node_agents_kustomization_renders_with_a_registry_of_ones_own() {
    let folder = copy_of_deploy();
    let page = page("kubernetes-node-agent.md");
    let example = blocks(&page).find(|block| block.contains("kind: Kustomization")).expect("the example");
    fs::write(folder.path().join("kustomization.yaml"), example).unwrap();
    let rendered = Rendered::new("the example".to_owned(), tools::kustomize(folder.path()).unwrap());
    let pod = &rendered.only("DaemonSet")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], "registry.example.org/memtrend:0.1.0");
    let kinds: Vec<&str> = rendered.documents.iter().filter_map(|document| document["kind"].as_str()).collect();
    assert_eq!(kinds, ["Namespace", "DaemonSet", "PodMonitor", "PrometheusRule"]);
}

#[test]
fn what_the_pages_name_is_there() {
    let mut names = 0;
    for name in PAGES {
        let page = page(name);
        for rest in
            page.split("deploy/").skip(1).filter(|rest| rest.starts_with("kubernetes/") || rest.starts_with("helm/"))
        {
            let path = rest.split(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c))).next().unwrap();
            let path = format!("deploy/{}", path.trim_end_matches('.'));
            assert!(project().join(&path).exists(), "{name}: {path}");
            names += 1;
        }
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            assert!(project().join("docs/deploy").join(file).exists(), "{name}: {link}");
        }
    }
    assert!(names > 8, "{names}");
}

/// The README's part on Kubernetes.
#[test]
fn the_quick_start_is_quick_and_what_it_names_is_there() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("## In Kubernetes\n").unwrap();
    let (quick_start, _) = rest.split_once("\n## ").unwrap();
    assert!(quick_start.lines().count() <= 40, "{}", quick_start.lines().count());
    for path in ["deploy/helm/memtrend", "deploy/kubernetes/sidecar/base", "docs/deploy.md"] {
        assert!(quick_start.contains(path) && project().join(path).exists(), "{path}");
    }
}
