//! The gate on memtrend: `serve` under scrapes, while processes come and go.

use super::Run;
use super::servers::free_port;
use crate::support::static_binary;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Bytes for each scrape; its bounds must hold 0 too. A page in 20 seconds at 200 scrapes a second is one byte.
const MOST_GROWTH: &str = "--max-growth=4B/request";

/// The C library's caches of small pieces, one for each thread, scatter what is kept: what is live stays the same, and another page is
/// touched now and then for many minutes.
const WITHOUT_CACHES: &str = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";

#[test]
fn serve_does_not_grow_with_scrapes_and_with_processes() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://127.0.0.1:{port}/metrics");
    let serve = [
        "env".to_owned(),
        WITHOUT_CACHES.to_owned(),
        static_binary().display().to_string(),
        "serve".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--interval=250ms".to_owned(),
        // Of other tests' programs it would rightly keep something, the more of them come.
        "--match=churn=^sleep".to_owned(),
    ];
    let is_over = AtomicBool::new(false);
    let run = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let churn = Command::new("sleep").arg("0.3").stdin(Stdio::null()).spawn();
                thread::sleep(Duration::from_millis(50));
                drop(churn.unwrap().wait());
            }
        });
        // What it keeps of each application comes first.
        let flags = ["--http", &url, "--rate=200", MOST_GROWTH, "--warm-up=15s", "--min-time=40s", "--max-time=240s"];
        let run = Run::of(folder.path(), &flags, &serve);
        is_over.store(true, Ordering::Relaxed);
        run
    });
    assert_eq!((run.code, run.verdict()), (0, "no leak"), "{}", run.told());
    let lower = run.report["growth_bytes_per_unit"]["lower"].as_f64().unwrap();
    println!("growth per scrape: {}", run.report["growth_bytes_per_unit"]);
    assert!(lower <= 0.0, "{lower}: {}", run.told());
}
