//! memtrend as a sidecar in a pod, as the manifests say, under cgroup v2: beside a container that the kernel kills again and again.

use super::kubelet::{Place, config};
use super::{pages, run};
use crate::kills::{rounds, seen_by};
use crate::manifests::sidecars::{named, sidecar, with_component};
use crate::support::neighbour::Neighbour;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const MIB: f64 = 1_048_576.0;

/// Each with the component that it is of, and the user whom it is given instead of that of the manifest.
const SIDECARS: [(&str, &str, Option<u32>); 3] = [
    ("the application's user", "component", None),
    ("root with SYS_PTRACE", "component-ptrace", None),
    (AFAR, "component", Some(65534)),
];

const AFAR: &str = "another user";

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
const APPLICATION: Neighbour = Neighbour("application=\"app\",container=\"app\"");

#[test]
fn twenty_kills_of_its_neighbour_are_twenty_and_none_of_them_ends_it() {
    let count = rounds(20, 200);
    let (seconds, lives) = ((600 + 15 * count).to_string(), count.to_string());
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
    for (place, (name, ..)) in SIDECARS.iter().enumerate() {
        let (live, end) = (&pages[format!("live {place}").as_str()], &pages[format!("end {place}").as_str()]);
        if *name == AFAR {
            APPLICATION.assert_seen_from_afar(live, anonymous);
            println!("{count} kills, {} inferred by {name}", APPLICATION.inferred(end, count, &text));
        } else {
            APPLICATION.assert_seen(live, anonymous);
            APPLICATION.assert_counted(end, count, &text);
            println!("{count} kills counted by {name}");
        }
        // The application and the other two, but neither itself nor pause.
        assert_eq!(end.must("memtrend_applications"), 3.0, "{name}: {}", end.listing());
        assert_eq!(told(&format!("@@started {place} ")), "running", "{name}");
        let peak: f64 = told(&format!("@@peak {place} ")).parse().unwrap();
        println!("{name}: at most {:.2} MiB, {} of vmstat", peak / MIB, seen_by(end, "vmstat"));
        assert!(peak <= 10.0 * MIB, "{name}: {peak} bytes");
    }
}
