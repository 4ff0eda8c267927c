//! The servers with leak switches (`tests/check/programs`): how each is started, and what it says of itself.

use super::Run;
use crate::support::{http, project};
use serde_json::Value;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Their languages.
pub(super) const LANGUAGES: [&str; 6] = ["python", "node", "java", "go", "c", "rust"];

/// What each can leak by: mode and flags of the server.
pub(super) const LEAKS: [(&str, &[&str]); 8] = [
    ("cache", &[]),
    ("listener", &[]),
    ("closure", &[]),
    ("error", &["size=4096"]),
    ("offheap", &[]),
    ("thread", &[]),
    ("small", &[]),
    ("cache", &["size=10240"]),
];

/// Their clean habits.
pub(super) const CLEAN: [&str; 7] = ["lru", "garbage", "batch", "pool", "warmup", "sessions", "arena"];

/// A server in a mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) language: &'static str,
    pub(super) mode: &'static str,
    pub(super) options: &'static [&'static str],
}

/// One run of the gate on it.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) run: Run,
    /// Bytes that it has kept of each request, by itself; 0 where it is clean.
    pub(super) truth: f64,
    pub(super) trace: String,
}

/// Compiled once; the folder.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = project().join("target/check-programs");
        let status = Command::new(project().join("tests/check/programs/build")).arg(&folder).status().unwrap();
        assert!(status.success(), "tests/check/programs/build");
        folder
    })
}

impl Server {
    fn command(self, port: u16) -> Vec<String> {
        let source = |name: &str| project().join("tests/check/programs").join(name).display().to_string();
        let compiled = |name: &str| built().join(name).display().to_string();
        let mut command = match self.language {
            "python" => vec!["python3".to_owned(), source("server.py")],
            "node" => vec!["node".to_owned(), source("server.js")],
            "java" => {
                let flags = ["java", "-Xmx256m", "-XX:MaxDirectMemorySize=4g", "-cp"].map(str::to_owned);
                [flags.to_vec(), vec![built().display().to_string(), "Server".to_owned()]].concat()
            }
            language => vec![compiled(&format!("server-{language}"))],
        };
        command.extend([self.mode.to_owned(), port.to_string()]);
        command.extend(self.options.iter().map(|option| (*option).to_owned()));
        command
    }

    /// Its name in tables.
    pub(super) fn name(self) -> String {
        let options: String = self.options.iter().map(|option| format!(" {option}")).collect();
        format!("{} {}{options}", self.language, self.mode)
    }

    /// Runs the gate on it.
    pub(super) fn check(self, flags: &[&str]) -> Tried {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("http://127.0.0.1:{port}/item/{{n}}");
        // Of its error path the server answers 500.
        let mut all = vec!["--http", &url, "--expect-status=2xx,500"];
        all.extend(flags);
        let is_over = AtomicBool::new(false);
        let (run, truth) = thread::scope(|scope| {
            let truth = scope.spawn(|| truth(port, &is_over));
            let run = Run::of(folder.path(), &all, &self.command(port));
            is_over.store(true, Ordering::Relaxed);
            (run, truth.join().unwrap())
        });
        Tried { run, truth, trace: std::fs::read_to_string(folder.path().join("trace.csv")).unwrap_or_default() }
    }
}

/// Bytes kept of each request, over the later half of the run.
fn truth(port: u16, is_over: &AtomicBool) -> f64 {
    let mut told: Vec<(f64, f64)> = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_secs(1));
        let Some(body) = http::try_get(port, "/truth") else { continue };
        let Ok(truth) = serde_json::from_str::<Value>(&body) else { continue };
        told.extend(truth["requests"].as_f64().zip(truth["leaked_bytes"].as_f64()));
    }
    let (Some((from, kept)), Some((to, kept_then))) = (told.get(told.len() / 2), told.last()) else { return f64::NAN };
    if to > from { (kept_then - kept) / (to - from) } else { f64::NAN }
}

/// A port that was free just now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
