//! What outlives memtrend: however it ends, whatever happens to its files.

mod damage;
mod disk;
mod killed;
mod restart;

use crate::support::binary;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// A program that grows by a MiB a second, ended with the test.
struct Growing(Child);

impl Growing {
    fn start() -> Self {
        let mut command = Command::new(binary());
        command.args(["leak", "--start", "16777216", "--rate", "1048576"]);
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }

    /// Flags of a memtrend that watches it with short blocks, and keeps its state often.
    fn flags(&self, folder: &Path) -> Vec<String> {
        vec![
            format!("--pid=growing={}", self.0.id()),
            "--interval=100ms".to_owned(),
            "--trend.block=1200ms".to_owned(),
            "--state.interval=100ms".to_owned(),
            format!("--state.dir={}", folder.display()),
        ]
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn show(folder: &Path) -> Output {
    Command::new(binary()).args(["state", "show"]).arg(format!("--state.dir={}", folder.display())).output().unwrap()
}

fn shown(folder: &Path) -> Value {
    let output = show(folder);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Since the Unix epoch.
fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
