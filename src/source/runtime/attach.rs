//! HotSpot's attach socket, by which `jcmd` speaks to a JVM; no JDK is needed on this side.
//!
//! A JVM listens only once it was asked to: by a file `.attach_pidPID` and SIGQUIT. Without the file, the signal makes it print
//! its threads; without a handler, it kills. So it is sent when all of this is certain: the process is the one that was detected,
//! has a JVM mapped, handles the signal, and was not told to ignore the file. It goes through a pidfd, which no other process can
//! inherit. (`AttachListener::is_init_trigger` of `attachListener_posix.cpp`, and `VirtualMachineImpl.java`.)

use super::deadline::Deadline;
use super::error::{RuntimeError, said};
use super::managed::ManagedProcess;
use super::socket::{self, Unanswered};
use super::standing::Standing;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

/// Between two looks for the socket: a JVM makes it some ten milliseconds after the signal.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A JVM that starts handles the signal so long after it was mapped, at most.
const STARTING: Duration = Duration::from_secs(1);

/// A JVM that listens.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    process: &'a ManagedProcess,
    deadline: &'a Deadline,
    socket: PathBuf,
}

impl<'a> Listener<'a> {
    /// Has it listen, unless it does already.
    pub(super) fn open(process: &'a ManagedProcess, deadline: &'a Deadline) -> Result<Self, RuntimeError> {
        let standing = process.standing()?;
        let socket = process.path(&format!("root/tmp/.java_pid{}", standing.inner_pid));
        let listener = Self { process, deadline, socket };
        if !listener.is_there(&standing)? {
            listener.wake()?;
        }
        Ok(listener)
    }

    /// Has it execute one of the commands of `jcmd PID help`, and gives what it prints.
    pub(super) fn command(&self, command: &str) -> Result<Vec<u8>, RuntimeError> {
        let question = [b"1\0jcmd\0", command.as_bytes(), b"\0\0\0"].concat();
        let answer = socket::ask(&self.socket, &question, self.deadline).map_err(|unanswered| {
            // An end or a stop explains more than what it broke.
            self.process.standing().err().unwrap_or_else(|| self.explained(unanswered))
        })?;
        let Some(code) = answer.iter().position(|byte| *byte == b'\n') else {
            return Err(self.process.malformed("an answer of HotSpot that begins with a code"));
        };
        let text = answer.get(code + 1..).unwrap_or_default();
        match answer.get(..code) {
            Some(b"0") => Ok(text.to_vec()),
            _ => Err(RuntimeError::Refused { pid: self.process.pid(), said: said(text) }),
        }
    }

    fn explained(&self, unanswered: Unanswered) -> RuntimeError {
        match unanswered {
            Unanswered::Late => self.late("no answer from its JVM"),
            Unanswered::Endless => self.process.malformed("an answer with an end"),
            other => RuntimeError::Connection { pid: self.process.pid(), source: other.into() },
        }
    }

    fn late(&self, doing: &'static str) -> RuntimeError {
        RuntimeError::Late { pid: self.process.pid(), doing, within: self.deadline.within() }
    }

    /// Whether the socket is there: it gets its name when it can be connected to.
    fn is_there(&self, standing: &Standing) -> Result<bool, RuntimeError> {
        match std::fs::symlink_metadata(&self.socket) {
            Ok(found) if found.file_type().is_socket() && found.uid() == standing.effective_user => Ok(true),
            Ok(_) => Err(RuntimeError::Impostor { pid: self.process.pid(), path: self.socket.clone() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.process.unreadable(self.socket.clone(), error)),
        }
    }

    fn wake(&self) -> Result<(), RuntimeError> {
        let pid = self.process.pid();
        let signal = |source: io::Error| RuntimeError::Signal { pid, source };
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(RuntimeError::Gone(pid))?;
        let pidfd = pidfd_open(number, PidfdFlags::empty()).map_err(|errno| signal(errno.into()))?;
        // Asked after the pidfd was opened: it is of the same process.
        if !self.process.is_as_detected() {
            return Err(RuntimeError::Gone(pid));
        }
        let standing = self.handling()?;
        if self.is_told_not_to() {
            return Err(RuntimeError::AttachDisabled(pid));
        }
        let _file = AttachFile::make(self.process, &standing)?;
        pidfd_send_signal(&pidfd, Signal::QUIT).map_err(|errno| signal(errno.into()))?;
        while !self.is_there(&standing)? {
            if self.deadline.left().is_none() {
                return Err(self.late("its JVM has not opened its attach socket"));
            }
            self.deadline.pause(BETWEEN_LOOKS);
            self.process.standing()?;
        }
        Ok(())
    }

    /// How it stands once it handles the signal.
    fn handling(&self) -> Result<Standing, RuntimeError> {
        let starting = Deadline::new(STARTING);
        loop {
            let standing = self.process.standing()?;
            if standing.handles_quit {
                return Ok(standing);
            }
            if starting.left().is_none() || self.deadline.left().is_none() {
                return Err(RuntimeError::SignalUnhandled(self.process.pid()));
            }
            self.deadline.pause(BETWEEN_LOOKS);
        }
    }

    fn is_told_not_to(&self) -> bool {
        // What cannot be read does not tell.
        let environment = self.process.read("environ").unwrap_or_default();
        let arguments = self.process.read("cmdline").unwrap_or_default();
        is_disabled(&environment, &arguments)
    }
}

/// Whether a JVM ignores the file: the last word counts, and in this order it takes them.
fn is_disabled(environment: &[u8], arguments: &[u8]) -> bool {
    let of = |name: &'static [u8]| {
        let values = environment.split(|byte| *byte == 0).filter_map(move |entry| entry.strip_prefix(name));
        values.flat_map(|value| value.split(u8::is_ascii_whitespace))
    };
    let first = of(b"JAVA_TOOL_OPTIONS=").chain(of(b"JDK_JAVA_OPTIONS="));
    let words = first.chain(arguments.split(|byte| *byte == 0)).chain(of(b"_JAVA_OPTIONS="));
    let mut settings = words.filter_map(|word| match word {
        b"-XX:+DisableAttachMechanism" => Some(true),
        b"-XX:-DisableAttachMechanism" => Some(false),
        _ => None,
    });
    settings.next_back().unwrap_or(false)
}

/// The file that a JVM looks for when the signal comes. Removed in any case.
#[derive(Debug)]
struct AttachFile(PathBuf);

impl AttachFile {
    /// Makes it in the process's `/tmp`, else in its working folder, which a JVM looks at first, but where others may watch files.
    fn make(process: &ManagedProcess, standing: &Standing) -> Result<Self, RuntimeError> {
        let places = ["root/tmp", "cwd"];
        let paths = places.map(|place| process.path(&format!("{place}/.attach_pid{}", standing.inner_pid)));
        let mut refused = Err(RuntimeError::Gone(process.pid()));
        for path in paths {
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(_) => return Ok(Self(path)),
                // Left by one that was killed while it waited, or of one that waits now and no longer needs it soon.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && is_own(&path) => return Ok(Self(path)),
                Err(source) => refused = Err(RuntimeError::AttachFile { pid: process.pid(), path, source }),
            }
        }
        refused
    }
}

fn is_own(path: &std::path::Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
}

impl Drop for AttachFile {
    fn drop(&mut self) {
        // Where its process has ended there is no such path, and nothing that could look at the file.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::source::runtime::Runtime;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    #[test]
    fn the_last_word_on_attachment_counts() {
        let on: &[u8] = b"-XX:+DisableAttachMechanism";
        let off: &[u8] = b"-XX:-DisableAttachMechanism";
        assert!(!is_disabled(b"", b"java\0-Xmx1g\0Main\0"));
        assert!(is_disabled(b"", &[b"java\0", on, b"\0Main"].concat()));
        assert!(!is_disabled(b"", &[b"java\0", on, b"\0", off, b"\0"].concat()));
        assert!(is_disabled(&[b"A=b\0JAVA_TOOL_OPTIONS=-Xmx1g ", on, b"\0"].concat(), b"java\0Main\0"));
        assert!(!is_disabled(&[b"JAVA_TOOL_OPTIONS=", on].concat(), &[b"java\0", off].concat()));
        assert!(is_disabled(&[b"_JAVA_OPTIONS=", on].concat(), &[b"java\0", off].concat()));
        assert!(!is_disabled(&[b"OTHER=", on].concat(), b"java"));
    }

    #[test]
    fn what_is_no_jvm_gets_no_signal_and_no_file() {
        let mut shell = Command::new("sh")
            .args(["-c", "trap 'echo quit' QUIT; echo ready; read -r _; echo end"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(shell.stdout.take().unwrap());
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        let process = ManagedProcess::pretended(shell.id(), Runtime::Jvm).unwrap();
        assert!(process.standing().unwrap().handles_quit);
        let deadline = Deadline::new(Duration::from_secs(5));
        let opened = Listener::open(&process, &deadline);
        assert!(matches!(opened, Err(RuntimeError::Gone(_))), "{opened:?}");
        drop(shell.stdin.take());
        output.read_to_string(&mut said).unwrap();
        shell.wait().unwrap();
        assert_eq!(said, "ready\nend\n");
    }

    #[test]
    fn the_file_goes_whatever_happens_and_one_that_was_left_is_taken_over() {
        let process = ManagedProcess::pretended(std::process::id(), Runtime::Jvm).unwrap();
        let standing = Standing { inner_pid: 0, ..process.standing().unwrap() };
        let path = std::path::Path::new("/tmp/.attach_pid0");
        for is_left in [false, true] {
            if is_left {
                std::fs::write(path, "").unwrap();
            }
            let file = AttachFile::make(&process, &standing).unwrap();
            assert!(path.exists());
            drop(file);
            assert!(!path.exists(), "left before: {is_left}");
        }
    }
}
