//! Flags of `check`.

use crate::config::{Duration, GrowthBound, Pid, Share, Size};
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `check` ends with.
pub const CHECK_EXIT_CODES: &str = "Exit codes: 0 no leak, 1 a leak or another bound passed (a restart, an OOM kill, --max-rss, --baseline), \
    2 it could not be judged or run: the gate fails closed.";

/// Flags of `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckFlags {
    /// The program and its arguments: started, loaded, watched with all that it starts, and ended. What it prints goes to
    /// standard error
    #[arg(last = true, value_name = "COMMAND", required_unless_present_any = ["pid", "container", "self_test"])]
    pub command: Vec<OsString>,

    /// What is watched, where it is not started here.
    #[command(flatten)]
    pub target: TargetFlags,

    /// When it is ready.
    #[command(flatten)]
    pub ready: ReadyFlags,

    /// What makes it work.
    #[command(flatten)]
    pub load: LoadFlags,

    /// How it is judged.
    #[command(flatten)]
    pub judgement: JudgementFlags,

    /// How it is told.
    #[command(flatten)]
    pub report: ReportFlags,

    /// Prove on the spot that the gate can fail, by a program that leaks 1 KiB a request, and pass, by one that does not
    #[arg(long, conflicts_with_all = ["command", "pid", "container", "http", "load"])]
    pub self_test: bool,
}

/// What is watched.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What is watched")]
pub struct TargetFlags {
    /// A process that runs, with its descendants; it is not ended
    #[arg(long, value_name = "PID", conflicts_with = "command", allow_hyphen_values = true)]
    pub pid: Option<Pid>,

    /// A container that runs, by its id or the beginning of it; it is not ended
    #[arg(long, value_name = "ID", conflicts_with_all = ["command", "pid"])]
    pub container: Option<String>,

    /// Judge all of the memory: do not ask JVMs and Node.js for what is live after a full collection. The JVM's attach
    /// mechanism and a --require in NODE_OPTIONS are used for that
    #[arg(long)]
    pub no_probe: bool,

    /// Time between two looks at the memory
    #[arg(long, value_name = "TIME", default_value = "100ms", allow_hyphen_values = true)]
    pub interval: Duration,

    /// A program that is asked to end has so long, then it is killed
    #[arg(long, value_name = "TIME", default_value = "10s", allow_hyphen_values = true)]
    pub stop_timeout: Duration,
}

/// When it is ready.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "When it is ready (all of them; else when the first --http address takes connections)")]
pub struct ReadyFlags {
    /// A URL answers with a status below 400; repeatable
    #[arg(long, value_name = "URL")]
    pub ready_http: Vec<String>,

    /// An address takes connections; repeatable
    #[arg(long, value_name = "HOST:PORT")]
    pub ready_tcp: Vec<String>,

    /// It prints a line that fits a regular expression; repeatable
    #[arg(long, value_name = "REGEX", requires = "command")]
    pub ready_log: Vec<String>,

    /// So much time has passed
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub ready_after: Option<Duration>,

    /// It must be ready by then
    #[arg(long, value_name = "TIME", default_value = "60s", allow_hyphen_values = true)]
    pub ready_timeout: Duration,
}

/// What makes it work.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Load (without any, growth is told for each hour)")]
pub struct LoadFlags {
    /// Send requests to a URL; an n in braces, in it or in the body, is the request's number; several are taken in turn
    #[arg(long, value_name = "URL")]
    pub http: Vec<String>,

    /// Requests a second, sent when they are due whether or not the last ones are answered [default: half of what the program can
    /// answer, at most 1000]
    #[arg(long, value_name = "NUMBER", requires = "http", allow_hyphen_values = true)]
    pub rate: Option<f64>,

    /// Connections
    #[arg(long, value_name = "NUMBER", default_value_t = 8, requires = "http", allow_hyphen_values = true)]
    pub connections: usize,

    /// Method [default: GET, with a body POST]
    #[arg(long, value_name = "METHOD", requires = "http")]
    pub method: Option<String>,

    /// A header; repeatable
    #[arg(long, value_name = "NAME: VALUE", requires = "http")]
    pub header: Vec<String>,

    /// Body of each request; @FILE is read from a file
    #[arg(long, value_name = "TEXT", requires = "http")]
    pub body: Option<OsString>,

    /// Statuses that are no failure: 200, 2xx or 200-299, separated by commas
    #[arg(long, value_name = "STATUSES", default_value = "2xx", requires = "http")]
    pub expect_status: String,

    /// The longest that an answer may take
    #[arg(long, value_name = "TIME", default_value = "10s", requires = "http", allow_hyphen_values = true)]
    pub request_timeout: Duration,

    /// The share of requests that may fail
    #[arg(long, value_name = "SHARE", default_value = "0.1%", requires = "http", allow_hyphen_values = true)]
    pub max_failures: Share,

    /// What listens at the address of --http is in front of the program, and not watched
    #[arg(long, requires = "http")]
    pub proxied: bool,

    /// Take any certificate
    #[arg(long)]
    pub insecure: bool,

    /// A load tool of your own, run by `sh -c`; count its requests by --requests-from
    #[arg(long, value_name = "COMMAND", conflicts_with = "http")]
    pub load: Option<OsString>,

    /// What counts requests: a Prometheus counter of the program, NAME@URL or NAME{label="value"}@URL, or the load tool's output,
    /// output:REGEX, whose first group is the number so far, or a group `(?<add>…)` what comes on top
    #[arg(long, value_name = "PLACE", conflicts_with = "http")]
    pub requests_from: Option<String>,
}

/// How it is judged.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Judgement")]
pub struct JudgementFlags {
    /// The largest growth allowed, for each request (or iteration of --requests-from) or for each hour [default: 100B/request,
    /// without load 10MiB/hour]
    #[arg(long, value_name = "SIZE/UNIT", allow_hyphen_values = true)]
    pub max_growth: Option<GrowthBound>,

    /// The most memory that it may hold at any time: anonymous and shared, resident or swapped out
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub max_rss: Option<Size>,

    /// Compare with an earlier run, a file of --save: growth may be more by --max-growth, the level by --max-level
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// The share by which the level may be above that of --baseline
    #[arg(long, value_name = "SHARE", default_value = "10%", requires = "baseline", allow_hyphen_values = true)]
    pub max_level: Share,

    /// Load before anything is judged
    #[arg(long, value_name = "TIME", default_value = "5s", allow_hyphen_values = true)]
    pub warm_up: Duration,

    /// Load for so long at least. Growth is a leak when it goes straight on for two thirds of it, after as much
    #[arg(long, value_name = "TIME", default_value = "30s", allow_hyphen_values = true)]
    pub min_time: Duration,

    /// Load for so long at most; what cannot be told by then is inconclusive
    #[arg(long, value_name = "TIME", default_value = "5m", allow_hyphen_values = true)]
    pub max_time: Duration,

    /// Watch it without load afterwards, and tell how much memory comes back
    #[arg(long, value_name = "TIME", default_value = "0s", allow_hyphen_values = true)]
    pub idle_after: Duration,
}

/// How it is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Report (text goes to standard output)")]
pub struct ReportFlags {
    /// Write JSON to a file; - is standard output, instead of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write JUnit XML to a file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Append Markdown to a file, as for $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,

    /// Draw the run
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Keep the run for a later --baseline, unless it fails
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// Write every look to a CSV file that `memtrend analyze` reads
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// Flags of `keep`.
#[derive(Clone, Debug, Args)]
pub struct KeepFlags {
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}
