//! The container image, built from the Dockerfile by `make image`, under a real docker engine.

mod documented;
mod first_process;
mod sidecar;

use crate::support::docker::{Docker, RELEASED};
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::wait_for;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// As every deployment of it should be: nothing writable, no privilege to be had, little memory.
pub(crate) const MODEST: [&str; 7] = [
    "--network=host",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "-m=32m",
    "--memory-swap=32m",
    "--cpus=0.5",
];

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn is_ready(address: SocketAddr) -> Option<()> {
    TcpStream::connect(address).ok()?;
    (get(address, "/-/ready", &[]).status == 200).then_some(())
}

fn page(address: SocketAddr) -> Page {
    Page::parse(&get(address, "/metrics", &[]).text())
}

/// A part of what the engine says of an image or a container.
fn inspect(docker: &Docker, what: &str, part: &str) -> String {
    docker.run(&["inspect", "--format", &format!("{{{{json {part}}}}}"), what])
}

#[test]
fn it_holds_the_binary_alone_and_says_what_it_is() {
    let Some(docker) = Docker::start_released() else { return };
    let size: u64 = inspect(&docker, RELEASED, ".Size").parse().unwrap();
    assert!(size <= 6_000_000, "{size} bytes");
    for (part, expected) in [
        (".Config.User", "\"65534:65534\""),
        (".Config.Entrypoint", "[\"/memtrend\"]"),
        (".Config.Cmd", "[\"serve\"]"),
        (".Config.ExposedPorts", "{\"10240/tcp\":{}}"),
        (".Config.Healthcheck.Test", "[\"CMD\",\"/memtrend\",\"health\"]"),
        ("(index .Config.Labels \"org.opencontainers.image.version\")", concat!("\"", env!("CARGO_PKG_VERSION"), "\"")),
        ("(index .Config.Labels \"org.opencontainers.image.licenses\")", "\"Apache-2.0\""),
    ] {
        assert_eq!(inspect(&docker, RELEASED, part), expected, "{part}");
    }
    let revision = inspect(&docker, RELEASED, "(index .Config.Labels \"org.opencontainers.image.revision\")");
    let version = docker.run(&["run", "--rm", "--network=none", RELEASED, "--version"]);
    assert!(version.contains(&format!("revision {},", revision.trim_matches('"'))), "{revision}: {version}");

    docker.run(&["create", "--name=content", RELEASED]);
    let archive = docker.folder().join("content.tar");
    docker.run(&["export", "-o", archive.to_str().unwrap(), "content"]);
    let listing = std::process::Command::new("tar").arg("-tvf").arg(&archive).output().unwrap();
    let listing = String::from_utf8(listing.stdout).unwrap();
    // The engine adds its own.
    let engines = [".dockerenv", "dev/", "etc/", "proc/", "sys/"];
    let own: Vec<(&str, &str)> = listing
        .lines()
        .filter_map(|line| Some((line.split_whitespace().next()?, line.split_whitespace().nth(5)?)))
        .filter(|(_, name)| !engines.iter().any(|engines| name.starts_with(engines)))
        .collect();
    let folder = "drwxr-xr-x";
    let expected =
        [("-rwxr-xr-x", "memtrend"), (folder, "var/"), (folder, "var/lib/"), ("drwxrwxrwt", "var/lib/memtrend/")];
    assert_eq!(own, expected, "{listing}");
}

#[test]
fn whoever_it_runs_as_it_serves_is_healthy_and_keeps_its_state_in_a_volume() {
    let Some(docker) = Docker::start_released() else { return };
    for user in ["65534:65534", "1000:1000", "0:0"] {
        let address = free_address();
        let (user, listen) = (format!("--user={user}"), format!("MEMTREND_WEB_LISTEN_ADDRESS={address}"));
        let mut arguments = vec!["run", "-d", "--name=served", "--health-interval=1s", &user, "-e", &listen];
        arguments.extend(MODEST);
        arguments.extend(["-v=state:/var/lib/memtrend", RELEASED, "serve", "--state.dir=/var/lib/memtrend"]);
        let begun = Instant::now();
        docker.run(&arguments);
        wait_for("the first page", Duration::from_secs(20), || is_ready(address));
        println!("docker run to the first page: {} ms", begun.elapsed().as_millis());
        wait_for("its health", Duration::from_secs(20), || {
            (inspect(&docker, "served", ".State.Health.Status") == "\"healthy\"").then_some(())
        });
        assert_eq!(page(address).must("memtrend_state_saves_total{result=\"failure\"}"), 0.0, "{user}");
        // It says that its container sees nobody else: nothing else is wrong.
        let log = docker.log("served");
        assert!(!log.contains("level=error"), "{user}: {log}");
        docker.run(&["stop", "-t", "10", "served"]);
        assert_eq!(inspect(&docker, "served", ".State.ExitCode"), "0", "{}", docker.log("served"));
        docker.run(&["rm", "-f", "served"]);
        // Of its owner alone: the next one has a volume of its own.
        docker.run(&["volume", "rm", "state"]);
    }
}
