//! The node agent as its manifest says, over pods as the kubelet lays them out, under cgroup v2.

use super::kubelet::{Place, config};
use super::{pages, run};
use crate::manifests::rendered;
use crate::support::page::Page;
use serde_json::Value;

const MIB: u64 = 1 << 20;

const FORGET_AFTER: &str = "12";

struct Pod {
    driver: &'static str,
    class: &'static str,
    uid: String,
    namespace: &'static str,
    name: String,
    container: &'static str,
    /// Of its own, in MiB; 0 is none.
    memory: u64,
    /// How often it is killed.
    kills: u64,
}

impl Pod {
    fn labels(&self) -> String {
        let (namespace, pod, container) = (self.namespace, &self.name, self.container);
        format!("application=\"{container}\",namespace=\"{namespace}\",pod=\"{pod}\",container=\"{container}\"")
    }

    fn value(&self, page: &Page, metric: &str, more: &str) -> Option<f64> {
        page.value(&format!("memtrend_{metric}{{{}{more}}}", self.labels()))
    }

    fn argument(&self) -> String {
        let Self { driver, class, uid, namespace, name, container, memory, kills } = self;
        format!("{driver},{class},{uid},{namespace},{name},{container},{},{kills}", memory * MIB)
    }
}

/// Twenty, of both drivers and all classes; the last one is deleted in the end.
fn pods() -> Vec<Pod> {
    let mut pods = Vec::new();
    for (driver, base) in [("cgroupfs", 0x10_u32), ("systemd", 0x20)] {
        for number in 0..10 {
            let class = ["burstable", "guaranteed", "besteffort"][number % 3];
            let order = base + u32::try_from(number).unwrap();
            // A static pod's uid is a hash of its manifest.
            let is_static = number == 4;
            let uid = if is_static {
                format!("8f14e45fceea167a5a36dedd4bea25{order:02x}")
            } else {
                format!("6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee1{order:02x}")
            };
            pods.push(Pod {
                driver,
                class,
                uid,
                namespace: ["shop", "kube-system", "data-platform"][number % 3],
                name: if is_static { format!("etcd-{driver}-node") } else { format!("app-{number}-{driver}-7d4b9c") },
                container: ["checkout", "etcd", "worker"][number % 3],
                memory: if class == "besteffort" { 0 } else { 32 },
                kills: match number {
                    0 | 9 => 2,
                    1 => 1,
                    _ => 0,
                },
            });
        }
    }
    pods
}

/// The node agent's bundle.
fn agent() -> Value {
    let pod = &rendered::of("deploy/kubernetes/daemonset").only("DaemonSet")["spec"]["template"]["spec"];
    let place = Place {
        cgroup: "/kubepods/burstable/pod0ddba11-agent/agent",
        pids: None,
        more: &["--interval=500ms", "--trend.block=10s", "--forget-after=12s"],
    };
    config(pod, &pod["containers"][0], &place)
}

#[test]
fn each_pod_has_its_names_its_limit_and_its_kills() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("agent.json");
    std::fs::write(&bundle, agent().to_string()).unwrap();
    let pods = pods();
    let mut arguments = vec![FORGET_AFTER.to_owned()];
    arguments.extend(pods.iter().map(Pod::argument));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let options = ["-s", "-m", "1024", "-t", "900", "-p", "crun", "-a", bundle.to_str().unwrap()];
    let text = run(&options, "agent.sh", &arguments);
    let pages = pages(&text);
    let [all, again, deleted] =
        ["all", "again", "deleted"].map(|name| pages.get(name).unwrap_or_else(|| panic!("{text}")));

    // The rest are programs of the machine itself, but neither memtrend nor any pause, which is one too.
    let own: Vec<&String> = all.series.keys().filter(|series| series.contains("=\"memtrend")).collect();
    assert!(own.is_empty(), "{own:?}");
    let is_of_a_pod = |series: &&String| series.starts_with("memtrend_application_up{") && series.contains("pod=");
    assert_eq!(all.series.keys().filter(is_of_a_pod).count(), pods.len(), "{}", all.listing());
    for pod in &pods {
        let told = || format!("{}: {text}", pod.argument());
        assert_eq!(pod.value(all, "application_up", ""), Some(1.0), "{}", told());
        let heap = pod.value(all, "heap_bytes", "").unwrap();
        assert!((8.0..12.0).contains(&(heap / 1_048_576.0)), "{heap}: {}", told());
        let limit = pod.value(all, "memory_limit_bytes", ",source=\"own\"");
        let own = (pod.memory > 0).then_some(memtrend::units::count_as_f64(pod.memory * MIB));
        assert_eq!(limit, own, "{}", told());
        let kills = |page: &Page| pod.value(page, "oom_kills_total", ",scope=\"own\"");
        let restarts = |page: &Page| {
            ["oom", "exit", "unknown"].map(|cause| pod.value(page, "restarts_total", &format!(",cause=\"{cause}\"")))
        };
        let expected = memtrend::units::count_as_f64(pod.kills);
        assert_eq!(kills(all), Some(0.0), "{}", told());
        assert_eq!(kills(again), Some(expected), "{}", told());
        let by_hand = if pod.kills > 0 { 1.0 } else { 0.0 };
        assert_eq!(restarts(again), [Some(expected), Some(by_hand), Some(0.0)], "{}", told());
        assert_eq!(pod.value(again, "application_up", ""), Some(1.0), "{}", told());
    }
    let [rest @ .., gone] = &pods[..] else { unreachable!() };
    for pod in rest {
        assert_eq!(pod.value(deleted, "application_up", ""), Some(1.0), "{}: {text}", pod.argument());
    }
    // Of the pod that was deleted only what was counted of its kills is still told: increase() over its end stays right.
    let of_it: Vec<&String> = deleted.series.keys().filter(|series| series.contains(&gone.name)).collect();
    assert!(of_it.iter().all(|series| series.starts_with("memtrend_oom_")), "{of_it:?}");
    assert_eq!(gone.value(deleted, "oom_kills_total", ",scope=\"own\""), Some(2.0), "{text}");
    assert!(text.contains("@@state") && text.contains("state"), "the node keeps them: {text}");
}
