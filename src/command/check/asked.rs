//! What the flags ask for, checked.

use crate::analysis::gate::facts::Bounds;
use crate::analysis::gate::judge::{Rules, WIDEST};
use crate::analysis::gate::report::Unit;
use crate::check::load::command::RequestsFrom;
use crate::check::load::{Header, LONGEST_BODY, Plan, Rate, Statuses, Target as Url, method};
use crate::check::{Drive, Ready, Settings, Target};
use crate::cli::{CheckFlags, LoadFlags, ReadyFlags};
use crate::command::files::read_bounded;
use crate::command::plain;
use crate::config::{GrowthBound, Per};
use crate::http::Trust;
use crate::units::{Bytes, whole};
use anyhow::{Context, bail, ensure};
use std::ffi::OsString;
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Growth that is allowed where nothing else is said: less than any leak that is worth its name, more than allocators' noise.
const MOST_PER_REQUEST: f64 = 100.0;
const MOST_PER_HOUR: f64 = 10.0 * 1_048_576.0;

/// Looks that a slope takes.
const FEWEST_LOOKS: f64 = 8.0;

/// Longest name of what is watched, in characters.
const LONGEST_SUBJECT: usize = 120;

/// The settings that flags ask for.
///
/// # Errors
/// When one of them is wrong, or two do not go together.
pub(super) fn settings(flags: &CheckFlags) -> anyhow::Result<Settings> {
    let trust = if flags.load.insecure { Trust::Anyone } else { Trust::Machine };
    let (target, subject) = target(flags)?;
    let counter = flags.load.requests_from.as_deref().map(str::parse::<RequestsFrom>).transpose();
    let counter = counter.context("--requests-from")?;
    if matches!(counter, Some(RequestsFrom::Output(_))) {
        ensure!(
            flags.load.load.is_some(),
            "--requests-from output:…: it is the output of --load that is looked at: give that too"
        );
    }
    let is_of_time = matches!(flags.judgement.max_growth, Some(GrowthBound { per: Per::Hour, .. }));
    ensure!(
        flags.load.load.is_none() || counter.is_some() || is_of_time,
        "--load: say what counts its requests by --requests-from, or judge growth for each hour by --max-growth SIZE/hour"
    );
    let drive = match (&flags.load.load, flags.load.http.is_empty()) {
        (Some(tool), _) => Drive::Tool(vec!["sh".into(), "-c".into(), tool.clone()]),
        (None, false) => Drive::Http(Box::new(plan(&flags.load, trust)?)),
        (None, true) => Drive::Nothing,
    };
    let unit = match (&drive, &counter) {
        (Drive::Http(_), _) => Unit::Request,
        (_, Some(RequestsFrom::Metric(metric))) if !metric.to_string().contains("request") => Unit::Iteration,
        (_, Some(_)) => Unit::Request,
        (_, None) => Unit::Hour,
    };
    let judgement = &flags.judgement;
    let seconds = |time: crate::config::Duration| time.0.as_secs_f64();
    let (min_time, max_time) = (seconds(judgement.min_time), seconds(judgement.max_time));
    ensure!(min_time > 0.0, "--min-time 0s: expected such as 30s");
    ensure!(min_time <= max_time, "--min-time is above --max-time ({min_time} s, {max_time} s)");
    let looks = seconds(flags.target.interval) * FEWEST_LOOKS;
    ensure!(looks <= max_time, "--interval: there must be {FEWEST_LOOKS} looks in --max-time ({max_time} s)");
    let judged = max_time - seconds(judgement.warm_up);
    ensure!(
        judged >= min_time * 2.0 / 3.0,
        "--warm-up leaves {judged} s of --max-time, less than two thirds of --min-time: nothing could be told"
    );
    ensure!(flags.target.interval.0 >= Duration::from_millis(10), "--interval: expected 10ms or more");
    let most_failures = flags.load.max_failures;
    ensure!(most_failures.0 <= 1.0, "--max-failures {most_failures}: expected at most 100%");
    let rules = Rules {
        most_growth: most_growth(judgement.max_growth, unit)?,
        warm_up_seconds: seconds(judgement.warm_up),
        shortest_leak_seconds: min_time * 2.0 / 3.0,
        shortest_pass_seconds: min_time / 2.0,
        widest: WIDEST,
    };
    let before = judgement.baseline.as_deref().map(|path| super::written::before(path, unit)).transpose()?;
    ensure!(
        flags.ready.ready_log.is_empty() || matches!(target, Target::Command(_)),
        "--ready-log: what is not started here prints nothing here: use --ready-http or --ready-tcp"
    );
    Ok(Settings {
        target,
        subject,
        ready: ready(&flags.ready, &flags.load, counter.as_ref(), trust)?,
        ready_timeout: flags.ready.ready_timeout.0,
        drive,
        counter,
        is_proxied: flags.load.proxied,
        trust,
        most_failures: most_failures.0,
        bounds: Bounds {
            rules,
            unit,
            most_memory: judgement.max_rss.map(|size| Bytes(whole(size.0))),
            before,
            most_level: judgement.max_level.0,
        },
        min_time: judgement.min_time.0,
        max_time: judgement.max_time.0,
        idle_after: judgement.idle_after.0,
        stop_timeout: flags.target.stop_timeout.0,
        interval: flags.target.interval.0,
        asks_runtimes: !flags.target.no_probe,
    })
}

fn target(flags: &CheckFlags) -> anyhow::Result<(Target, String)> {
    let shown = |text: String| -> String { plain(&text).chars().take(LONGEST_SUBJECT).collect() };
    Ok(match (&flags.target.pid, &flags.target.container) {
        (Some(pid), _) => (Target::Process(pid.0), format!("pid {}", pid.0)),
        (None, Some(id)) => {
            let is_id = id.len() >= 4 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            ensure!(is_id, "--container {}: expected an id, or at least its first four characters", plain(id));
            (Target::Container(id.clone()), shown(format!("container {id}")))
        }
        (None, None) => {
            let words: Vec<_> = flags.command.iter().map(|word| word.to_string_lossy()).collect();
            ensure!(!words.is_empty(), "expected a command after --, or --pid, or --container");
            (Target::Command(flags.command.clone()), shown(words.join(" ")))
        }
    })
}

fn most_growth(asked: Option<GrowthBound>, unit: Unit) -> anyhow::Result<f64> {
    Ok(match (asked, unit) {
        (None, Unit::Hour) => MOST_PER_HOUR,
        (None, Unit::Request | Unit::Iteration) => MOST_PER_REQUEST,
        (Some(GrowthBound { bytes, per: Per::Hour }), Unit::Hour)
        | (Some(GrowthBound { bytes, per: Per::Count }), Unit::Request | Unit::Iteration) => bytes,
        (Some(GrowthBound { per: Per::Count, .. }), Unit::Hour) => {
            bail!(
                "--max-growth for each request: nothing counts requests: give --http or --requests-from, or write /hour"
            )
        }
        (Some(GrowthBound { per: Per::Hour, .. }), _) => {
            bail!("--max-growth for each hour: requests are counted here: write /request")
        }
    })
}

fn ready(
    flags: &ReadyFlags,
    load: &LoadFlags,
    counter: Option<&RequestsFrom>,
    trust: Trust,
) -> anyhow::Result<Vec<Ready>> {
    let mut all = Vec::new();
    for pattern in &flags.ready_log {
        let compiled = regex::bytes::RegexBuilder::new(pattern).unicode(false).build();
        let compiled = compiled.map_err(|error| {
            let why = error.to_string();
            anyhow::anyhow!(
                "--ready-log `{}`: {}",
                plain(pattern),
                plain(why.lines().last().unwrap_or_default().trim())
            )
        })?;
        all.push(Ready::Log(compiled));
    }
    for address in &flags.ready_tcp {
        let is_good =
            address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        ensure!(is_good, "--ready-tcp {}: expected HOST:PORT", plain(address));
        all.push(Ready::Tcp(address.clone()));
    }
    for url in &flags.ready_http {
        all.push(Ready::Http(url.parse().context("--ready-http")?, trust));
    }
    if let Some(time) = flags.ready_after {
        all.push(Ready::After(time.0));
    }
    // Else the address that is loaded, or that counts.
    let asked = load.http.first().map(|url| url.parse::<Url>().context("--http")).transpose()?;
    let counted = match counter {
        Some(RequestsFrom::Metric(metric)) => Some(metric.target()),
        _ => None,
    };
    if let Some(target) = asked.as_ref().or(counted).filter(|_| all.is_empty()) {
        all.push(Ready::Tcp(target.address().host_and_port()));
    }
    Ok(all)
}

fn plan(flags: &LoadFlags, trust: Trust) -> anyhow::Result<Plan> {
    let targets = flags.http.iter().map(|url| url.parse::<Url>()).collect::<Result<Vec<_>, _>>().context("--http")?;
    let mut plan = Plan::new(targets);
    plan.rate = flags.rate.map_or(Rate::Measured, Rate::PerSecond);
    plan.connections = flags.connections;
    plan.method = flags.method.as_deref().map(method).transpose().context("--method")?;
    plan.headers =
        flags.header.iter().map(|text| text.parse::<Header>()).collect::<Result<_, _>>().context("--header")?;
    plan.body = flags.body.as_ref().map(body).transpose()?.unwrap_or_default().into();
    plan.expected = flags.expect_status.parse::<Statuses>().context("--expect-status")?;
    plan.timeout = flags.request_timeout.0;
    plan.trust = trust;
    plan.check().context("load")?;
    Ok(plan)
}

fn body(text: &OsString) -> anyhow::Result<Vec<u8>> {
    match text.as_bytes().strip_prefix(b"@") {
        Some(path) => {
            let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
            let named = || format!("--body @{}", shown(&path.display()));
            let content = read_bounded(path, LONGEST_BODY).with_context(named)?;
            ensure!(content.len() <= LONGEST_BODY, "{}: expected {LONGEST_BODY} bytes at the most", named());
            Ok(content)
        }
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn shown(what: &dyn Display) -> String {
    plain(&what.to_string())
}
