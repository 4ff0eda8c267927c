//! A running exporter, ended with the test.

use super::http::{Answer, get};
use super::page::Page;
use super::{binary, wait_for};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) struct Exporter {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Exporter {
    /// Starts `memtrend serve` on a free port with these flags, and waits for its first pass.
    pub(crate) fn start<A: AsRef<str>>(flags: &[A]) -> Self {
        Self::start_by(Command::new(binary()), flags)
    }

    /// The same, by a command that becomes memtrend.
    pub(crate) fn start_by<A: AsRef<str>>(command: Command, flags: &[A]) -> Self {
        let exporter = Self::listening(command, flags);
        wait_for("the first pass", Duration::from_secs(20), || {
            (exporter.get("/-/ready", &[]).status == 200).then_some(())
        });
        exporter
    }

    /// The same, but waits until it listens, and no longer: it may ask for TLS, and for passwords.
    pub(crate) fn spawn<A: AsRef<str>>(flags: &[A]) -> Self {
        Self::listening(Command::new(binary()), flags)
    }

    fn listening<A: AsRef<str>>(mut command: Command, flags: &[A]) -> Self {
        command.arg("serve").args(["--web.listen-address", "127.0.0.1:0"]);
        command.args(flags.iter().map(AsRef::as_ref)).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("memtrend starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line))
        });
        let address = wait_for("the line that says where it listens", Duration::from_secs(20), || {
            let lines = log.lock().unwrap();
            assert!(!lines.iter().any(|line| line.starts_with("memtrend: ")), "{lines:?}");
            let line = lines.iter().find(|line| line.contains("message=listening"))?;
            line.split("address=").nth(1)?.split(' ').next()?.parse().ok()
        });
        Self { child, address, log }
    }

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> Answer {
        get(self.address, path, headers)
    }

    pub(crate) fn page(&self) -> Page {
        let answer = self.get("/metrics", &[]);
        assert_eq!(answer.status, 200);
        Page::parse(&answer.text())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end as an init would; its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
