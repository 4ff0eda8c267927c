//! Processes that sleep under any name.

use super::wait_for;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that sleeps, ended with the test.
pub(crate) struct Sleeper {
    child: Child,
    _folder: Option<tempfile::TempDir>,
}

impl Sleeper {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn start(name: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(OsStr::from_bytes(name));
        std::fs::copy("/bin/sleep", &program).unwrap();
        // Another test's fork may hold the copy open for writing for a moment.
        let child = wait_for("the program to start", Duration::from_secs(5), || {
            Command::new(&program).arg("600").stdin(Stdio::null()).spawn().ok()
        });
        let comm = format!("/proc/{}/comm", child.id());
        wait_for("its name", Duration::from_secs(5), || {
            std::fs::read(&comm).ok().filter(|comm| comm.strip_suffix(b"\n") == Some(name))
        });
        Self { child, _folder: Some(folder) }
    }

    pub(crate) fn without_name() -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "printf '\\0' >/proc/$$/comm; read wait"]).stdin(Stdio::piped());
        let sleeper = Self { child: command.spawn().unwrap(), _folder: None };
        let comm = format!("/proc/{}/comm", sleeper.child.id());
        wait_for("its name to go", Duration::from_secs(5), || std::fs::read(&comm).ok().filter(|comm| comm == b"\n"));
        sleeper
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
