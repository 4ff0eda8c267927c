//! Real containers under a docker engine of the test's own: seen from the host, and from a sidecar.

use crate::support::docker::{Docker, HELD, IMAGE, MIB};
use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::wait_for;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a cgroup of this machine is called as a source.
fn evidence() -> &'static str {
    let is_v1 = Path::new("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists();
    if is_v1 { "cgroup_v1" } else { "cgroup_v2" }
}

fn bytes(amount: u64) -> Option<f64> {
    Some(memtrend::units::count_as_f64(amount))
}

fn limit(page: &Page, application: &str, source: &str) -> Option<f64> {
    page.value(&format!("memtrend_memory_limit_bytes{{application=\"{application}\",source=\"{source}\"}}"))
}

fn own_kills(page: &Page, application: &str) -> Option<f64> {
    page.value(&format!("memtrend_oom_kills_total{{application=\"{application}\",scope=\"own\"}}"))
}

/// It sees the containers of the other tests' engines too: each has names of its own.
fn on_the_host() -> Exporter {
    Exporter::start(&["--application", "auto", "--trend.block", "1s"])
}

#[test]
fn on_the_host_each_container_has_its_name_its_image_and_its_own_limit() {
    let Some(docker) = Docker::start() else { return };
    let exporter = on_the_host();
    docker.leak("shop", 64, 0, &[]);
    docker.leak("cart", 96, 0, &[]);
    // Behind an init whose program pods' sandboxes have too.
    let script = format!("printf catatonit >/proc/self/comm; /leaky leak --start {HELD} --rate 0; :");
    let shell = ["run", "-d", "--name=jobs", "--network=none", "-m=80m", "-v=/bin/busybox:/sh:ro", "--entrypoint=/sh"];
    docker.run(&[&shell[..], &[IMAGE, "-c", &script]].concat());
    for (name, mib) in [("shop", 64), ("cart", 96), ("jobs", 80)] {
        let info = format!(
            "memtrend_application_info{{application=\"{name}\",image=\"{IMAGE}\",evidence=\"{}\"}}",
            evidence()
        );
        wait_for(name, Duration::from_secs(10), || {
            let page = exporter.page();
            let heap = page.value(&format!("memtrend_heap_bytes{{application=\"{name}\"}}"))?;
            (page.value(&info) == Some(1.0)
                && Some(heap) >= bytes(HELD)
                && limit(&page, name, "own") == bytes(mib * MIB))
            .then_some(())
        });
        assert_eq!(own_kills(&exporter.page(), name), Some(0.0));
    }
}

/// Waits for a restart after each death but the last; where they do not come it shows what was told. The kills themselves
/// are not asked for: docker removes the cgroup within milliseconds, and a pass may come too late to read them.
fn assert_restarts_within_seconds(exporter: &Exporter, application: &str, deaths: f64) {
    let holds = |page: &Page| {
        let restarts = ["oom", "exit", "unknown"].iter().map(|cause| {
            page.must(&format!("memtrend_restarts_total{{application=\"{application}\",cause=\"{cause}\"}}"))
        });
        restarts.sum::<f64>() == deaths - 1.0
    };
    let end = Instant::now() + Duration::from_secs(10);
    let mut page = exporter.page();
    while !holds(&page) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
        page = exporter.page();
    }
    let quoted = format!("\"{application}\"");
    let is_of_interest = |series: &str| series.contains(&quoted) || !series.contains("application=");
    let told: Vec<String> = page
        .series
        .iter()
        .filter(|(series, _)| ["kills", "restarts"].iter().any(|part| series.contains(part)) && is_of_interest(series))
        .map(|(series, value)| format!("{series} {value}"))
        .collect();
    assert!(holds(&page), "expected one restart less than {deaths} deaths:\n{}", told.join("\n"));
}

/// Bytes a second: a container of 64 MiB lives for three seconds.
const FAST: u64 = 15 * MIB;

#[test]
fn restarts_of_a_container_that_docker_starts_again_are_counted() {
    let Some(docker) = Docker::start() else { return };
    let exporter = on_the_host();
    docker.leak("again", 64, FAST, &["--restart=on-failure:2"]);
    wait_for("the container", Duration::from_secs(10), || own_kills(&exporter.page(), "again"));
    docker.wait_killed("again", 2);
    assert_restarts_within_seconds(&exporter, "again", 3.0);
}

#[test]
fn a_container_that_is_removed_and_run_again_under_its_name_is_a_restart_of_it() {
    let Some(docker) = Docker::start() else { return };
    let exporter = on_the_host();
    for _ in 0..2 {
        docker.leak("anew", 64, FAST, &[]);
        docker.wait_killed("anew", 0);
        docker.run(&["rm", "anew"]);
    }
    assert_restarts_within_seconds(&exporter, "anew", 2.0);
}

/// The one application of a page, which must not be memtrend; its heap.
fn heap_of_the_only_one(page: &Page) -> Option<f64> {
    assert!(!page.series.keys().any(|series| series.contains("application=\"memtrend\"")), "{}", page.listing());
    assert!(page.must("memtrend_applications") <= 1.0, "{}", page.listing());
    page.value("memtrend_heap_bytes{application=\"leaky\"}")
}

#[test]
fn a_sidecar_that_may_look_reads_the_cgroup_of_its_neighbour_alone() {
    let Some(docker) = Docker::start() else { return };
    let address = docker.sidecar(&["--cap-add=SYS_PTRACE"]);
    docker.leak("app", 64, 0, &["--pid=container:watcher"]);
    let page = wait_for("the neighbour", Duration::from_secs(10), || {
        let page = Page::parse(&get(address, "/metrics", &[]).text());
        (heap_of_the_only_one(&page) >= bytes(HELD)).then_some(page)
    });
    let info = format!("memtrend_application_info{{application=\"leaky\",evidence=\"{}\"}}", evidence());
    assert_eq!(page.value(&info), Some(1.0), "{}", page.listing());
    assert_eq!(limit(&page, "leaky", "own"), bytes(64 * MIB));
    assert_eq!(page.must("memtrend_source_errors_total{reason=\"permission\",source=\"cgroups\"}"), 0.0);
    assert!(!docker.command(&["logs", "watcher"]).output().unwrap().stderr.windows(10).any(|at| at == b"level=warn"));
}

#[test]
fn a_sidecar_that_may_not_look_sums_processes_and_says_once_what_would_help() {
    let Some(docker) = Docker::start() else { return };
    // Root's capabilities in the two containers are the same without SYS_PTRACE too: that would be enough.
    let address = docker.sidecar(&["--user=65534:65534"]);
    docker.leak("app", 64, 0, &["--pid=container:watcher"]);
    let begun = Page::parse(&get(address, "/metrics", &[]).text()).must("memtrend_scan_duration_seconds_count");
    let page = wait_for("the neighbour, for thirty passes", Duration::from_secs(20), || {
        let page = Page::parse(&get(address, "/metrics", &[]).text());
        let passes = page.must("memtrend_scan_duration_seconds_count") - begun;
        (heap_of_the_only_one(&page) >= bytes(HELD) && passes >= 30.0).then_some(page)
    });
    assert_eq!(page.value("memtrend_application_info{application=\"leaky\",evidence=\"processes\"}"), Some(1.0));
    assert!(page.must("memtrend_source_errors_total{reason=\"permission\",source=\"cgroups\"}") >= 1.0);
    let log = String::from_utf8(docker.command(&["logs", "watcher"]).output().unwrap().stderr).unwrap();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("level=warn")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("SYS_PTRACE") && warnings[0].contains("leaky"), "{log}");
}
