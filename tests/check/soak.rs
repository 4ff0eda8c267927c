//! All leaks and habits of all languages, ten times: `MEMTREND_SOAK=1 cargo test … check::soak`. Rows go to `tests/check/results.csv`, from
//! which the table of `docs/ci.md` is made; runs that are there already are not made again.

use super::peers::{first_against_last, looks, straight_line};
use super::servers::{CLEAN, LANGUAGES, LEAKS, Server};
use super::table::{HEAD, Row, Table};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

/// Runs of each.
const ROUNDS: u32 = 10;

/// The rate is given, so that runs beside one another do not find out what the machine leaves them.
const FLAGS: [&str; 1] = ["--rate=500"];

/// Runs at a time: each takes an eighth of a core on average.
fn at_a_time() -> usize {
    std::env::var("MEMTREND_SOAK_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(6)
}

/// All runs of one round.
fn all() -> Vec<Server> {
    let leaks = LEAKS.iter().map(|(mode, options)| (*mode, *options));
    let modes: Vec<(&str, &[&str])> = leaks.chain(CLEAN.iter().map(|mode| (*mode, [].as_slice()))).collect();
    let of = |(mode, options)| LANGUAGES.iter().map(move |language| Server { language, mode, options });
    modes.into_iter().flat_map(of).collect()
}

fn try_one(server: Server, round: u32) -> Row {
    let tried = server.check(&FLAGS);
    let looks = looks(&tried.trace);
    if tried.run.code == 2 {
        eprintln!("{}: {}", server.name(), tried.run.told());
    }
    Row {
        language: server.language.to_owned(),
        mode: server.name().split_once(' ').unwrap().1.to_owned(),
        is_leak: LEAKS.iter().any(|(mode, _)| *mode == server.mode),
        round,
        verdict: tried.run.verdict().to_owned(),
        growth: tried.run.growth().unwrap_or(f64::NAN),
        truth: tried.truth,
        seconds: tried.run.seconds(),
        first_against_last: first_against_last(&looks),
        straight_line: straight_line(&looks),
    }
}

#[test]
fn leaks_are_found_and_habits_pass() {
    if std::env::var_os("MEMTREND_SOAK").is_none() {
        return;
    }
    let path = crate::support::project().join("tests/check/results.csv");
    let known = Table::read(&path);
    let mut due: Vec<(u32, Server)> = Vec::new();
    for round in 0..ROUNDS {
        due.extend(all().into_iter().filter(|server| !known.has(*server, round)).map(|server| (round, server)));
    }
    due.reverse();
    let (due, file) = (Mutex::new(due), Mutex::new(appended(&path)));
    thread::scope(|scope| {
        for _ in 0..at_a_time() {
            scope.spawn(|| {
                loop {
                    let Some((round, server)) = due.lock().unwrap().pop() else { return };
                    let row = try_one(server, round);
                    println!("{row}");
                    writeln!(file.lock().unwrap(), "{row}").unwrap();
                }
            });
        }
    });
    Table::read(&path).assert_holds();
}

fn appended(path: &Path) -> File {
    let is_new = !path.exists();
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    if is_new {
        writeln!(file, "{HEAD}").unwrap();
    }
    file
}
