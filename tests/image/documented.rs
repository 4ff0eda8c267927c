//! The lines of `docs/deploy/docker.md`, run as they stand there, but with the host's network: the only one that a test's engine has.

use super::{free_address, is_ready, page};
use crate::support::docker::{Docker, RELEASED};
use crate::support::{project, wait_for};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// Runs what stands below a mark.
fn run(docker: &Docker, mark: &str, address: SocketAddr) {
    let page = fs::read_to_string(project().join("docs/deploy/docker.md")).unwrap();
    let (_, rest) = page.split_once(&format!("<!-- tried: {mark} -->\n```sh\n")).expect("the mark");
    let (lines, _) = rest.split_once("```\n<!-- end -->").unwrap();
    assert!(lines.contains(RELEASED) && lines.contains("-p 127.0.0.1:10240:10240"), "{lines}");
    let network = format!("--network=host -e MEMTREND_WEB_LISTEN_ADDRESS={address}");
    let lines =
        lines.replace("-p 127.0.0.1:10240:10240", &network).replace("--name=shop", "--name=shop --network=none");
    let output = docker.by("sh").args(["-ec", &lines]).output().unwrap();
    assert!(output.status.success(), "{lines}\n{}", String::from_utf8_lossy(&output.stderr));
    wait_for("memtrend", Duration::from_secs(20), || is_ready(address));
}

#[test]
fn an_application_and_its_sidecar_run_by_the_lines_of_the_docs() {
    let Some(docker) = Docker::start_released() else { return };
    let address = free_address();
    run(&docker, "sidecar", address);
    let limit = "memtrend_memory_limit_bytes{application=\"memtrend\",source=\"own\"}";
    wait_for("the application", Duration::from_secs(20), || {
        (page(address).value(limit) == Some(f64::from(64 << 20))).then_some(())
    });
    assert_eq!(page(address).must("memtrend_applications"), 1.0, "{}", page(address).listing());
}

#[test]
fn a_machine_is_watched_by_the_line_of_the_docs() {
    let Some(docker) = Docker::start_released() else { return };
    let address = free_address();
    run(&docker, "node", address);
    docker.leak("shop", 96, 0, &[]);
    let is_seen = |series: (&String, &f64)| {
        series.0.starts_with("memtrend_memory_limit_bytes{application=\"leaky")
            && series.0.contains("source=\"own\"")
            && *series.1 == f64::from(96 << 20)
    };
    wait_for("the container", Duration::from_secs(20), || page(address).series.iter().any(is_seen).then_some(()));
    assert!(!docker.log("memtrend").contains("level=error"), "{}", docker.log("memtrend"));
}
