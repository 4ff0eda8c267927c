//! memtrend as a sidecar, by its image, beside a container that the kernel kills again and again.

use super::{MODEST, free_address, inspect, is_ready, page};
use crate::kills::rounds;
use crate::support::docker::{Docker, MIB, RELEASED};
use crate::support::neighbour::{Neighbour, RATE};
use crate::support::page::Page;
use crate::support::wait_for;
use memtrend::units::count_as_f64;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const APPLICATION: Neighbour = Neighbour("application=\"leaky\"");

struct Sidecar {
    name: &'static str,
    address: SocketAddr,
    pid: String,
}

impl Sidecar {
    fn start(docker: &Docker, name: &'static str, privileges: &[&str]) -> Self {
        let address = free_address();
        let (named, listen) = (format!("--name={name}"), format!("--web.listen-address={address}"));
        let mut arguments = vec!["run", "-d", &named, "--pid=container:pause"];
        arguments.extend(MODEST);
        arguments.extend(privileges);
        arguments.extend([RELEASED, "serve", "--trend.block=1s", "--interval=250ms", &listen]);
        docker.run(&arguments);
        wait_for(name, Duration::from_secs(20), || is_ready(address));
        Self { name, address, pid: inspect(docker, name, ".State.Pid") }
    }

    fn page(&self) -> Page {
        page(self.address)
    }

    /// The most memory that its container has ever held, in bytes: the file of the binary that it brought in is part of it.
    fn peak(&self, docker: &Docker) -> u64 {
        let id = inspect(docker, self.name, ".Id");
        let id = id.trim_matches('"');
        let v1 = PathBuf::from(format!("/sys/fs/cgroup/memory/docker/{id}/memory.max_usage_in_bytes"));
        let v2 = PathBuf::from(format!("/sys/fs/cgroup/docker/{id}/memory.peak"));
        let text = fs::read_to_string(v1).or_else(|_| fs::read_to_string(v2)).unwrap();
        text.trim().parse().unwrap()
    }
}

/// Anonymous memory of a process, in bytes.
fn anonymous(pid: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    1024.0 * line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
}

#[test]
fn twenty_kills_of_its_neighbour_are_twenty_and_none_of_them_ends_it() {
    let Some(docker) = Docker::start_released() else { return };
    docker.run(&[&["run", "-d", "--name=pause"][..], &MODEST, &[RELEASED, "pause"]].concat());
    let same = Sidecar::start(&docker, "same-user", &["--user=1000:1000"]);
    let root = Sidecar::start(&docker, "root", &["--user=0:0", "--cap-add=SYS_PTRACE"]);
    let foreign = Sidecar::start(&docker, "foreign", &["--user=65534:65534"]);
    let all = [&same, &root, &foreign];
    let own = ["--pid=container:pause", "--user=1000:1000"];
    let count = rounds(20, 200);

    docker.leak("app", 64, RATE, &own);
    let pid = inspect(&docker, "app", ".State.Pid");
    std::thread::sleep(Duration::from_secs(17));
    let look = |sidecar: &Sidecar| {
        let before = anonymous(&pid);
        let page = sidecar.page();
        (page, [before, anonymous(&pid)])
    };
    for exact in [&same, &root] {
        let (page, anonymous) = look(exact);
        APPLICATION.assert_seen(&page, anonymous);
    }
    let (page, anonymous) = look(&foreign);
    APPLICATION.assert_seen_from_afar(&page, anonymous);
    docker.wait_killed("app", 0);
    docker.run(&["rm", "app"]);

    docker.leak("app", 64, 30 * MIB, &own);
    docker.wait_killed("app", 0);
    for _ in 2..count {
        docker.run(&["start", "app"]);
        docker.wait_killed("app", 0);
    }
    std::thread::sleep(Duration::from_secs(2));
    for exact in [&same, &root] {
        APPLICATION.assert_counted(&exact.page(), count, &docker.log(exact.name));
    }
    let inferred = APPLICATION.inferred(&foreign.page(), count, &docker.log(foreign.name));
    println!("{count} kills counted as the application's user and as root, {inferred} inferred by another user");
    for sidecar in all {
        assert_eq!(inspect(&docker, sidecar.name, ".State.Pid"), sidecar.pid, "{} has ended", sidecar.name);
        // The application and the other two, but not itself.
        let page = sidecar.page();
        assert_eq!(page.must("memtrend_applications"), 3.0, "{}: {}", sidecar.name, page.listing());
        let peak = sidecar.peak(&docker);
        println!("{}: at most {:.2} MiB", sidecar.name, count_as_f64(peak) / count_as_f64(MIB));
        assert!(peak <= 10 * MIB, "{}: {peak} bytes", sidecar.name);
    }
}
