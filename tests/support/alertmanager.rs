//! A real Alertmanager (Debian's package), alone, ended with the test.

use super::http::{get, post};
use super::wait_for;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Alertmanager {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    /// Starts one with this configuration, and waits until it is ready.
    pub(crate) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alertmanager.yml");
        std::fs::write(&path, config).unwrap();
        // Free at this moment; a port 0 would be told in its log alone.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus-alertmanager is installed: scripts/setup");
        let alertmanager = Self { child, address, _folder: folder };
        wait_for("Alertmanager to be ready", Duration::from_secs(60), || {
            TcpStream::connect(address).ok()?;
            (get(address, "/-/ready", &[]).status == 200).then_some(())
        });
        alertmanager
    }

    /// Posts alerts as Prometheus does.
    pub(crate) fn post(&self, alerts: &[Value]) {
        let answer = post(self.address, "/api/v2/alerts", &Value::from(alerts).to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// What its API gives at a path below `/api/v2/`.
    pub(crate) fn get(&self, path: &str) -> Vec<Value> {
        let answer = get(self.address, &format!("/api/v2/{path}"), &[]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str(&answer.text()).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
