//! Why a live heap is not known; each says of which process, and what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// It is no more.
    #[error("process {0}: has ended, or is another program now: look for its successor")]
    Gone(u32),
    /// It would not answer before it goes on.
    #[error("process {0}: is stopped, by SIGSTOP or a debugger: expected it to run; let it continue")]
    Stopped(u32),
    /// The kernel does not tell about it.
    #[error("process {pid}: {path}: {source}: expected to be allowed to read it; run memtrend as its user", path = path.display())]
    Unreadable {
        /// The process.
        pid: u32,
        /// What was read.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A JVM that was told not to answer.
    #[error(
        "process {0}: its JVM was started with -XX:+DisableAttachMechanism, and so cannot be asked: start it without"
    )]
    AttachDisabled(u32),
    /// A JVM that SIGQUIT would kill. With -Xrs it listens from its start, and needs none.
    #[error(
        "process {0}: its JVM has no attach socket in /tmp and does not handle SIGQUIT, by which it is asked for one: start it without -Xrs, or let nothing clean its /tmp"
    )]
    SignalUnhandled(u32),
    /// The signal that makes a JVM listen.
    #[error(
        "process {pid}: cannot send SIGQUIT to its JVM: {source}: run memtrend as its user, on kernel 5.3 or later"
    )]
    Signal {
        /// The process.
        pid: u32,
        /// The system's answer.
        source: io::Error,
    },
    /// The file by which a JVM is asked to listen.
    #[error("process {pid}: {path}: {source}: expected to make a file there, for its JVM to see; run memtrend as its user, with a /tmp that it may write to", path = path.display())]
    AttachFile {
        /// The process.
        pid: u32,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A socket that somebody else has put in the place of the JVM's.
    #[error("process {pid}: {path}: expected a socket of its own user: remove what is there", path = path.display())]
    Impostor {
        /// The process.
        pid: u32,
        /// The socket.
        path: PathBuf,
    },
    /// A collector that does not collect.
    #[error("process {0}: its JVM runs with the collector Epsilon, which frees nothing: start it with another")]
    NeverCollects(u32),
    /// It has not loaded the hook.
    #[error(
        "process {0}: this Node has not loaded memtrend's hook: expected NODE_OPTIONS to reach it; it may have been started without the environment, or a moment ago"
    )]
    NoHook(u32),
    /// No answer in time.
    #[error(
        "process {pid}: {doing} for {seconds:.1} s: expected an answer; it may be busy or stuck: allow more time, or ask again",
        seconds = within.as_secs_f64()
    )]
    Late {
        /// The process.
        pid: u32,
        /// What was waited for.
        doing: &'static str,
        /// The time that it had.
        within: Duration,
    },
    /// The connection broke.
    #[error("process {pid}: {source}: expected an answer; has it ended?")]
    Connection {
        /// The process.
        pid: u32,
        /// The system's answer.
        source: io::Error,
    },
    /// It says itself what is wrong.
    #[error("process {pid}: its runtime refuses: {said}: expected a collection")]
    Refused {
        /// The process.
        pid: u32,
        /// Its words: the first line, without control characters.
        said: String,
    },
    /// Not the answer of such a runtime.
    #[error("process {pid}: expected {expected}: is this a runtime that memtrend knows (HotSpot, Node)?")]
    Malformed {
        /// The process.
        pid: u32,
        /// What should have come.
        expected: &'static str,
    },
    /// The folder of the hook.
    #[error("{folder}: {source}: expected to make a folder for the hook of Node there: make it writable, or set TMPDIR", folder = folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The folder's path cannot be that of sockets and of a module.
    #[error("{}: expected a folder of at most {longest} bytes of UTF-8, for the sockets of Node: set TMPDIR to another", .folder.display())]
    FolderName {
        /// The folder.
        folder: PathBuf,
        /// The longest path, in bytes.
        longest: usize,
    },
}

/// The most that is repeated of what a process says, in characters.
const LONGEST_SAID: usize = 200;

/// What a process has said, fit for one line of ours.
pub(super) fn said(text: &[u8]) -> String {
    let lossy = String::from_utf8_lossy(text.get(..4 * LONGEST_SAID).unwrap_or(text)).into_owned();
    let line = lossy.trim().lines().next().unwrap_or_default();
    line.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_becomes_one_short_line() {
        assert_eq!(said(b"\n no\x1b[31m way \nmore"), "no [31m way ");
        assert_eq!(said(&[b'x'; 5000]).len(), LONGEST_SAID);
        assert_eq!(said(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        assert_eq!(said(b""), "");
    }

    #[test]
    fn every_message_is_one_line() {
        let late = RuntimeError::Late { pid: 7, doing: "waited", within: Duration::from_millis(1500) };
        assert!(late.to_string().starts_with("process 7: waited for 1.5 s: expected"));
        let name = RuntimeError::FolderName { folder: "/x".into(), longest: 90 };
        assert!(!name.to_string().contains('\n'));
    }
}
