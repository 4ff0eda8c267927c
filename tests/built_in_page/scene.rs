//! Real processes, watched by a real exporter on a fast clock: one that leaks, some that are quiet, some with hostile names.

use crate::support::exporter::Exporter;
use crate::support::sleeper::Sleeper;
use crate::support::{binary, wait_for};
use serde_json::Value;
use std::io::Write;
use std::process::{Child, Command};
use std::time::Duration;

/// A program's name of bytes that a page must not believe: a tag, a quote, a newline, an override of the direction of
/// writing, and what is no UTF-8.
pub(super) const HOSTILE_PROGRAM: &[u8] = b"<script>\"\n\xe2\x80\xae\xff";

/// The same as it is known, and as it is shown.
pub(super) const HOSTILE_NAME: &str = "<script>\"\n\u{202e}\u{fffd}";
pub(super) const HOSTILE_SHOWN: &str = "<script>\"\u{fffd}\u{fffd}\u{fffd}";

/// A name that is given by the configuration, for markup and for addresses.
pub(super) const GIVEN_NAME: &str =
    "'\"><script>pwned()</script><img src=//elsewhere.test onerror=pwned()>&pod#?/../%2e%00 x+y";

/// A version that the process tells of itself.
const VERSION: &str = "2.4.1<svg onload=pwned()>\u{202e}\"&amp;";
pub(super) const VERSION_SHOWN: &str = "2.4.1<svg onload=pwned()>\u{fffd}\"&amp;";

/// Names of the quiet ones.
const QUIET: [&str; 5] = ["alpha", "beta", "delta", "gamma", "zeta"];

/// All of them.
pub(super) const APPLICATIONS: usize = QUIET.len() + 3;

pub(super) struct Scene {
    pub(super) exporter: Exporter,
    leaking: Child,
    _sleepers: Vec<Sleeper>,
}

impl Scene {
    /// Starts all of them, and waits until the leak is seen and has a time to its limit.
    pub(super) fn start() -> Self {
        let leak = ["leak", "--start", "16777216", "--rate", "2097152"];
        let leaking = Command::new(binary()).args(leak).env("APP_VERSION", VERSION).spawn().unwrap();
        let pid = leaking.id().to_string();
        assert!(Command::new("prlimit").args(["--pid", &pid, "--data=1073741824"]).status().unwrap().success());
        let programs = [HOSTILE_PROGRAM, b"tame"].into_iter().chain(QUIET.iter().map(|name| name.as_bytes()));
        let sleepers: Vec<Sleeper> = programs.map(Sleeper::start).collect();
        let mut flags: Vec<String> =
            ["--interval=20ms", "--trend.block=100ms", "--version-env=APP_VERSION"].map(str::to_owned).into();
        let mut config = tempfile::NamedTempFile::new().unwrap();
        // What JSON escapes TOML reads as well.
        let name = serde_json::to_string(GIVEN_NAME).unwrap();
        writeln!(config, "[[applications]]\nname = 'leaking'\npid = {pid}").unwrap();
        writeln!(config, "[[applications]]\nname = {name}\npid = {}", sleepers[1].pid()).unwrap();
        for sleeper in sleepers.iter().take(1).chain(&sleepers[2..]) {
            writeln!(config, "[[applications]]\npid = {}", sleeper.pid()).unwrap();
        }
        flags.push(format!("--config.file={}", config.path().display()));
        let scene = Self { exporter: Exporter::start(&flags), leaking, _sleepers: sleepers };
        wait_for("growth and a time to the limit", Duration::from_secs(60), || {
            let all = scene.report();
            let leaking = all["applications"].as_array()?.iter().find(|one| one["application"] == "leaking")?;
            leaking["time_to_limit_seconds"].as_f64()
        });
        scene
    }

    /// An address of its exporter.
    pub(super) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.exporter.address)
    }

    /// The report as JSON.
    pub(super) fn report(&self) -> Value {
        serde_json::from_slice(&self.exporter.get("/api/v1/report", &[]).body).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.leaking.kill();
        let _ = self.leaking.wait();
    }
}
