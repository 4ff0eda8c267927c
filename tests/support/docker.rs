//! A real docker engine of the test's own.
//!
//! Only where dockerd is installed, by root: elsewhere it is said aloud and not tried.

use super::http::get;
use super::{project, static_binary, wait_for};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const IMAGE: &str = "memtrend-test:1";
/// The image that is deployed, built from the Dockerfile.
pub(crate) const RELEASED: &str = concat!("memtrend:", env!("CARGO_PKG_VERSION"));
pub(crate) const MIB: u64 = 1 << 20;
/// What the containers' program holds: much more than memtrend does.
pub(crate) const HELD: u64 = 20 * MIB;

/// A private docker engine, ended with all its containers.
pub(crate) struct Docker {
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Docker {
    /// Starts one that has the image; `None`, said aloud, where that is not possible.
    pub(crate) fn start() -> Option<Self> {
        let is_installed = Command::new("dockerd").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_installed || !is_root() {
            eprintln!("no containers are tried: that needs root and dockerd (docker.io)");
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
        docker.build(&static_binary());
        Some(docker)
    }

    /// Starts one that has the image that is deployed too; `None` where [`Self::start`] gives none.
    pub(crate) fn start_released() -> Option<Self> {
        let docker = Self::start()?;
        let built = project().join("target/image");
        let is_of_this_binary =
            fs::read(built.join("memtrend")).is_ok_and(|bytes| bytes == fs::read(static_binary()).unwrap());
        assert!(is_of_this_binary, "{} holds no image of the binary under test: run `make image`", built.display());
        docker.run(&["load", "-q", "-i", built.join("memtrend.tar").to_str().unwrap()]);
        Some(docker)
    }

    /// Where it keeps what is its own, and files of the test's.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a container has written to its standard error.
    pub(crate) fn log(&self, container: &str) -> String {
        String::from_utf8(self.command(&["logs", container]).output().unwrap().stderr).unwrap()
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

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.by("docker");
        command.env("DOCKER_BUILDKIT", "0").args(arguments);
        command
    }

    /// A program that asks this engine.
    pub(crate) fn by(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DOCKER_HOST", format!("unix://{}", self.folder.path().join("socket").display()));
        command
    }

    /// What docker prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts a container that holds [`HELD`] bytes and leaks `rate` a second below a limit of `mib` MiB.
    pub(crate) fn leak(&self, name: &str, mib: u64, rate: u64, more: &[&str]) {
        let memory = format!("{mib}m");
        let (held, rate) = (HELD.to_string(), rate.to_string());
        let mut arguments =
            vec!["run", "-d", "--name", name, "--network=none", "-m", &memory, "--memory-swap", &memory];
        arguments.extend_from_slice(more);
        arguments.extend([IMAGE, "/leaky", "leak", "--start", &held, "--rate", &rate]);
        self.run(&arguments);
    }

    /// Waits until a container has ended for good, by the kernel's hand.
    pub(crate) fn wait_killed(&self, name: &str, restarts: u32) {
        let state = ["inspect", "-f", "{{.State.Status}} {{.State.OOMKilled}} {{.RestartCount}}", name];
        wait_for("the kill", Duration::from_secs(60), || {
            (self.run(&state) == format!("exited true {restarts}")).then_some(())
        });
    }

    /// Starts memtrend in a container of its own; where it answers.
    pub(crate) fn sidecar(&self, more: &[&str]) -> SocketAddr {
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

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
