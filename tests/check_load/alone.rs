//! What a load costs, seen in a process that does nothing else: this test's program runs one of its tests once more.

use super::plan;
use super::server::{Reply, Server};
use crate::support::project;
use memtrend::check::load::{Load, Plan};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Names the URL that the process is to load.
const URL: &str = "MEMTREND_TEST_LOAD_URL";

/// Runs a test once more with a URL, and gives the numbers of its line `loaded: …`.
fn again(test: &str, url: &str) -> Vec<u64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(URL, url)
        .current_dir(project())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let line = text.lines().find_map(|line| line.split_once("loaded: ")).expect("a line of numbers").1;
    line.split(' ').map(|number| number.parse().unwrap()).collect()
}

/// A number of /proc/self/status, in KiB.
fn kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

/// CPU time of this process, in microseconds.
fn cpu_micros() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let of_task = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap() / 1000
    };
    tasks.map(of_task).sum()
}

#[test]
fn a_huge_body_is_read_to_its_end_and_takes_no_memory() {
    const BODY: u64 = 100 << 20;
    if let Ok(url) = std::env::var(URL) {
        let load = Load::start(Plan { connections: 2, ..plan(url, 100.0) }).unwrap();
        let before = kib("VmHWM");
        super::until_completed(&load, 2);
        let bytes = load.counts().body_bytes;
        return println!("loaded: {} {bytes}", kib("VmHWM") - before);
    }
    let server = Server::start(|_| {
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + (100 << 20), b'x');
        Reply::Keep(answer)
    });
    let numbers = again("check_load::alone::a_huge_body_is_read_to_its_end_and_takes_no_memory", &server.url("/"));
    assert!(numbers[0] < 4096 && numbers[1] >= 2 * BODY, "{numbers:?}");
}

#[test]
fn a_refused_connection_is_tried_again_without_haste() {
    if let Ok(url) = std::env::var(URL) {
        let begin = Instant::now();
        let load = Load::start(plan(url, 10_000.0)).unwrap();
        sleep(Duration::from_secs(1));
        let cpu = cpu_micros();
        let failed = load.stop().failed;
        return println!("loaded: {cpu} {} {} {}", begin.elapsed().as_millis(), failed.connect, failed.total());
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let numbers =
        again("check_load::alone::a_refused_connection_is_tried_again_without_haste", &format!("http://{free}/"));
    let [cpu, milliseconds, refused, failed] = numbers[..] else { panic!("{numbers:?}") };
    assert!(cpu < 100_000 && milliseconds < 1900, "{numbers:?}");
    assert!((8..100).contains(&refused) && refused == failed, "{numbers:?}");
}
