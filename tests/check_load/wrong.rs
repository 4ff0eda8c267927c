//! Plans that cannot be: each one clear line.

use memtrend::check::load::{Load, Plan, Rate};
use std::time::Duration;

#[test]
fn a_plan_that_cannot_be_is_told_before_anything_is_sent() {
    let good = || Plan::new(vec!["http://127.0.0.1:1/".parse().unwrap()]);
    let rate = |rate| Plan { rate: Rate::PerSecond(rate), ..good() };
    let many = vec!["http://127.0.0.1:1/".parse().unwrap(); 1001];
    let cases = [
        (Plan::new(Vec::new()), "no URL: expected one at least, such as http://localhost:8080/"),
        (Plan::new(many), "1001 URLs: expected at most 1000; {n} in one stands for the request's number"),
        (rate(0.0), "rate 0: expected requests a second, above 0 and at most 100000"),
        (rate(-1.0), "rate -1: expected"),
        (rate(f64::NAN), "rate NaN: expected"),
        (rate(1e9), "rate 1000000000: expected"),
        (Plan { connections: 0, ..good() }, "0 connections: expected 1 to 256"),
        (Plan { connections: 257, ..good() }, "257 connections: expected 1 to 256"),
        (Plan { timeout: Duration::ZERO, ..good() }, "a request timeout of 0: expected such as 10s"),
        (Plan { body: vec![0; (16 << 20) + 1].into(), ..good() }, "body of 16777217 bytes: expected at most 16777216"),
    ];
    for (plan, expected) in cases {
        let error = Load::start(plan).unwrap_err().to_string();
        assert!(error.starts_with(expected) && error.lines().count() == 1, "{expected}: {error}");
    }
    let load = Load::start(rate(1.0)).unwrap();
    assert!(load.set_rate(Rate::PerSecond(f64::INFINITY)).is_err());
}
