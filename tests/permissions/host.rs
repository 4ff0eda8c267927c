//! On the host, under cgroup v1: users and capabilities by setpriv.

use super::{ABOVE, OWN, Trial, scene};
use crate::support::docker::is_root;
use crate::support::exporter::Exporter;
use crate::support::limited::{Leak, LimitedGroup};
use crate::support::page::Page;
use crate::support::{binary, wait_for};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Each with the arguments of setpriv.
pub(crate) const FORMS: &[(&str, &str)] = &[
    ("host: root", ""),
    ("host: root without SYSLOG", "--bounding-set -syslog --inh-caps -syslog"),
    ("host: root without capabilities", "--bounding-set -all --inh-caps -all"),
    ("host: another user", "--reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all"),
    (
        "host: another user + SYSLOG, ambient",
        "--reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+syslog --ambient-caps +syslog",
    ),
    (
        "host: another user + SYSLOG + SYS_PTRACE + DAC_READ_SEARCH, ambient",
        "--reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+syslog,+sys_ptrace,+dac_read_search \
         --ambient-caps +syslog,+sys_ptrace,+dac_read_search",
    ),
    ("host: the application's user", "--reuid 1000 --regid 1000 --clear-groups --bounding-set -all --inh-caps -all"),
];

/// Starts an application of uid 1000 in a cgroup.
fn leak(folder: &Path, leaky: &Path, mark: &str) -> Leak {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "echo 0 >\"$0/cgroup.procs\" && VERSION=7 exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$@\"",
    ]);
    Leak(command.arg(folder).arg(leaky).args(scene::leaking(mark)).spawn().unwrap())
}

/// None where that is not possible.
pub(super) fn trials() -> Vec<Trial> {
    if !is_root() || !scene::is_as_told() {
        return Vec::new();
    }
    let limited = |name, limit| LimitedGroup::create(name, limit);
    let Some((own, top)) =
        limited("permissions-own", scene::OWN_LIMIT).zip(limited("permissions-top", scene::TOP_LIMIT))
    else {
        return Vec::new();
    };
    let below = LimitedGroup { folder: top.folder.join("below"), is_v1: top.is_v1 };
    fs::create_dir(&below.folder).unwrap();
    fs::write(below.folder.join("memory.limit_in_bytes"), scene::LOOSE_LIMIT.to_string()).unwrap();
    // For every user: the checkout may be closed to them.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let [memtrend, leaky] = ["memtrend", "leaky"].map(|name| folder.path().join(name));
    fs::copy(binary(), &memtrend).unwrap();
    fs::copy(binary(), &leaky).unwrap();
    let marks = [OWN, ABOVE].map(|name| scene::mark("host", name));
    let watch = |privileges: &str| {
        let mut command = Command::new("setpriv");
        command.args(privileges.split_whitespace()).arg(&memtrend);
        Exporter::start_by(command, &scene::flags(&leaky, &marks))
    };
    let watchers: Vec<Exporter> = FORMS.iter().map(|(_, privileges)| watch(privileges)).collect();
    let running = RefCell::new(None);
    let start = |name: &str, _: u32| {
        let (folder, mark) = if name == OWN { (&own.folder, &marks[0]) } else { (&below.folder, &marks[1]) };
        running.replace(Some(leak(folder, &leaky, mark)));
    };
    let wait_killed = |_: &str, _: u32| {
        let mut running = running.borrow_mut();
        wait_for("the kill", Duration::from_secs(30), || running.as_mut()?.0.try_wait().unwrap());
    };
    let ask: Vec<_> = watchers.iter().map(|watcher| || watcher.page()).collect();
    let ask: Vec<&dyn Fn() -> Page> = ask.iter().map(|ask| ask as &dyn Fn() -> Page).collect();
    let (live, end, kills) = scene::watch(&ask, start, wait_killed);
    let seen = FORMS.iter().zip(watchers).zip(live.into_iter().zip(end));
    seen.map(|((form, watcher), (live, end))| Trial {
        form: form.0,
        live,
        end,
        kills,
        report: watcher.get("/api/v1/report", &[]).text(),
        log: watcher.log().join("\n"),
    })
    .collect()
}
