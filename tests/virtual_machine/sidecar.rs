//! memtrend as a sidecar in a pod, as the manifests say, under cgroup v2: beside a container that the kernel kills again and again.

use super::kubelet::{Place, config};
use super::{pages, run};
use crate::kills::{SCOPES, rounds, seen_by};
use crate::manifests::sidecars::{named, sidecar, with_component};
use crate::support::page::Page;
use memtrend::units::count_as_f64;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const MIB: f64 = 1_048_576.0;

/// Bytes a second of its first life.
const RATE: f64 = 2.0 * MIB;

/// Each with the component that it is of, and the user whom it is given instead of that of the manifest.
const SIDECARS: [(&str, &str, Option<u32>); 3] = [
    ("the application's user", "component", None),
    ("root with SYS_PTRACE", "component-ptrace", None),
    ("another user", "component", Some(65534)),
];

/// The bundles of the sidecars, as their manifests say; below a folder.
fn bundles(folder: &Path) -> Vec<String> {
    let bundle = |(place, (_, component, user)): (usize, &(&str, &str, Option<u32>))| {
        let rendered = with_component(component, "");
        let pod = &named(&rendered, "shop")["spec"];
        let mut container = sidecar(named(&rendered, "shop")).clone();
        if let Some(user) = user {
            container["securityContext"]["runAsUser"] = json!(user);
        }
        let cgroup = format!("/kubepods/burstable/pod6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee123/watcher{place}");
        let listen = format!("--web.listen-address=127.0.0.1:{}", 10240 + place);
        let place = Place {
            cgroup: &cgroup,
            // The machine's script knows pause's pid.
            pids: Some("PIDS"),
            more: &["--trend.block=1s", "--interval=250ms", &listen],
        };
        config(pod, &container, &place)
    };
    let write = |(place, config): (usize, Value)| {
        let path = folder.join(format!("watcher{place}.json"));
        fs::write(&path, config.to_string()).unwrap();
        path.display().to_string()
    };
    SIDECARS.iter().enumerate().map(bundle).enumerate().map(write).collect()
}

/// As the kubelet has told it by the container's mounts.
const APP: &str = "application=\"app\",container=\"app\"";

fn kills(page: &Page) -> [f64; 5] {
    SCOPES.map(|scope| page.must(&format!("memtrend_oom_kills_total{{{APP},scope=\"{scope}\"}}")))
}

fn restarts(page: &Page) -> [f64; 3] {
    ["oom", "exit", "unknown"].map(|cause| page.must(&format!("memtrend_restarts_total{{{APP},cause=\"{cause}\"}}")))
}

/// Whether it is what the node's own files tell before and after, but for a second, since a page is of the last
/// pass, and for what the kernel counts in batches.
fn assert_between(page: &Page, [before, after]: [f64; 2]) -> f64 {
    let heap = page.must(&format!("memtrend_heap_bytes{{{APP}}}"));
    assert!((before - RATE..=after + RATE / 4.0).contains(&heap), "{heap} is not between {before} and {after}");
    heap
}

/// While it leaks slowly.
fn assert_right(page: &Page, anonymous: [f64; 2]) {
    let heap = assert_between(page, anonymous);
    assert_eq!(page.must(&format!("memtrend_memory_limit_bytes{{{APP},source=\"own\"}}")), 64.0 * MIB);
    let slope = page.must(&format!("memtrend_heap_growth_bytes_per_second{{{APP},window=\"15s\"}}"));
    assert!((slope / RATE - 1.0).abs() < 0.05, "slope {slope}");
    let left = page.must(&format!("memtrend_time_to_limit_seconds{{{APP},estimate=\"expected\"}}"));
    let expected = (64.0 * MIB - heap) / RATE;
    assert!((left - expected).abs() < 0.1 * expected + 1.0, "{left} of {expected}");
}

#[test]
fn twenty_kills_of_its_neighbour_are_twenty_and_none_of_them_ends_it() {
    let count = rounds(20, 200);
    let (seconds, lives) = ((120 + 15 * count).to_string(), count.to_string());
    let folder = tempfile::tempdir().unwrap();
    let bundles = bundles(folder.path());
    let mut options = vec!["-s", "-t", &seconds, "-p", "crun"];
    bundles.iter().for_each(|bundle| options.extend(["-a", bundle]));
    let text = run(&options, "pods.sh", &[&lives, &SIDECARS.len().to_string()]);
    let pages = pages(&text);
    let told = |mark: &str| -> &str {
        let line = text.lines().find_map(|line| line.strip_prefix(mark));
        line.unwrap_or_else(|| panic!("no {mark}:\n{text}")).trim()
    };
    let anonymous = ["@@before ", "@@after "].map(|mark| told(mark).parse::<f64>().unwrap());
    let expected = count_as_f64(count);
    for (place, (name, ..)) in SIDECARS.iter().enumerate() {
        let (live, end) = (&pages[format!("live {place}").as_str()], &pages[format!("end {place}").as_str()]);
        if place < 2 {
            assert_right(live, anonymous);
            assert_eq!(kills(end), [expected, 0.0, 0.0, 0.0, 0.0], "{name}: {text}");
            assert_eq!(restarts(end), [expected - 1.0, 0.0, 0.0], "{name}: {text}");
        } else {
            assert_between(live, anonymous);
            assert!(live.value(&format!("memtrend_memory_limit_bytes{{{APP},source=\"own\"}}")).is_none());
            // Inferred: never more than there were, and never as if it were proved.
            let [proved @ .., unknown] = kills(end);
            assert_eq!(proved, [0.0; 4], "{text}");
            assert!((1.0..=expected).contains(&unknown), "{unknown} of {expected}: {text}");
            println!("{count} kills: all seen with permissions, {unknown} inferred without");
        }
        // The application and the other two, but neither itself nor pause.
        assert_eq!(end.must("memtrend_applications"), 3.0, "{name}: {}", end.listing());
        assert_eq!(told(&format!("@@started {place} ")), "running", "{name}");
        let peak: f64 = told(&format!("@@peak {place} ")).parse().unwrap();
        println!("{name}: at most {:.2} MiB, {} of vmstat", peak / MIB, seen_by(end, "vmstat"));
        assert!(peak <= 10.0 * MIB, "{name}: {peak} bytes");
    }
}
