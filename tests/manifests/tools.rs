//! kubectl, helm and the validators, as `scripts/manifest-tools` installs them.

use crate::support::project;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The oldest Kubernetes that the docs name: the first whose native sidecars are not behind a switch that is off.
pub(super) const OLDEST: &str = "1.29";

fn program(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME").expect("a home");
    let program = Path::new(&home).join(".cache/memtrend/tools").join(path);
    assert!(program.exists(), "{} is missing: scripts/setup installs it", program.display());
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What it printed, or what it complained of.
fn outcome(output: Output) -> Result<String, String> {
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(text(&output.stdout) + &text(&output.stderr))
}

/// `kubectl kustomize`, which asks no server.
pub(super) fn kustomize(folder: &Path) -> Result<String, String> {
    outcome(Command::new(program("bin/kubectl")).arg("kustomize").arg(folder).output().unwrap())
}

/// helm, in the project's folder.
pub(super) fn helm(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program("bin/helm"));
    // No configuration of whoever runs the tests, no cluster.
    command.args(arguments).current_dir(project()).env("KUBECONFIG", "/dev/null");
    outcome(command.output().unwrap())
}

/// A module of Python; both of its outputs.
pub(super) fn python(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program("python/bin/python")).args(["-W", "ignore"]).args(arguments).output().unwrap();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

/// Where the operator's schema of a kind is.
pub(super) fn schema(kind: &str) -> String {
    program(&format!("schemas/{kind}.json")).display().to_string()
}
