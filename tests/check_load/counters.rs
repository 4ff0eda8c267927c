//! Requests counted by a program's own metrics, and by what a load tool writes.

use super::server::{Reply, Server, answer, ok};
use super::{LONGEST_WAIT, end, plan, until_completed};
use crate::support::prometheus::Prometheus;
use crate::support::{http, wait_for};
use memtrend::check::load::Load;
use memtrend::check::load::command::RequestCounter;
use memtrend::http::Trust;
use serde_json::json;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

fn counter(from: &str) -> RequestCounter {
    RequestCounter::start(from.parse().unwrap(), Trust::Machine).unwrap()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    wait_for(what, LONGEST_WAIT, || is_so().then_some(()));
}

#[test]
fn a_real_program_counts_as_many_requests_as_the_load_has_answers() {
    let prometheus = Prometheus::scraping_jobs(&json!({}));
    let address = prometheus.address;
    wait_for("Prometheus to be ready", LONGEST_WAIT, || {
        prometheus.connects()?;
        (http::get(address, "/-/ready", &[]).status == 200).then_some(())
    });
    let series = "prometheus_http_requests_total{handler=\"/-/healthy\",code=\"200\"}";
    let counter = counter(&format!("{series}@http://{address}/metrics"));
    // A real one tells zero before the first, or nothing yet.
    until("a first look", || counter.count().is_some() || counter.error().is_some());
    let before = counter.count().unwrap_or(0);
    let load = Load::start(plan(format!("http://{address}/-/healthy"), 1000.0)).unwrap();
    until_completed(&load, 300);
    let counts = end(load);
    assert_eq!(counts.failed.total(), 0);
    until("the last request", || counter.count() == Some(before + counts.completed));
    assert_eq!((counter.error(), counter.resets()), (None, None));
    drop(prometheus);
    until("the end", || counter.error().is_some());
    let error = counter.error().unwrap();
    assert!(error.starts_with(&format!("{series}@http://{address}/metrics: cannot connect: ")), "{error}");
    assert_eq!(counter.count(), Some(before + counts.completed));
}

#[test]
fn a_counter_that_begins_anew_or_says_nothing_is_told() {
    let page: Arc<Mutex<Vec<u8>>> = Arc::new(Mutex::new(ok("up 1\n")));
    let shown = Arc::clone(&page);
    let server = Server::start(move |_| Reply::Keep(shown.lock().unwrap().clone()));
    let show = |bytes: Vec<u8>| *page.lock().unwrap() = bytes;
    let place = format!("hits{{a=\"b\"}}@{}", server.url("/metrics"));
    let counter = counter(&place);
    let until_error =
        |expected: &str| until(expected, || counter.error().is_some_and(|error| error.contains(expected)));
    until_error("no such series on the page");
    assert_eq!(counter.count(), None);
    show(ok("hits{a=\"b\"} 7\nhits{a=\"c\"} 100\n"));
    until("seven", || counter.count() == Some(7));
    assert_eq!((counter.error(), counter.resets()), (None, None));
    show(answer(503, "starting"));
    until_error("answered 503, expected a page of metrics");
    show(ok("hits{a=\"b\"} many\n"));
    until_error("expected a number of at least 0 in `hits{a=\"b\"} many`");
    show(ok(&"# long\n".repeat((4 << 20) / 7 + 1)));
    until_error("its page is longer than 4194304 bytes");
    assert_eq!((counter.count(), counter.resets()), (Some(7), None));
    show(ok("hits{a=\"b\"} 2\n"));
    until("a reset", || counter.resets().is_some());
    let told = "the counter fell from 7 to 2: what counts has begun anew".to_owned();
    assert_eq!((counter.count(), counter.resets(), counter.error()), (Some(9), Some((1, told)), None));
    assert!(counter.output().is_none());
}

#[test]
fn what_a_tool_writes_is_counted_while_it_runs() {
    let counter = counter("output:^sent (?<add>[0-9]+)");
    let script = "for i in 1 2 3; do echo sent 100; echo failed 5; done; printf 'sent 50'";
    let mut tool = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let (mut written, mut output) = (tool.stdout.take().unwrap(), counter.output().unwrap());
    let mut buffer = [0; 16];
    while let Ok(length @ 1..) = written.read(&mut buffer) {
        output.push(&buffer[..length]);
    }
    tool.wait().unwrap();
    assert_eq!(counter.count(), Some(300));
    drop(output);
    assert_eq!((counter.count(), counter.error()), (Some(350), None));
}
