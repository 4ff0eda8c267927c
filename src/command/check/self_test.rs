//! `memtrend check --self-test`: the gate on a program that leaks a known amount, and on one that does not.

use super::asked;
use crate::analysis::gate::amounts;
use crate::analysis::gate::report::{Check, Conclusion, GateReport, Outcome};
use crate::check;
use crate::cli::CheckFlags;
use crate::config::Duration;
use anyhow::{Context, ensure};
use std::ffi::OsString;
use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;

/// What the one leaks with each request, in bytes.
const LEAK: f64 = 1024.0;

/// How far the growth that is told may be from it, as a share.
const TOLERANCE: f64 = 0.1;

/// A verdict is known after about so long: there is no warm-up to be waited for.
const TIME: std::time::Duration = std::time::Duration::from_secs(12);

/// Requests a second.
const RATE: f64 = 500.0;

/// Proves that the gate can fail and pass here.
///
/// # Errors
/// When the programs cannot be run, or the gate does not tell them apart.
pub(super) fn run(flags: &CheckFlags) -> anyhow::Result<ExitCode> {
    let leak = run_one(flags, LEAK)?;
    ensure!(!is_stopped(&leak), "self-test: {}: nothing is proven", leak.sentence);
    let is_right = leak.growth.is_some_and(|growth| (growth.rate / LEAK - 1.0).abs() <= TOLERANCE);
    say(&format!(
        "self-test: a program that leaks {} per request: {}, {}",
        amounts::amount(LEAK),
        leak.conclusion.name(),
        leak.sentence
    ))?;
    ensure!(
        leak.conclusion == Conclusion::Leak && is_right,
        "self-test: a leak was not found: the gate cannot be trusted here"
    );
    let clean = run_one(flags, 0.0)?;
    ensure!(!is_stopped(&clean), "self-test: {}: nothing is proven", clean.sentence);
    say(&format!("self-test: a program that does not: {}, {}", clean.conclusion.name(), clean.sentence))?;
    ensure!(
        clean.conclusion == Conclusion::NoLeak,
        "self-test: a program that does not leak did not pass: the gate cannot be trusted here"
    );
    say("self-test: passed")?;
    Ok(ExitCode::SUCCESS)
}

/// Whether somebody has stopped it.
fn is_stopped(report: &GateReport) -> bool {
    report.checks.iter().any(|one| one.check == Check::Program && one.outcome == Outcome::Unknown)
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("standard output")
}

fn run_one(flags: &CheckFlags, leak: f64) -> anyhow::Result<GateReport> {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).context("--self-test")?.port();
    let program = std::env::current_exe().context("--self-test")?;
    let words = ["leak".to_owned(), format!("--serve=127.0.0.1:{port}"), format!("--per-request={leak}")];
    let mut flags = flags.clone();
    flags.command = [program.into_os_string()].into_iter().chain(words.map(OsString::from)).collect();
    flags.load.http = vec![format!("http://127.0.0.1:{port}/{{n}}")];
    flags.load.rate = Some(RATE);
    flags.judgement.warm_up = Duration(TIME / 12);
    flags.judgement.min_time = Duration(TIME);
    flags.judgement.max_time = Duration(TIME * 4);
    check::run(asked::settings(&flags)?, &mut |_| {}).context("--self-test")
}
