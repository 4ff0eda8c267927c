//! Processes with a managed heap: which runtime, and that it is still the same process.

use super::error::RuntimeError;
use super::standing::Standing;
use crate::source::process::read_stat;
use crate::source::roots::Roots;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Runtimes that can be asked for a full collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// HotSpot, of OpenJDK and what is built from it; not OpenJ9, and no native image.
    Jvm,
    /// Node.js, with its main thread's heap; those of its worker threads are not asked.
    Node,
}

/// A process whose runtime has been found out. A pid that is reused, or is another program by now, answers
/// [`RuntimeError::Gone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedProcess {
    pid: u32,
    start_ticks: u64,
    runtime: Runtime,
}

/// The most that is read of one file of a process.
const LONGEST: u64 = 64 << 20;

/// The longest line of `maps`: a path has at most 4096 bytes, some of them written as four.
pub(super) const LONGEST_LINE: u64 = 32 * 1024;

/// Which runtime a process is of, by the libraries that it has mapped and the program that it runs. `None` is for a while only:
/// a shell becomes Java by `exec`, and Java maps its machine some milliseconds after it has started.
pub fn detect(pid: u32) -> Option<ManagedProcess> {
    let start_ticks = start_of(pid)?;
    let runtime = runtime_of(pid)?;
    (start_of(pid) == Some(start_ticks)).then_some(ManagedProcess { pid, start_ticks, runtime })
}

impl ManagedProcess {
    /// Its pid, as seen here.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its start in clock ticks since boot: with the pid it is unique.
    pub fn start_ticks(&self) -> u64 {
        self.start_ticks
    }

    /// What it runs on.
    pub fn runtime(&self) -> Runtime {
        self.runtime
    }

    /// How it stands.
    ///
    /// # Errors
    /// Where it has ended, is stopped, or cannot be read.
    pub(super) fn standing(&self) -> Result<Standing, RuntimeError> {
        let status = self.read("status")?;
        let standing =
            Standing::parse(self.pid, &status).ok_or_else(|| self.malformed("its status as in proc_pid_status(5)"))?;
        if standing.has_ended || !self.is_same() {
            return Err(RuntimeError::Gone(self.pid));
        }
        if standing.is_stopped { Err(RuntimeError::Stopped(self.pid)) } else { Ok(standing) }
    }

    /// Whether it runs still, and on the same runtime.
    pub(super) fn is_as_detected(&self) -> bool {
        self.is_same() && runtime_of(self.pid) == Some(self.runtime)
    }

    fn is_same(&self) -> bool {
        start_of(self.pid) == Some(self.start_ticks)
    }

    /// A file of its folder below /proc.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        Roots::default().of_process(self.pid, file)
    }

    /// The content of such a file.
    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, RuntimeError> {
        let path = self.path(file);
        let mut content = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut content));
        read.map(|_| content).map_err(|source| self.unreadable(path, source))
    }

    /// Why one of its files cannot be read.
    pub(super) fn unreadable(&self, path: PathBuf, source: io::Error) -> RuntimeError {
        let is_gone = matches!(source.raw_os_error(), Some(code) if code == rustix::io::Errno::SRCH.raw_os_error());
        if is_gone || source.kind() == io::ErrorKind::NotFound {
            return RuntimeError::Gone(self.pid);
        }
        RuntimeError::Unreadable { pid: self.pid, path, source }
    }

    pub(super) fn malformed(&self, expected: &'static str) -> RuntimeError {
        RuntimeError::Malformed { pid: self.pid, expected }
    }

    #[cfg(test)]
    pub(super) fn pretended(pid: u32, runtime: Runtime) -> Option<Self> {
        Some(Self { pid, start_ticks: start_of(pid)?, runtime })
    }
}

fn start_of(pid: u32) -> Option<u64> {
    read_stat(&Roots::default(), pid, &mut Vec::new()).ok().map(|stat| stat.starttime)
}

fn runtime_of(pid: u32) -> Option<Runtime> {
    let program = std::fs::read_link(Roots::default().of_process(pid, "exe")).ok()?;
    let maps = File::open(Roots::default().of_process(pid, "maps")).ok()?;
    told_by(&program, BufReader::new(maps))
}

fn told_by(program: &Path, maps: impl BufRead) -> Option<Runtime> {
    if matches!(program.file_name().and_then(|name| name.to_str()), Some("node" | "nodejs")) {
        return Some(Runtime::Node);
    }
    let mut found = None;
    let mut rest = maps.take(LONGEST);
    let mut line = Vec::new();
    while rest.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).ok()? > 0 {
        let path = line.trim_ascii().strip_suffix(b" (deleted)").unwrap_or_else(|| line.trim_ascii());
        let name = path.rsplit(|byte| *byte == b'/').next().filter(|name| name.len() < path.len()).unwrap_or_default();
        if name.starts_with(b"libj9") {
            // OpenJ9 has a libjvm.so too, and answers SIGQUIT with a dump of its own.
            return None;
        }
        if name == b"libjvm.so" {
            found = Some(Runtime::Jvm);
        } else if name.starts_with(b"libnode.so") {
            found = Some(Runtime::Node);
        }
        line.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const JVM: &str = "55d0-55d1 r--p 00000000 fe:00 1 /usr/lib/jvm/java-17/bin/java\n7f00-7f01 rw-p 00000000 00:00 0 \n7f01-7f02 r-xp 00000000 fe:00 2 /usr/lib/jvm/java 17/lib/server/libjvm.so\n";

    fn told(program: &str, maps: &str) -> Option<Runtime> {
        told_by(Path::new(program), maps.as_bytes())
    }

    #[test]
    fn runtimes_are_told_by_libraries_and_programs() {
        assert_eq!(told("/usr/bin/java", JVM), Some(Runtime::Jvm));
        assert_eq!(told("/opt/launcher", &JVM.replace("libjvm.so", "libjvm.so (deleted)")), Some(Runtime::Jvm));
        assert_eq!(told("/usr/bin/node", ""), Some(Runtime::Node));
        assert_eq!(told("/usr/bin/x", "1-2 r-xp 0 fe:00 2 /usr/lib/libnode.so.108\n"), Some(Runtime::Node));
    }

    #[test]
    fn others_are_none() {
        assert_eq!(told("/bin/sh", ""), None);
        assert_eq!(told("/usr/bin/java", "libjvm.so\n"), None, "no path");
        assert_eq!(told("/usr/bin/x", "1-2 r-xp 0 fe:00 2 /opt/libjvm.so.txt\n"), None);
        let openj9 = format!("{JVM}1-2 r-xp 0 fe:00 2 /opt/java/lib/default/libj9vm29.so\n");
        assert_eq!(told("/usr/bin/java", &openj9), None);
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let own = ManagedProcess::pretended(std::process::id(), Runtime::Jvm);
        let other = own.map(|own| ManagedProcess { start_ticks: own.start_ticks + 1, ..own });
        assert!(own.is_some_and(|own| own.standing().is_ok() && !own.is_as_detected()));
        assert!(other.is_some_and(|other| matches!(other.standing(), Err(RuntimeError::Gone(_)))));
        assert_eq!(detect(std::process::id()), None);
    }
}
