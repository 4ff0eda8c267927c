//! Runs of the gate whose processes carry a mark in their environment, so that none that is left behind stays unseen.

use crate::support::{binary, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// All that was started is gone so soon after memtrend.
const GONE: Duration = Duration::from_secs(2);

/// Hardly a run here takes so long.
const LONGEST: Duration = Duration::from_secs(50);

/// A run that goes on.
pub(super) struct Marked {
    mark: String,
    child: Child,
    output: File,
    errors: File,
}

/// How it has ended.
pub(super) struct Over {
    pub(super) status: ExitStatus,
    /// What `--json=-` has told.
    pub(super) report: Value,
    pub(super) output: String,
    pub(super) errors: String,
    pub(super) took: Duration,
}

/// The report without its points.
impl fmt::Debug for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |name: &str| self.report[name].to_string();
        f.debug_struct("Over")
            .field("status", &self.status)
            .field("took", &self.took)
            .field("sentence", &self.sentence())
            .field("checks", &told("checks"))
            .field("notes", &told("notes"))
            .field("errors", &self.errors)
            .finish()
    }
}

impl Over {
    pub(super) fn sentence(&self) -> &str {
        self.report["sentence"].as_str().unwrap_or_default()
    }

    /// That it could not be judged, by the exit code and by the report.
    pub(super) fn assert_fails_closed(&self, context: &str) {
        assert_eq!(self.status.code(), Some(2), "{context}: {self:?}");
        assert_eq!(self.report["exit_code"], 2, "{context}: {self:?}");
        assert_eq!(self.report["verdict"], "inconclusive", "{context}: {self:?}");
    }
}

impl Marked {
    /// Starts `memtrend check` with its report as JSON on standard output.
    pub(super) fn check(flags: &[&str], command: &[String]) -> Self {
        let mut check = Command::new(binary());
        check.args(["check", "--json=-"]).args(flags);
        if !command.is_empty() {
            check.arg("--").args(command);
        }
        Self::start(check, Stdio::null())
    }

    /// Starts a command with a mark, as outside of GitHub.
    pub(super) fn start(mut command: Command, input: Stdio) -> Self {
        command.env_remove("GITHUB_ACTIONS");
        Self::start_kept(command, input)
    }

    /// The same with the whole environment.
    pub(super) fn start_kept(mut command: Command, input: Stdio) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let moment = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let mark = format!("MEMTREND_MARK={moment}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let (name, value) = mark.split_once('=').unwrap();
        let [output, errors] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        command.env(name, value).stdin(input);
        command.stdout(output.try_clone().unwrap()).stderr(errors.try_clone().unwrap());
        Self { child: command.spawn().unwrap(), mark, output, errors }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that live and carry the mark: pid and command line, its words with blanks between them.
    pub(super) fn processes(&self) -> Vec<(u32, String)> {
        let marked = |entry: fs::DirEntry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            environment.split(|byte| *byte == 0).find(|variable| *variable == self.mark.as_bytes())?;
            let words = String::from_utf8_lossy(&fs::read(entry.path().join("cmdline")).ok()?).replace('\0', " ");
            Some((pid, words))
        };
        fs::read_dir("/proc").unwrap().flatten().filter_map(marked).collect()
    }

    /// Waits for a process that is neither memtrend itself nor a keeper nor a shell, by a part of its command line.
    pub(super) fn find(&self, part: &str) -> u32 {
        let others = ["memtrend keep", "sh -c", "setsid"];
        // What memtrend has forked is called like itself until it is another program.
        let is_own = |words: &str| words.contains("memtrend check ");
        self.find_by(part, |words| !is_own(words) && !others.iter().any(|other| words.starts_with(other)))
    }

    /// Waits for a keeper of a command that begins like this.
    pub(super) fn find_keeper(&self, command: &str) -> u32 {
        self.find_by(command, |words| words.starts_with("memtrend keep"))
    }

    fn find_by(&self, part: &str, is_it: impl Fn(&str) -> bool) -> u32 {
        wait_for(part, Duration::from_secs(10), || {
            let mut all = self.processes().into_iter();
            let is_found = |(pid, words): &(u32, String)| *pid != self.pid() && words.contains(part) && is_it(words);
            all.find(is_found).map(|(pid, _)| pid)
        })
    }

    /// Waits until memtrend takes signals itself.
    pub(super) fn await_handlers(&self) {
        wait_for("signal handlers", Duration::from_secs(10), || {
            let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
            // SIGHUP, SIGINT and SIGTERM.
            let all = 1 << 0 | 1 << 1 | 1 << 14;
            (u64::from_str_radix(caught.trim(), 16).ok()? & all == all).then_some(())
        });
    }

    pub(super) fn assert_runs(&mut self, context: &str) {
        assert!(self.child.try_wait().unwrap().is_none(), "{context}: it was over before the signal");
    }

    /// Waits for memtrend, then for all that it has started; panics when something stays.
    pub(super) fn end(self, context: &str) -> Over {
        self.end_within(context, LONGEST.as_secs())
    }

    /// The same for a run that takes its time, in seconds.
    pub(super) fn end_within(mut self, context: &str, seconds: u64) -> Over {
        let begun = Instant::now();
        let status = wait_for("memtrend to end", Duration::from_secs(seconds), || self.child.try_wait().unwrap());
        let took = begun.elapsed();
        let since = Instant::now();
        let left = loop {
            let left = self.processes();
            if left.is_empty() || since.elapsed() > GONE {
                break left;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let output = text(&mut self.output);
        let report = serde_json::from_str(&output).unwrap_or_default();
        let over = Over { status, report, output, errors: text(&mut self.errors), took };
        assert!(left.is_empty(), "{context}: left behind {left:?}: {over:?}");
        over
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        // After a test that has failed.
        for (pid, _) in self.processes() {
            send(pid, Signal::KILL);
        }
        drop(self.child.try_wait());
    }
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a signal to a process that may be gone.
pub(super) fn send(pid: u32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal);
}

/// Whether it was killed by SIGKILL: a shell sees 137.
pub(super) fn is_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

/// A program of a shell, which finds memtrend as `$0`, and a port as `$1`.
pub(super) fn shell(script: &str, port: u16) -> Vec<String> {
    ["sh", "-c", script]
        .map(str::to_owned)
        .into_iter()
        .chain([binary().display().to_string(), port.to_string()])
        .collect()
}
