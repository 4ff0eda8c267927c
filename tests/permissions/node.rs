//! In containers of a real docker engine, under cgroup v1: as sidecars in the applications' pid namespace, and as node agents.

use super::scene::{self, LOOSE_LIMIT, OWN_LIMIT, TOP_LIMIT, leaking, mark, watch};
use super::{ABOVE, OWN, Trial};
use crate::support::docker::{Docker, IMAGE};
use crate::support::http::get;
use crate::support::limited::LimitedGroup;
use crate::support::page::Page;
use crate::support::wait_for;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const SIDECAR: &str = "--pid=container:pause";
const AGENT: &str = "--pid=host --cgroupns=host -v /sys:/host/sys:ro";

/// Each with how it shares the pids, and docker's other flags.
pub(crate) const FORMS: &[(&str, &str, &str)] = &[
    ("sidecar: another user", SIDECAR, "--user=65534:65534 --cap-drop=ALL"),
    ("sidecar: another user, SYS_PTRACE added", SIDECAR, "--user=65534:65534 --cap-drop=ALL --cap-add=SYS_PTRACE"),
    ("sidecar: root without capabilities", SIDECAR, "--cap-drop=ALL"),
    ("sidecar: the application's user", SIDECAR, "--user=1000:1000 --cap-drop=ALL"),
    ("sidecar: the application's user, another group", SIDECAR, "--user=1000:5 --cap-drop=ALL"),
    ("sidecar: root + SYS_PTRACE", SIDECAR, "--cap-drop=ALL --cap-add=SYS_PTRACE"),
    (
        "sidecar: root + SYS_PTRACE + DAC_READ_SEARCH",
        SIDECAR,
        "--cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=DAC_READ_SEARCH",
    ),
    (
        "sidecar: root + SYS_PTRACE + SYSLOG, /dev/kmsg",
        SIDECAR,
        "--cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=SYSLOG --device=/dev/kmsg",
    ),
    ("node agent: another user", AGENT, "--user=65534:65534 --cap-drop=ALL"),
    ("node agent: root without capabilities", AGENT, "--cap-drop=ALL"),
    ("node agent: root + SYS_PTRACE", AGENT, "--cap-drop=ALL --cap-add=SYS_PTRACE"),
    (
        "node agent: root + SYS_PTRACE + SYSLOG, /dev/kmsg",
        AGENT,
        "--cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=SYSLOG --device=/dev/kmsg",
    ),
    (
        "node agent: root + SYS_PTRACE + SYSLOG, /dev/kmsg as a volume",
        AGENT,
        "--cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=SYSLOG -v /dev/kmsg:/dev/kmsg:ro",
    ),
];

struct Watcher<'a> {
    docker: &'a Docker,
    form: &'static str,
    name: String,
    address: SocketAddr,
}

impl<'a> Watcher<'a> {
    fn start(docker: &'a Docker, place: usize, marks: &[String; 2]) -> Self {
        let (form, pids, privileges) = FORMS[place];
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let name = format!("watcher{place}");
        let mut arguments = vec!["run", "-d", "--name", &name, "--network=host"];
        arguments.extend(pids.split_whitespace().chain(privileges.split_whitespace()));
        arguments.extend([IMAGE, "/memtrend", "serve"]);
        let mut flags = scene::flags("/leaky".as_ref(), marks);
        flags.push(format!("--web.listen-address={address}"));
        if pids == AGENT {
            flags.push("--path.sysfs=/host/sys".to_owned());
        }
        arguments.extend(flags.iter().map(String::as_str));
        docker.run(&arguments);
        let watcher = Self { docker, form, name, address };
        wait_for(form, Duration::from_secs(20), || {
            TcpStream::connect(address).ok()?;
            (get(address, "/-/ready", &[]).status == 200).then_some(())
        });
        watcher
    }

    fn page(&self) -> Page {
        Page::parse(&get(self.address, "/metrics", &[]).text())
    }

    fn report(&self) -> String {
        get(self.address, "/api/v1/report", &[]).text()
    }

    fn log(&self) -> String {
        String::from_utf8(self.docker.command(&["logs", &self.name]).output().unwrap().stderr).unwrap()
    }
}

/// None where that is not possible.
pub(super) fn trials() -> Vec<Trial> {
    if !scene::is_as_told() {
        return Vec::new();
    }
    let Some(docker) = Docker::start() else { return Vec::new() };
    let top = LimitedGroup::create("permissions-pod", TOP_LIMIT).unwrap();
    let parent = format!("--cgroup-parent=/{}", top.folder.file_name().unwrap().to_str().unwrap());
    let marks = [OWN, ABOVE].map(|name| mark("node", name));
    // As in a pod: who owns the pids lives on.
    docker.run(&["run", "-d", "--name=pause", "--network=none", IMAGE, "/memtrend", "leak", "--start=0", "--rate=0"]);
    let watchers: Vec<Watcher<'_>> = (0..FORMS.len()).map(|place| Watcher::start(&docker, place, &marks)).collect();
    let container = |name: &str, life: u32| format!("{name}{life}");
    let start = |name: &str, life: u32| {
        let (bytes, mark, more) =
            if name == OWN { (OWN_LIMIT, &marks[0], vec![]) } else { (LOOSE_LIMIT, &marks[1], vec![&*parent]) };
        let (memory, swap) = (format!("--memory={bytes}"), format!("--memory-swap={bytes}"));
        let (container, leaking) = (container(name, life), leaking(mark));
        let mut arguments = vec!["run", "-d", "--name", &container, "--network=none", "--user=1000:1000"];
        arguments.extend(["-e=VERSION=7", SIDECAR, &memory, &swap]);
        arguments.extend(more);
        arguments.extend([IMAGE, "/leaky"]);
        arguments.extend(leaking.iter().map(String::as_str));
        docker.run(&arguments);
    };
    let wait_killed = |name: &str, life: u32| {
        wait_for("the kill", Duration::from_secs(30), || {
            (docker.run(&["inspect", "-f", "{{.State.ExitCode}}", &container(name, life)]) == "137").then_some(())
        });
    };
    let ask: Vec<_> = watchers.iter().map(|watcher| || watcher.page()).collect();
    let ask: Vec<&dyn Fn() -> Page> = ask.iter().map(|ask| ask as &dyn Fn() -> Page).collect();
    let (live, end, kills) = watch(&ask, start, wait_killed);
    let seen = watchers.iter().zip(live.into_iter().zip(end));
    seen.map(|(watcher, (live, end))| Trial {
        form: watcher.form,
        live,
        end,
        kills,
        report: watcher.report(),
        log: watcher.log(),
    })
    .collect()
}
