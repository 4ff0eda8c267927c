//! Connections that servers close: when that is no error, and when it is.

use super::server::{Asked, Reply, Server, ok};
use super::{LONGEST_WAIT, end, only_failure, plan, until_completed};
use crate::support::wait_for;
use memtrend::check::load::{Load, Plan};
use std::time::{Duration, Instant};

/// A load of `count` requests at least, and what the server saw of it.
fn load_on(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static, count: u64) -> (Server, Load) {
    let server = Server::start(reply);
    let load = Load::start(Plan { body: "{n}".into(), ..plan(server.url("/"), 1000.0) }).unwrap();
    until_completed(&load, count);
    (server, load)
}

#[test]
fn a_connection_that_is_closed_between_requests_is_no_error() {
    let closing =
        |asked: &Asked| if asked.number_of_connection == 2 { Reply::Close(ok("bye")) } else { Reply::Keep(ok("more")) };
    let (server, load) = load_on(closing, 300);
    let counts = end(load);
    assert_eq!((counts.completed, counts.sent, counts.failed.total()), (server.count(), server.count(), 0));
}

#[test]
fn a_request_of_which_nothing_came_by_a_kept_connection_is_sent_once_more() {
    // The third of each connection has no answer at all.
    let closing = |asked: &Asked| {
        if asked.number_of_connection == 2 { Reply::Close(Vec::new()) } else { Reply::Keep(ok("more")) }
    };
    let (server, load) = load_on(closing, 300);
    let counts = end(load);
    assert_eq!((counts.sent, counts.failed.total()), (counts.completed, 0));
    let twice = server.asked().iter().filter(|asked| asked.number_of_connection == 2).count();
    assert!(twice > 80, "{twice}");
    assert_eq!(server.count(), counts.completed + u64::try_from(twice).unwrap());
}

#[test]
fn a_request_of_which_something_came_is_never_sent_again() {
    let broken = |asked: &Asked| match asked.number_of_connection {
        2 => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        4 => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHell".to_vec()),
        _ => Reply::Keep(ok("more")),
    };
    let (server, load) = load_on(broken, 100);
    let told = only_failure(&load);
    assert!(told.starts_with("protocol: POST http://127.0.0.1:") && told.contains("connection"), "{told}");
    let counts = end(load);
    assert!(counts.failed.protocol > 30, "{counts:?}");
    assert_eq!((counts.sent, counts.completed + counts.failed.protocol), (server.count(), server.count()));
}

#[test]
fn a_server_that_never_answers_is_an_error_and_is_left_in_peace() {
    let server = Server::start(|_| Reply::Close(Vec::new()));
    let load = Load::start(plan(server.url("/"), 10_000.0)).unwrap();
    let begin = Instant::now();
    let late = Duration::from_millis(600);
    let counts = wait_for("a lag", LONGEST_WAIT, || Some(load.counts()).filter(|counts| counts.lag > late));
    let told = only_failure(&load);
    assert!(told.ends_with(": connection closed before message completed"), "{told}");
    // Each of eight connections waits 10, 20, 40 ms and so on: the second try comes after 10, the third after 30.
    let tries = (begin.elapsed().as_secs_f64() / 0.01 + 1.0).log2() + 2.0;
    assert!((8.0..8.0 * tries).contains(&(counts.failed.protocol as f64)), "{tries}: {counts:?}");
    assert_eq!(end(load).sent, server.count());
}

#[test]
fn a_server_that_comes_late_is_loaded_when_it_is_there() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let load = Load::start(plan(format!("http://{address}/"), 100.0)).unwrap();
    wait_for("a refusal", LONGEST_WAIT, || (load.counts().failed.connect > 0).then_some(()));
    let told = only_failure(&load);
    assert_eq!(told, format!("connect: GET http://{address}/: cannot connect: Connection refused (os error 111)"));
    assert_eq!(load.counts().completed, 0);
    let mut listening = std::process::Command::new("python3")
        .args(["-m", "http.server", "--bind", "127.0.0.1", &address.port().to_string()])
        .current_dir(crate::support::project().join("docs"))
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until_completed(&load, 20);
    assert!(load.counts().failed.total() == load.counts().failed.connect);
    drop(load);
    listening.kill().unwrap();
    listening.wait().unwrap();
}
