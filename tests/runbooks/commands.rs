//! Runs every command of the runbooks as the reader would: against a real exporter and a real Prometheus that has the
//! alert rules, for an application at rest, one that grows and was killed, and one that is missing.

use super::pages;
use crate::support::exporter::Exporter;
use crate::support::limited::{Leak, LimitedGroup};
use crate::support::prometheus::Prometheus;
use crate::support::{binary, wait_for};
use rustix::process::geteuid;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// All that a reader needs to have installed.
const TOOLS: [&str; 8] = ["curl", "promtool", "awk", "grep", "sed", "sort", "date", "ls"];

/// An application at rest, one in trouble, one that is asked for and not there.
const APPLICATIONS: [&str; 3] = ["calm", "leaky", "missing"];

/// A user who may nothing.
const NOBODY: u32 = 65_534;

const MIB: u64 = 1 << 20;

/// What is told of nobody here, and why.
const NOT_HERE: [&str; 2] = [
    // Under cgroup v1.
    "none: cgroup v1 does not tell, or its cgroup is not read",
    // Where no process ends while it is read.
    "none: no read has failed",
];

fn leak(name: &str, start: u64, rate: u64) -> Leak {
    let label = format!("runbooks-{name}-{}", std::process::id());
    let (start, rate) = (start.to_string(), rate.to_string());
    let mut command = Command::new(binary());
    Leak(command.args(["leak", "--start", &start, "--rate", &rate, "--label", &label]).spawn().unwrap())
}

/// The applications, watched and scraped.
struct Ward {
    exporter: Exporter,
    prometheus: Prometheus,
    _applications: [Leak; 2],
    /// Whether the one in trouble could be killed by the kernel.
    has_kill: bool,
}

impl Ward {
    fn open() -> Self {
        let group = LimitedGroup::create("runbooks", 48 * MIB);
        let place = group.as_ref().map_or_else(String::new, |group| group.folder.display().to_string());
        let own = std::process::id();
        let exporter = Exporter::start(&[
            &format!("--match=calm=leak .*--label runbooks-calm-{own}$"),
            &format!("--match=leaky=leak .*(--label runbooks-leaky-{own}|--join {place})$"),
            "--match=missing=no such program as this one",
            "--application-version=leaky=2.4.1",
            "--trend.block=1s",
        ]);
        let prometheus = Prometheus::start_with_rules(exporter.address);
        let calm = leak("calm", 16 * MIB, 0);
        let number = |expression: &str| prometheus.number(expression);
        wait_for("Prometheus to know all three", Duration::from_secs(60), || {
            (number("count(memtrend_oom_kills_total{scope='own'})") == Some(3.0)).then_some(())
        });
        let has_kill = group.map(|group| group.leak(8 * MIB, 32 * MIB).0.wait().unwrap()).is_some();
        let leaky = leak("leaky", 16 * MIB, MIB / 2);
        wait_for("growth, a restart and an alert in Prometheus", Duration::from_secs(120), || {
            number("count(memtrend_time_to_limit_seconds{application='leaky',estimate='expected'})")?;
            number("count(count_over_time(memtrend_leak_verdict{application='calm',verdict='steady'}[1m]) >= 2)")?;
            if has_kill {
                number("count(increase(memtrend_restarts_total{application='leaky',cause='oom'}[1m]) > 0)")?;
                number("count(ALERTS{alertname='MemtrendOOMKill',application='leaky',alertstate='firing'})")?;
            }
            Some(())
        });
        Self { exporter, prometheus, _applications: [calm, leaky], has_kill }
    }

    /// Runs a block where there is nothing but its three variables and the tools.
    fn run(&self, block: &str, application: &str, tools: &Path, folder: &Path) -> Output {
        let mut command = Command::new("/bin/sh");
        command.args(["-eu", "-c", block]).env_clear().env("PATH", tools).current_dir(folder).stdin(Stdio::null());
        command.env("EXPORTER", self.exporter.address.to_string()).env("APPLICATION", application);
        command.env("PROMETHEUS", self.prometheus.address.to_string());
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }
}

/// A folder with the tools alone, and one to work in.
fn rooms() -> (tempfile::TempDir, tempfile::TempDir) {
    let (tools, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = std::env::var_os("PATH").unwrap();
    for tool in TOOLS {
        let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.exists());
        symlink(found.unwrap_or_else(|| panic!("{tool} is installed: scripts/setup")), tools.path().join(tool))
            .unwrap();
    }
    fs::set_permissions(tools.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(work.path(), Permissions::from_mode(0o777)).unwrap();
    (tools, work)
}

/// What a block says when it finds nothing.
fn excuses(block: &str) -> Vec<&str> {
    let ends = |rest: &str| rest.find(['"', '}']).unwrap_or(rest.len());
    let found = block.match_indices("none").filter(|(at, _)| block[..*at].ends_with([':', '-', '"']));
    found.map(|(at, _)| &block[at..at + ends(&block[at..])]).collect()
}

#[test]
fn every_command_runs_and_finds_what_there_is() {
    let ward = Ward::open();
    let (tools, work) = rooms();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        for block in page.blocks().into_iter().filter(|block| block.info == "sh") {
            count += 1;
            let name = format!("{}:{}", page.path.file_name().unwrap().to_string_lossy(), block.line);
            let mut told = BTreeMap::new();
            for application in APPLICATIONS {
                let output = ward.run(&block.text, application, tools.path(), work.path());
                let [said, complaint] =
                    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                if !output.status.success() || said.trim().is_empty() || !complaint.is_empty() {
                    wrong.push(format!("{name} for {application}: {}\n{said}{complaint}", output.status));
                }
                println!("--- {name} for {application}\n{said}");
                told.insert(application, said);
            }
            for excuse in excuses(&block.text).into_iter().filter(|excuse| !NOT_HERE.contains(excuse)) {
                let is_never_said = |(application, said): (&&str, &String)| {
                    let excuse = excuse.replace("$APPLICATION", application);
                    !said.lines().any(|line| line.ends_with(&excuse))
                };
                if ward.has_kill && !told.iter().any(is_never_said) {
                    wrong.push(format!("{name} finds nothing for any application: {excuse}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "{count} commands are found");
}
