//! `memtrend demo` shows what it promises and leaves nothing behind.

use crate::support::http::get;
use crate::support::page::Page;
use crate::support::{binary, wait_for};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn leftovers(demo: u32) -> Vec<String> {
    let groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"].iter().flat_map(std::fs::read_dir).flatten().flatten();
    let names = groups.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut left: Vec<String> = names.filter(|name| *name == format!("memtrend-demo-{demo}")).collect();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split(' ').nth(2)).unwrap_or_default().to_owned();
        let line = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        if parent == demo.to_string() || (line.contains("leak\0--start") && line.contains(&format!("demo-{demo}"))) {
            left.push(line.replace('\0', " "));
        }
    }
    left
}

#[test]
fn within_two_minutes_it_shows_growth_a_kill_and_a_restart_that_goes_on_leaking() {
    let mut command = Command::new(binary());
    command.args(["demo", "--web.listen-address", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut demo = Demo(command.spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("http://")).unwrap();
    let address: SocketAddr = line.split("http://").nth(1).unwrap().trim_end_matches('/').parse().unwrap();
    wait_for("the first pass", Duration::from_secs(20), || (get(address, "/-/ready", &[]).status == 200).then_some(()));
    let page = || Page::parse(&get(address, "/metrics", &[]).text());
    let time_to_limit = "memtrend_time_to_limit_seconds{application=\"leaky-cache\",estimate=\"expected\"}";
    let minutes = Duration::from_secs(120);
    let early = wait_for("growth and a time to the limit", minutes, || page().value(time_to_limit));
    wait_for("a shrinking time to the limit", minutes, || {
        page().value(time_to_limit).filter(|late| *late < early - 10.0)
    });
    assert!(get(address, "/", &[]).text().contains("class=\"growing\""), "the page says so");
    wait_for("a restart that goes on leaking", minutes, || {
        let page = page();
        let restarts: f64 =
            page.series.iter().filter(|(name, _)| name.starts_with("memtrend_restarts")).map(|(_, n)| n).sum();
        (restarts >= 1.0).then(|| page.value(time_to_limit)).flatten()
    });
    let is_limited = page()
        .value("memtrend_application_info{application=\"leaky-cache\",version=\"2.4.1\",evidence=\"processes\"}")
        .is_none();
    if is_limited {
        assert_eq!(page().must("memtrend_oom_kills_total{application=\"leaky-cache\",scope=\"own\"}"), 1.0);
    }
    let status = Command::new("kill").args(["-INT", &demo.0.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    assert_eq!(leftovers(demo.0.id()), Vec::<String>::new());
}
