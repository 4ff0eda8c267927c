//! `memtrend analyze --prometheus`: each series of a query is judged as if it were a file.

use super::progress::Progress;
use crate::cli::{AnalyzeFlags, PastFlags};
use crate::command::complaint::complain;
use crate::config::as_rfc3339;
use crate::history::{Address, Client, Column, Labels, MOST_POINTS, Pages, Query, Range};
use crate::trace::{Outcome, Replay, Row};
use crate::units::length_as_count;
use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// No token is longer.
const LONGEST_TOKEN: u64 = 1 << 16;

/// Judges each series, with its name; `see` is shown the rows of the first.
///
/// # Errors
/// When a flag is wrong, Prometheus cannot be asked, or there is nothing to judge; or more than one series where one alone
/// can be drawn.
pub(super) fn judge(url: &str, flags: &AnalyzeFlags, mut see: impl FnMut(&Row)) -> Result<Vec<(String, Outcome)>> {
    let past = &flags.past;
    let range = range(past)?;
    let address = address(url, past)?;
    let shown = address.to_string();
    let mut client = Client::new(address).with_context(|| shown.clone())?;
    let query = past.query.as_deref().unwrap_or_default();
    let columns = columns(past);
    let pages = Pages::new(&mut client, query, &columns, range);
    let progress = Progress::new("pages", range.points().div_ceil(MOST_POINTS), MOST_POINTS);
    // By their number; a series without any known value keeps its place.
    let mut series: Vec<Option<(String, Replay)>> = Vec::new();
    let mut first = None;
    let take = |number: usize, labels: &Labels, row: &Row| {
        if *first.get_or_insert(number) == number {
            see(row);
        }
        if series.len() <= number {
            series.resize_with(number + 1, || None);
        }
        match series.get_mut(number) {
            Some(Some((_, replay))) => replay.push(row),
            Some(empty) => *empty = Some((labels.to_string(), Replay::new(row))),
            None => {}
        }
    };
    let warn = |flag: &str, warning: &str| {
        progress.clear();
        complain(&anyhow!("{shown}: {flag}: warning: {warning}"));
    };
    let read = pages.read(take, |points| progress.add(points), warn);
    drop(progress);
    read.map_err(|(flag, problem)| match flag {
        _ if problem.is_of_the_connection() => anyhow!("{shown}: {problem}"),
        flag => anyhow!("{shown}: {flag}: {problem}"),
    })?;
    let series: Vec<(String, Replay)> = series.into_iter().flatten().collect();
    if flags.svg.is_some() && series.len() > 1 {
        bail!("{shown}: --query: {} series, and --svg draws one: narrow the query", series.len());
    }
    if series.is_empty() {
        let (from, to) = (as_rfc3339(range.from), as_rfc3339(range.to));
        bail!("{shown}: --query: no known value from {from} to {to}: expected finite numbers of at least 0");
    }
    Ok(series.into_iter().map(|(name, replay)| (name, replay.outcome())).collect())
}

fn range(flags: &PastFlags) -> Result<Range> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let step = u64::try_from(flags.step.0.as_millis()).unwrap_or(u64::MAX);
    Range::new(flags.from.milliseconds(now), flags.to.milliseconds(now), step).map_err(anyhow::Error::msg)
}

fn address(url: &str, flags: &PastFlags) -> Result<Address> {
    let address: Address = url.parse().map_err(|error| anyhow!("--prometheus: {error}"))?;
    match &flags.bearer_token_file {
        Some(path) => bearer(address, path).with_context(|| format!("--bearer-token-file {}", path.display())),
        None => Ok(address),
    }
}

fn bearer(address: Address, path: &Path) -> Result<Address> {
    use std::io::Read;
    let mut token = String::new();
    let file = std::fs::File::open(path)?;
    file.take(LONGEST_TOKEN).read_to_string(&mut token)?;
    if length_as_count(token.len()) >= LONGEST_TOKEN {
        bail!("longer than {LONGEST_TOKEN} bytes: expected one bearer token");
    }
    address.with_bearer_token(&token).map_err(anyhow::Error::msg)
}

fn columns(flags: &PastFlags) -> Vec<Query> {
    let all = [
        ("--limit-query", &flags.limit_query, Column::Limit),
        ("--requests-query", &flags.requests_query, Column::Requests),
        ("--cpu-query", &flags.cpu_query, Column::CpuSeconds),
        ("--start-time-query", &flags.start_time_query, Column::StartTime),
        ("--live-heap-query", &flags.live_heap_query, Column::LiveHeap),
    ];
    let given = all.into_iter().filter_map(|(flag, text, column)| Some(Query { flag, text: text.clone()?, column }));
    given.collect()
}
