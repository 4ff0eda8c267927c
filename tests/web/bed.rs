//! A server in a thread, certificates in a folder, and the programs which ask.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use memtrend::serve::connections;
use memtrend::serve::reload::Web;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// What `curl` got: the body and the status, or its exit code.
pub(crate) type Answer = Result<String, i32>;

/// A folder with a CA, certificates from it and one from elsewhere.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("ca.cnf", "[req]\ndistinguished_name=n\n[n]\n[ca]\nbasicConstraints=critical,CA:TRUE\n[leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\n");
        folder.certificate("ca", "ca", &[]);
        let by_ca = ["-CA", "ca.pem", "-CAkey", "ca.key"];
        for name in ["server", "second", "client"] {
            folder.certificate(name, "leaf", &by_ca);
        }
        folder.certificate("stranger", "leaf", &[]);
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn copy(&self, from: &str, to: &str) {
        std::fs::copy(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn certificate(&self, name: &str, kind: &str, more: &[&str]) {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-config", "ca.cnf"])
            .args(["-extensions", kind, "-subj", &format!("/CN={name}")])
            .args(["-keyout", &format!("{name}.key")])
            .args(["-out", &format!("{name}.pem")])
            .args(more)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
}

/// A running server.
pub(crate) struct Bed {
    folder: PathBuf,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Bed {
    pub(crate) fn plain(folder: &Folder) -> Self {
        Self::serve(folder, Web::plain())
    }

    pub(crate) fn start(folder: &Folder, config: &str) -> Self {
        folder.write("web.yml", config);
        Self::serve(folder, Web::open(&folder.path("web.yml")).unwrap())
    }

    fn serve(folder: &Folder, web: Web) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let log = Log::default();
        let writer = log.clone();
        let thread = std::thread::spawn(move || {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
            let _guard = tracing::subscriber::set_default(subscriber);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                connections::run(vec![listener], router(), Arc::new(web), stopped).await;
            });
        });
        Self { folder: folder.0.path().to_owned(), address, stop: Some(stop), thread: Some(thread), log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn curl(&self, args: &[&str]) -> Answer {
        self.ask("http", args)
    }

    pub(crate) fn curl_tls(&self, args: &[&str]) -> Answer {
        self.ask("https", args)
    }

    pub(crate) fn spawn_curl(&self, args: &[&str]) -> JoinHandle<Answer> {
        let mut command = self.command("http", args);
        std::thread::spawn(move || answer(&mut command))
    }

    /// What `openssl s_client` says of the server.
    pub(crate) fn openssl(&self, args: &[&str]) -> String {
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &self.address.to_string()])
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    fn ask(&self, scheme: &str, args: &[&str]) -> Answer {
        answer(&mut self.command(scheme, args))
    }

    fn command(&self, scheme: &str, args: &[&str]) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--cacert", "ca.pem", "-w", " %{http_code}"])
            .args(args)
            .arg(format!("{scheme}://{}/", self.address))
            .current_dir(&self.folder);
        command
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stop();
        self.join();
    }
}

fn answer(command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(output.status.code().unwrap_or(-1))
    }
}

fn router() -> Router {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        "slow"
    };
    let never = || async {
        std::future::pending::<()>().await;
        "never"
    };
    Router::new().route("/", get(|| async { "ok" })).route("/slow", get(slow)).route("/never", get(never))
}
