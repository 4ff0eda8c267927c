//! The load on servers that others have written.

use super::{LONGEST_WAIT, end, only_failure, plan, until_completed};
use crate::support::{project, wait_for};
use memtrend::check::load::{Load, Plan};
use memtrend::http::Trust;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A program, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server that says its port after `mark`.
fn start(command: &mut Command, mark: &str) -> (Running, u16) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find_map(|line| line.split_once(mark).map(|(_, rest)| rest.to_owned())).unwrap();
    let port = line.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    // What it writes is read, so that it never waits for that.
    std::thread::spawn(move || lines.for_each(drop));
    (Running(child), port)
}

#[test]
fn pythons_server_is_loaded_by_a_connection_for_each_request() {
    let mut command = Command::new("python3");
    command.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]).current_dir(project().join("docs"));
    let (_python, port) = start(&mut command, " port ");
    let load = Load::start(plan(format!("http://localhost:{port}/metrics.md?{{n}}"), 100.0)).unwrap();
    until_completed(&load, 50);
    let counts = end(load);
    let length = std::fs::metadata(project().join("docs/metrics.md")).unwrap().len();
    assert_eq!((counts.failed.total(), counts.sent), (0, counts.completed));
    assert_eq!(counts.body_bytes, length * counts.completed);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_an_error_unless_any_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=nobody vouches", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=CA:FALSE", "-keyout", "key", "-out", "cert"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut command = Command::new("openssl");
    command
        .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "cert", "-key", "key"])
        .current_dir(folder.path());
    let (_openssl, port) = start(&mut command, "ACCEPT 127.0.0.1:");
    // It serves one connection after the other.
    let plan = |trust| Plan { connections: 1, trust, ..plan(format!("https://localhost:{port}/{{n}}"), 50.0) };
    let load = Load::start(plan(Trust::Machine)).unwrap();
    wait_for("a failure", LONGEST_WAIT, || (load.counts().failed.connect > 1).then_some(()));
    let told = only_failure(&load);
    assert_eq!(
        told,
        format!(
            "connect: GET https://localhost:{port}/1: TLS: invalid peer certificate: UnknownIssuer: expected a certificate that this \
             machine trusts; SSL_CERT_FILE names other CAs, and --insecure takes any"
        )
    );
    assert_eq!(load.stop().completed, 0);
    let load = Load::start(plan(Trust::Anyone)).unwrap();
    until_completed(&load, 10);
    let counts = end(load);
    assert_eq!((counts.failed.total(), counts.sent), (0, counts.completed));
}
