//! One question and its answer through a Unix socket, in a time that is kept whatever the other side does.

use super::deadline::Deadline;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send, socket_with};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The longest answer: a histogram of 30,000 classes has some 3 MB.
const LONGEST_ANSWER: usize = 64 << 20;

/// Between two tries to connect where too many wait already.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Nobody listens.
    Nobody,
    /// The time is over.
    Late,
    /// The answer has no end.
    Endless,
    /// The system refused.
    System(Errno),
}

/// Connects without waiting for more than the deadline: `connect` itself would block when the backlog of a process that does not
/// accept is full.
pub(super) fn open(path: &Path, deadline: &Deadline) -> Result<OwnedFd, Unanswered> {
    let address = SocketAddrUnix::new(path).map_err(Unanswered::System)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(Unanswered::System)?;
    loop {
        match connect(&socket, &address) {
            Ok(()) => return Ok(socket),
            Err(Errno::NOENT | Errno::CONNREFUSED) => return Err(Unanswered::Nobody),
            Err(Errno::AGAIN | Errno::INTR) if deadline.left().is_some() => deadline.pause(BETWEEN_TRIES),
            Err(Errno::AGAIN | Errno::INTR) => return Err(Unanswered::Late),
            Err(error) => return Err(Unanswered::System(error)),
        }
    }
}

/// Asks, and reads until the other side closes.
pub(super) fn ask(path: &Path, question: &[u8], deadline: &Deadline) -> Result<Vec<u8>, Unanswered> {
    let socket = open(path, deadline)?;
    let mut rest = question;
    while !rest.is_empty() {
        wait(&socket, PollFlags::OUT, deadline)?;
        match send(&socket, rest, SendFlags::NOSIGNAL) {
            Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(Unanswered::System(error)),
        }
    }
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        wait(&socket, PollFlags::IN, deadline)?;
        match rustix::io::read(&socket, buffer.as_mut_slice()) {
            Ok(0) => return Ok(answer),
            Ok(read) => answer.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(Unanswered::System(error)),
        }
        if answer.len() > LONGEST_ANSWER {
            return Err(Unanswered::Endless);
        }
    }
}

fn wait(socket: &OwnedFd, events: PollFlags, deadline: &Deadline) -> Result<(), Unanswered> {
    let left = deadline.left_to_poll().ok_or(Unanswered::Late)?;
    match poll(&mut [PollFd::new(&socket.as_fd(), events)], Some(&left)) {
        Ok(0) => Err(Unanswered::Late),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(Unanswered::System(error)),
    }
}

impl From<Unanswered> for io::Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Nobody => io::ErrorKind::ConnectionRefused.into(),
            Unanswered::Late => io::ErrorKind::TimedOut.into(),
            Unanswered::Endless => io::ErrorKind::InvalidData.into(),
            Unanswered::System(errno) => errno.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    const SHORT: Duration = Duration::from_millis(60);

    fn listener() -> (tempfile::TempDir, std::path::PathBuf, UnixListener) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        (folder, path, listener)
    }

    #[test]
    fn an_answer_is_read_to_its_end() {
        let (_folder, path, listener) = listener();
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 3];
            stream.read_exact(&mut question).unwrap();
            stream.write_all(&vec![b'x'; 300_000]).unwrap();
            question
        });
        let answer = ask(&path, b"how", &Deadline::new(Duration::from_secs(10))).unwrap();
        assert_eq!((answer.len(), &other.join().unwrap()), (300_000, b"how"));
    }

    #[test]
    fn nobody_is_told_from_one_that_is_late() {
        let (_folder, path, listener) = listener();
        let began = Instant::now();
        assert!(matches!(ask(&path, b"how", &Deadline::new(SHORT)), Err(Unanswered::Late)), "it does not accept");
        assert!(matches!(ask(&path, &vec![b'x'; 4 << 20], &Deadline::new(SHORT)), Err(Unanswered::Late)), "nor read");
        drop(listener);
        assert!(matches!(ask(&path, b"how", &Deadline::new(SHORT)), Err(Unanswered::Nobody)));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(ask(&path, b"how", &Deadline::new(SHORT)), Err(Unanswered::Nobody)));
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_full_backlog_does_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        rustix::net::listen(&socket, 1).unwrap();
        let waiting: Vec<_> = (0..2).map(|_| open(&path, &Deadline::new(SHORT)).unwrap()).collect();
        let began = Instant::now();
        assert!(matches!(open(&path, &Deadline::new(SHORT)), Err(Unanswered::Late)), "{} wait", waiting.len());
        assert!(began.elapsed() >= SHORT && began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_answer_without_end_is_cut_off() {
        let (_folder, path, listener) = listener();
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let piece = vec![b'x'; 1 << 20];
            (0..1000).find(|_| stream.write_all(&piece).is_err())
        });
        let asked = ask(&path, b"how", &Deadline::new(Duration::from_secs(20)));
        assert!(matches!(asked, Err(Unanswered::Endless)), "{asked:?}");
        assert!(other.join().unwrap().is_some(), "it was hung up on");
    }
}
