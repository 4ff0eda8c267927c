//! Requests come when they are due, whatever the server does.

use super::server::{Reply, Server, ok};
use super::{LONGEST_WAIT, end, plan, until_completed};
use crate::support::wait_for;
use memtrend::check::load::{Counts, Load, Plan, Rate};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn who_comes_while_the_server_stalls_waits_and_is_counted_from_when_it_came() {
    let stall = Mutex::new(None);
    let server = Server::start(move |asked| {
        let end = *stall.lock().unwrap().get_or_insert_with(|| Instant::now() + Duration::from_millis(1200));
        // From the twentieth on, for what is left of the stall.
        if asked.number >= 20 {
            sleep(end.saturating_duration_since(Instant::now()));
        }
        Reply::Keep(ok("late"))
    });
    let begin = Instant::now();
    let load = Load::start(Plan { connections: 4, ..plan(server.url("/"), 200.0) }).unwrap();
    sleep(Duration::from_millis(1000));
    let stalled = load.counts();
    assert!(stalled.lag > Duration::from_millis(700) && stalled.in_flight() == 4, "{stalled:?}");
    let is_on_time = |counts: &Counts| counts.lag.is_zero() && counts.completed > 220;
    let counts = wait_for("the load to be on time again", LONGEST_WAIT, || Some(load.counts()).filter(is_on_time));
    let due = 200.0 * begin.elapsed().as_secs_f64();
    // Nothing was left out: all that were due are sent.
    let achieved = counts.achieved.unwrap();
    assert!((counts.sent as f64 - due).abs() < 20.0 && (150.0..250.0).contains(&achieved), "{due} due: {counts:?}");
    // Four connections at once, one second: a load that waits for answers would have seen four late ones of a hundred.
    let latency = counts.latency.unwrap();
    let is_late = latency.max >= Duration::from_secs(1) && latency.p50 >= Duration::from_millis(300);
    assert!(is_late, "{latency:?}");
    let counts = end(load);
    assert_eq!((counts.failed.total(), counts.completed), (0, server.count()));
}

#[test]
fn a_server_that_is_too_slow_is_told_by_lag_and_rate() {
    let server = Server::start(|_| {
        sleep(Duration::from_millis(20));
        Reply::Keep(ok("slow"))
    });
    let load = Load::start(Plan { connections: 2, ..plan(server.url("/"), 400.0) }).unwrap();
    sleep(Duration::from_millis(1000));
    let counts = load.counts();
    let achieved = counts.achieved.unwrap();
    assert_eq!(counts.rate, Some(400.0));
    assert!((20.0..105.0).contains(&achieved) && counts.lag > Duration::from_millis(600), "{counts:?}");
    // What had to wait is not made up for at another rate.
    load.set_rate(Rate::PerSecond(20.0)).unwrap();
    assert!(load.counts().lag < Duration::from_millis(500), "{:?}", load.counts());
    let slow = |counts: &Counts| counts.achieved.is_some_and(|achieved| (15.0..25.0).contains(&achieved));
    wait_for("the other rate", LONGEST_WAIT, || Some(load.counts()).filter(slow));
}

#[test]
fn nothing_is_sent_in_a_pause_and_the_schedule_begins_anew_after_it() {
    let server = Server::plain();
    let load = Load::start(plan(server.url("/"), 500.0)).unwrap();
    until_completed(&load, 50);
    load.pause();
    wait_for("the answers under way", LONGEST_WAIT, || (load.counts().in_flight() == 0).then_some(()));
    let paused = load.counts();
    sleep(Duration::from_millis(500));
    assert_eq!((server.count(), load.counts()), (paused.completed, paused));
    let begin = Instant::now();
    load.resume();
    until_completed(&load, paused.completed + 200);
    let (more, due) = ((load.counts().sent - paused.sent) as f64, 500.0 * begin.elapsed().as_secs_f64());
    // None of the 250 of the pause.
    assert!(more <= due + 2.0, "{more} of {due}");
    let counts = end(load);
    assert_eq!((counts.completed, counts.failed.total()), (server.count(), 0));
}

#[test]
fn a_measured_rate_is_half_of_what_the_server_can_answer() {
    let server = Server::start(|_| {
        sleep(Duration::from_millis(10));
        Reply::Keep(ok("slow"))
    });
    let targets = vec![server.url("/").parse().unwrap()];
    let load = Load::start(Plan { connections: 4, ..Plan::new(targets) }).unwrap();
    assert_eq!((load.counts().rate, load.counts().latency), (None, None));
    let rate = wait_for("the end of the trial", LONGEST_WAIT, || load.counts().rate);
    // Four by turns of ten milliseconds: 400 a second at the most.
    assert!((20.0..201.0).contains(&rate), "{rate}, {:?}", load.counts());
    sleep(Duration::from_millis(500));
    let counts = load.counts();
    assert!((counts.achieved.unwrap() / rate - 1.0).abs() < 0.2, "{counts:?}");
    assert!(counts.latency.unwrap().p50 >= Duration::from_millis(10), "{counts:?}");
}

#[test]
fn it_ends_within_a_second_though_the_server_never_answers() {
    let server = Server::start(|_| {
        sleep(Duration::from_secs(60));
        Reply::Keep(ok("never"))
    });
    let load = Load::start(plan(server.url("/"), 100.0)).unwrap();
    wait_for("all connections to wait", LONGEST_WAIT, || (load.counts().in_flight() == 8).then_some(()));
    let begin = Instant::now();
    let counts = load.stop();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!((counts.sent, counts.in_flight(), counts.completed), (8, 8, 0));
}
