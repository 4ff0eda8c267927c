//! The exporters under measurement, each ended with its value.

use crate::client::{TEXT, Wanted, get};
use crate::kernel::{account_at_rest, cpu_nanoseconds};
use crate::plan::Plan;
use crate::table::Table;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The series that counts them.
pub(crate) const PASSES: &str = "memtrend_scan_duration_seconds_count";

const PROCESS_EXPORTER: &str = "/usr/bin/prometheus-process-exporter";
const NODE_EXPORTER: &str = "/usr/bin/prometheus-node-exporter";

/// The binary under test.
pub(crate) fn memtrend() -> PathBuf {
    std::env::var_os("MEMTREND_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_memtrend").into(), PathBuf::from)
}

pub(crate) fn state_versions(table: &mut Table) {
    for program in [memtrend().as_path(), Path::new(PROCESS_EXPORTER), Path::new(NODE_EXPORTER)] {
        let Ok(output) = Command::new(program).arg("--version").output() else {
            table.fact(&program.display().to_string(), "not installed, left out");
            continue;
        };
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        table.fact(&program.display().to_string(), text.lines().next().unwrap_or_default());
    }
}

/// A running exporter.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
    /// Where its configuration is, for as long as it runs.
    _file: Option<tempfile::NamedTempFile>,
}

impl Program {
    /// memtrend on a free port; `flags` split at blanks.
    pub(crate) fn memtrend(flags: &str) -> Self {
        let flags = format!("serve --application auto --max-applications 2000 {flags}");
        Self::start("memtrend", &memtrend(), &flags, None).expect("memtrend starts")
    }

    /// process-exporter with a group for each program name, as installed or without smaps; `None` without it.
    pub(crate) fn process_exporter(with_smaps: bool) -> Option<Self> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"process_names:\n- name: '{{.Comm}}'\n  cmdline: ['.+']\n").unwrap();
        let flags = format!("-config.path {} -gather-smaps={with_smaps}", file.path().display());
        let name = if with_smaps { "process-exporter" } else { "process-exporter -gather-smaps=false" };
        Self::start(name, Path::new(PROCESS_EXPORTER), &flags, Some(file))
    }

    /// node_exporter with its default collectors and the one for processes; `None` without it.
    pub(crate) fn node_exporter() -> Option<Self> {
        Self::start("node_exporter --collector.processes", Path::new(NODE_EXPORTER), "--collector.processes", None)
    }

    fn start(name: &'static str, path: &Path, flags: &str, file: Option<tempfile::NamedTempFile>) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(path);
        command.args(flags.split(' ').filter(|flag| !flag.is_empty()));
        let (input, output, log) = (Stdio::null(), Stdio::null(), Stdio::null());
        command.arg(format!("--web.listen-address={address}")).stdin(input).stdout(output).stderr(log);
        Some(Self { name, address, child: command.spawn().ok()?, _file: file })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it answers with a page; panics when it has ended.
    pub(crate) fn answers(&mut self) -> bool {
        assert!(self.child.try_wait().unwrap().is_none(), "{} ended at once: run it by hand to see why", self.name);
        get(self.address, TEXT).is_ok_and(|answer| answer.status == 200)
    }

    pub(crate) fn wait(&mut self, plan: &Plan) {
        plan.wait_until(|| self.answers());
    }

    /// Body of a page that must be there.
    pub(crate) fn page(&self, wanted: Wanted) -> Vec<u8> {
        let answer = get(self.address, wanted).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert_eq!(answer.status, 200, "{}", self.name);
        answer.body
    }

    /// A plain number on the text page.
    pub(crate) fn value(&self, series: &str) -> f64 {
        let page = String::from_utf8(self.page(TEXT)).unwrap();
        let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{series} is not on the page")).parse().unwrap()
    }

    /// CPU time of all its threads in nanoseconds.
    pub(crate) fn cpu(&self) -> f64 {
        cpu_nanoseconds(self.pid())
    }

    /// CPU time before and after the number of passes was asked for; no pass took place in between.
    pub(crate) fn passes(&self, plan: &Plan) -> (f64, f64, f64) {
        loop {
            let account = account_at_rest(self.pid(), "sampler");
            let before = self.cpu();
            let passes = self.value(PASSES);
            // The connection is closed after the answer has been read.
            plan.sleep(std::time::Duration::from_millis(2));
            let after = self.cpu();
            if account.is_some() && account == account_at_rest(self.pid(), "sampler") {
                return (before, passes, after);
            }
        }
    }

    /// Stops it for as long as others are measured.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
