//! Real containers under a docker engine of the test's own: seen from the host, and from a sidecar.
//!
//! Only where dockerd is installed (`apt-get install --no-install-recommends docker.io`), by root, with the static
//! binary: elsewhere it is said aloud and not tried.

use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::{project, wait_for};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const IMAGE: &str = "memtrend-test:1";
const MIB: u64 = 1 << 20;
/// What the containers' program holds: much more than memtrend does.
const HELD: u64 = 20 * MIB;

/// A private docker engine, ended with all its containers.
struct Docker {
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Docker {
    /// Starts one that has the image; `None`, said aloud, where that is not possible.
    fn start() -> Option<Self> {
        let binary = static_binary();
        let is_installed = Command::new("dockerd").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_installed || !is_root() || !binary.exists() {
            eprintln!("no containers are tried: that needs root, dockerd (docker.io) and {}", binary.display());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        // It must not outlive this process, even if that is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false"]);
        command.args(["--exec-opt", "native.cgroupdriver=cgroupfs", "--data-root", &at("data")]);
        command.args(["--exec-root", &at("exec"), "--pidfile", &at("pid"), "-H", &format!("unix://{}", at("socket"))]);
        let log = fs::File::create(at("log")).unwrap();
        let daemon = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut docker = Self { folder, daemon };
        wait_for("the docker engine", Duration::from_secs(60), || {
            let ended = docker.daemon.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string(docker.folder.path().join("log")).unwrap());
            docker.command(&["version"]).output().unwrap().status.success().then_some(())
        });
        docker.build(&binary);
        Some(docker)
    }

    /// An image of nothing but the program, under two names: the watching and the watched one.
    fn build(&self, binary: &Path) {
        let context = self.folder.path().join("context");
        fs::create_dir(&context).unwrap();
        fs::copy(binary, context.join("memtrend")).unwrap();
        fs::copy(binary, context.join("leaky")).unwrap();
        fs::write(context.join("Dockerfile"), "FROM scratch\nCOPY memtrend leaky /\n").unwrap();
        self.run(&["build", "-q", "-t", IMAGE, context.to_str().unwrap()]);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", format!("unix://{}", self.folder.path().join("socket").display()));
        command.env("DOCKER_BUILDKIT", "0").args(arguments);
        command
    }

    /// What docker prints.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts a container that holds [`HELD`] bytes and leaks `rate` a second below a limit of `mib` MiB.
    fn leak(&self, name: &str, mib: u64, rate: u64, more: &[&str]) {
        let memory = format!("{mib}m");
        let (held, rate) = (HELD.to_string(), rate.to_string());
        let mut arguments =
            vec!["run", "-d", "--name", name, "--network=none", "-m", &memory, "--memory-swap", &memory];
        arguments.extend_from_slice(more);
        arguments.extend([IMAGE, "/leaky", "leak", "--start", &held, "--rate", &rate]);
        self.run(&arguments);
    }

    /// Waits until a container has ended for good, by the kernel's hand.
    fn wait_killed(&self, name: &str, restarts: u32) {
        let state = ["inspect", "-f", "{{.State.Status}} {{.State.OOMKilled}} {{.RestartCount}}", name];
        wait_for("the kill", Duration::from_secs(60), || {
            (self.run(&state) == format!("exited true {restarts}")).then_some(())
        });
    }

    /// Starts memtrend in a container of its own; where it answers.
    fn sidecar(&self, more: &[&str]) -> SocketAddr {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listen = format!("--web.listen-address={address}");
        let mut arguments = vec!["run", "-d", "--name", "watcher", "--network=host"];
        arguments.extend_from_slice(more);
        arguments.extend([IMAGE, "/memtrend", "serve", "--trend.block=1s", &listen]);
        self.run(&arguments);
        wait_for("the sidecar", Duration::from_secs(20), || {
            TcpStream::connect(address).ok()?;
            (get(address, "/-/ready", &[]).status == 200).then_some(())
        });
        address
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // The newest first and one by one: who lives in another's pid namespace ends before it.
        if let Ok(containers) = self.command(&["ps", "-aq"]).output() {
            for container in String::from_utf8_lossy(&containers.stdout).split_whitespace() {
                let _ = self.command(&["rm", "-f", container]).output();
            }
        }
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end && matches!(self.daemon.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        // dockerd may leave them mounted, and the folder could not be removed.
        for left in fs::read_dir(self.folder.path().join("exec/netns")).into_iter().flatten().flatten() {
            let _ = Command::new("umount").arg(left.path()).stderr(Stdio::null()).status();
        }
    }
}

fn static_binary() -> PathBuf {
    let built = || project().join("target/x86_64-unknown-linux-gnu/release/memtrend");
    std::env::var_os("MEMTREND_STATIC_BINARY").map_or_else(built, PathBuf::from)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

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
    for (name, mib) in [("shop", 64), ("cart", 96)] {
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
