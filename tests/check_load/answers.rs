//! What is sent, and what becomes of the answers.

use super::server::{Reply, Server, answer, ok};
use super::{LONGEST_WAIT, end, only_failure, plan, until_completed};
use crate::support::wait_for;
use memtrend::check::load::{Load, Plan, Rate};
use std::collections::HashSet;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn each_request_has_a_number_of_its_own_and_the_server_counts_as_many() {
    let server = Server::plain();
    let targets = ["/item/{n}?again={n}", "/other/{n}"].map(|path| server.url(path).parse().unwrap()).to_vec();
    let load = Load::start(Plan {
        rate: Rate::PerSecond(5000.0),
        headers: ["X-Key: a", "X-Key: b", "Host: shop.example"].map(|header| header.parse().unwrap()).to_vec(),
        body: "{\"id\": {n}}".into(),
        ..Plan::new(targets)
    })
    .unwrap();
    until_completed(&load, 3000);
    let counts = end(load);
    assert_eq!((counts.completed, counts.sent, counts.failed.total()), (server.count(), server.count(), 0));
    assert_eq!(counts.body_bytes, 5 * counts.completed);
    let asked = server.asked();
    let mut numbers = HashSet::new();
    for asked in &asked {
        let number: u64 = asked.body.strip_prefix("{\"id\": ").unwrap().strip_suffix('}').unwrap().parse().unwrap();
        let path = if number.is_multiple_of(2) {
            format!("/other/{number}")
        } else {
            format!("/item/{number}?again={number}")
        };
        assert_eq!(asked.path(), path);
        assert!(numbers.insert(number), "{number} twice");
    }
    assert_eq!(numbers, (1..=counts.sent).collect());
    let head = asked[0].head.to_ascii_lowercase();
    for line in
        ["post /", "\r\nx-key: a\r\n", "\r\nx-key: b\r\n", "\r\nhost: shop.example\r\n", "\r\nuser-agent: memtrend/"]
    {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert_eq!(head.matches("\r\nhost: ").count(), 1, "{head}");
}

#[test]
fn an_answer_that_is_not_expected_is_complete_and_fails_with_its_url() {
    let reply = |asked: &super::server::Asked| match asked.path() {
        "/item/17" => Reply::Keep(answer(500, "oh no")),
        "/item/18" => Reply::Keep(answer(404, "gone")),
        _ => Reply::Keep(ok("fine")),
    };
    let server = Server::start(reply);
    // One after the other, so that the first of a kind is known.
    let one = |expected: &str| {
        let plan = plan(server.url("/item/{n}").replace("//", "//me:s3cret@"), 1000.0);
        Load::start(Plan { connections: 1, expected: expected.parse().unwrap(), ..plan }).unwrap()
    };
    let load = one("2xx");
    until_completed(&load, 30);
    let url = server.url("/item/17");
    assert_eq!(only_failure(&load), format!("status: GET {url} answered 500, expected 2xx"));
    let counts = end(load);
    assert_eq!((counts.failed.status, counts.failed.total(), counts.in_flight()), (2, 2, 0));
    assert_eq!(counts.completed, server.count());
    let load = one("2xx,404,500");
    until_completed(&load, 30);
    assert_eq!((load.first_failures(), load.counts().failed.total()), (Vec::new(), 0));
}

#[test]
fn an_answer_that_does_not_end_in_time_is_given_up() {
    let server = Server::start(|asked| {
        if asked.number == 0 {
            sleep(Duration::from_secs(3));
        }
        // The second begins in time, and never ends.
        Reply::Keep(if asked.number == 1 {
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHell".to_vec()
        } else {
            ok("fine")
        })
    });
    let plan = Plan { timeout: Duration::from_millis(200), ..plan(server.url("/{n}"), 20.0) };
    let load = Load::start(Plan { connections: 1, ..plan }).unwrap();
    wait_for("two that are given up", LONGEST_WAIT, || (load.counts().failed.timeout == 2).then_some(()));
    until_completed(&load, 5);
    assert_eq!(only_failure(&load), format!("timeout: GET {}: no whole answer within 0.2 s", server.url("/1")));
    let counts = end(load);
    assert!(counts.latency.unwrap().max >= Duration::from_millis(200), "{counts:?}");
    assert_eq!((counts.completed + 2, counts.failed.total()), (server.count(), 2));
}

#[test]
fn what_is_no_http_is_told() {
    let server = Server::start(|_| Reply::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let load = Load::start(plan(server.url("/{n}"), 1000.0)).unwrap();
    wait_for("a failure", LONGEST_WAIT, || (load.counts().failed.protocol > 8).then_some(()));
    let told = only_failure(&load);
    assert!(
        told.starts_with("protocol: GET http://127.0.0.1:") && told.ends_with(": invalid HTTP version parsed"),
        "{told}"
    );
    assert_eq!(load.counts().completed, 0);
}
