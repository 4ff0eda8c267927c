//! `memtrend check` on real programs.

mod ends;
mod found;
mod itself;
mod killed;
mod marked;
mod peers;
mod reports;
mod servers;
mod soak;
mod table;
mod wrong;

use crate::support::binary;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// One run of the gate.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    /// What `--json` has written.
    pub(crate) report: Value,
    pub(crate) errors: String,
}

impl Run {
    /// Runs the gate with a report and a trace in a folder.
    pub(crate) fn of(folder: &Path, flags: &[&str], command: &[String]) -> Self {
        let report = folder.join("report.json");
        let output = Command::new(binary())
            .arg("check")
            .args(flags)
            .arg("--json")
            .arg(&report)
            .arg("--trace")
            .arg(folder.join("trace.csv"))
            .arg("--")
            .args(command)
            .output()
            .unwrap();
        Self::read(&output, &report)
    }

    fn read(output: &Output, report: &Path) -> Self {
        let text = std::fs::read_to_string(report).unwrap_or_default();
        Self {
            code: output.status.code().unwrap_or(-1),
            report: serde_json::from_str(&text).unwrap_or_default(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap_or("none")
    }

    /// Growth for each unit of work, in bytes.
    pub(crate) fn growth(&self) -> Option<f64> {
        self.report["growth_bytes_per_unit"]["rate"].as_f64()
    }

    /// Seconds of load until the verdict.
    pub(crate) fn seconds(&self) -> f64 {
        self.report["verdict_seconds"].as_f64().unwrap_or(f64::NAN)
            - self.report["ready_seconds"].as_f64().unwrap_or(0.0)
    }

    pub(crate) fn told(&self) -> String {
        format!("{} {}: {}\n{}", self.code, self.verdict(), self.report["sentence"], self.errors)
    }
}
