//! A program that is told by lines what to do, and says `ready` when it has done it.

use crate::support::wait_for;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

pub(super) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// Starts one, and waits until it is ready; `None` where it ends before: it does not know an option.
    pub(super) fn start(command: &mut Command) -> Option<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { child, input, output };
        program.is_ready().then_some(program)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A line that it says.
    pub(super) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn is_ready(&mut self) -> bool {
        self.line() == "ready"
    }

    pub(super) fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        assert!(self.is_ready(), "{line}");
    }

    /// Stops it, and waits until it stands.
    pub(super) fn stop(&self) {
        self.signal(Signal::STOP);
        wait_for("it to stop", Duration::from_secs(10), || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
            stat.rsplit(')').next()?.starts_with(" T").then_some(())
        });
    }

    /// Lets it go on.
    pub(super) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Closes its input, which ends it, and gives what it still says.
    pub(super) fn end(mut self) -> Output {
        drop(self.input.take());
        let status = ended(&mut self.child);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.output.read_to_end(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        Output { status, stdout, stderr }
    }
}

/// Runs one that says little and needs no word, to its end.
pub(super) fn run(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    ended(&mut child);
    child.wait_with_output().unwrap()
}

/// Waits for an end that must come; what does not end is killed.
fn ended(child: &mut Child) -> ExitStatus {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it has not ended");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A JVM that is killed leaves its socket.
        let _ = std::fs::remove_file(format!("/tmp/.java_pid{}", self.child.id()));
    }
}
