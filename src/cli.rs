//! Flags and subcommands: clap's types and their texts, nothing else.

mod check;
mod origin;
pub mod reference;
mod state;

pub use check::{
    CHECK_EXIT_CODES, CheckFlags, JudgementFlags, KeepFlags, LoadFlags, ReadyFlags, ReportFlags, TargetFlags,
};
pub use origin::parse;
pub use state::{StateCommand, StateFlags, StateShowFlags};

use crate::config::{
    ApplicationCount, ApplicationOption, CgroupPath, Duration, FilePath, Instant, Label, ListenAddress, LogFormat,
    LogLevel, LogOptions, NamePattern, Named, Options, PathOptions, Pattern, Pid, SelectorOption, StateOptions,
    TrendOptions, UnitName, WebOptions, Which,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Prometheus exporter that says how fast an application's memory grows and when it will hit its limit.
///
/// Without a subcommand it serves.
#[derive(Debug, Parser)]
#[command(name = "memtrend", version, long_version = LONG_VERSION, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (revision ",
    env!("MEMTREND_REVISION"),
    ", rust ",
    env!("MEMTREND_RUST_VERSION"),
    ")"
);

/// What `analyze` ends with.
const EXIT_CODES: &str = "Exit codes: 0 nothing leaks at its end, 1 something does, 2 something could not be read or asked for (what can be read \
    is judged all the same). With --labels: 0 whatever the score, or 2.";

/// What `doctor` ends with.
const DOCTOR_EXIT_CODES: &str = "Exit codes: 0 all that is essential is seen, 1 some of it is missing (applications, also those asked for; their processes \
    and control groups; the folder of --state.dir), 2 wrong flags or configuration. What is told as `could` is not essential.";

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch applications and serve their metrics (the default)
    Serve(Box<ServeFlags>),
    /// Judge recorded series: CSV files, gzip too, with the columns timestamp_seconds and heap_bytes; or a Prometheus' past
    #[command(after_help = EXIT_CODES)]
    Analyze(Box<AnalyzeFlags>),
    /// Run a program under load and say whether it leaks, for CI: growth of its memory for each request, with 95 % bounds
    #[command(after_help = CHECK_EXIT_CODES)]
    Check(Box<CheckFlags>),
    /// Say what memtrend can see here, what it cannot, and the line to change: with the flags, variables and file of `serve`;
    /// given no flags, with those of the memtrend that serves in the same container
    #[command(after_help = DOCTOR_EXIT_CODES)]
    Doctor(Box<ServeFlags>),
    /// Ask a memtrend of this machine whether it makes its passes, for health checks and probes
    #[command(after_help = "Exit codes: 0 it does, 1 it does not or nothing answers, 2 wrong flags or configuration.")]
    Health(HealthFlags),
    /// What outlives memtrend
    State(StateFlags),
    /// Own the PID namespace of containers that share it, and do nothing else: it reaps orphans until SIGTERM
    Pause,
    /// Watch a program that leaks, on a fast clock, until Ctrl-C
    Demo(DemoFlags),
    /// Leak memory, for the demo and for tests
    #[command(hide = true)]
    Leak(LeakFlags),
    /// Hold what `check` starts, and end it when `check` does
    #[command(hide = true)]
    Keep(KeepFlags),
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeFlags {
    /// Configuration file (TOML); its keys are the names of these flags, with a table for what stands before a dot
    #[arg(long = "config.file", value_name = "FILE", env = "MEMTREND_CONFIG_FILE")]
    pub config_file: Option<PathBuf>,

    /// Check the configuration and exit: 0 when it is right, 2 when not
    #[arg(long = "config.check")]
    pub config_check: bool,

    /// Time between samples [default: a twelfth of --trend.block, 5s]
    #[arg(long, value_name = "TIME", env = "MEMTREND_INTERVAL", allow_hyphen_values = true)]
    interval: Option<Duration>,

    /// Base block of the trend, whose lowest value counts [default: 60s]
    #[arg(long = "trend.block", value_name = "TIME", env = "MEMTREND_TREND_BLOCK", allow_hyphen_values = true)]
    trend_block: Option<Duration>,

    /// Applications watched beside those asked for: all that are found, or none [default: auto, but none when one is
    /// asked for]
    #[arg(long, value_name = "WHICH", env = "MEMTREND_APPLICATION")]
    application: Option<Which>,

    /// Of what is found by itself, watch only containers of such namespaces: * for any characters, ? for one, ! before it for
    /// all others; repeatable
    #[arg(long, value_name = "PATTERN", env = "MEMTREND_NAMESPACE", value_delimiter = ',')]
    namespace: Vec<NamePattern>,

    /// Of what is found by itself, watch only containers of such names, outside of pods by the label application; repeatable
    #[arg(long, value_name = "PATTERN", env = "MEMTREND_CONTAINER", value_delimiter = ',')]
    container: Vec<NamePattern>,

    /// Watch a process and its descendants; repeatable
    #[arg(long, value_name = "[NAME=]PID", env = "MEMTREND_PID", allow_hyphen_values = true, value_delimiter = ',')]
    pid: Vec<Named<Pid>>,

    /// Watch the process whose pid a file holds, and its descendants; repeatable
    #[arg(long = "pid-file", value_name = "[NAME=]FILE", env = "MEMTREND_PID_FILE", value_delimiter = ',')]
    pid_file: Vec<Named<FilePath>>,

    /// Watch the processes whose command line fits a regular expression, and their descendants; repeatable (one by environment)
    #[arg(long = "match", value_name = "NAME=REGEX", env = "MEMTREND_MATCH")]
    pattern: Vec<Named<Pattern>>,

    /// Watch all processes of a cgroup; the path as in /proc/PID/cgroup; repeatable
    #[arg(long, value_name = "[NAME=]PATH", env = "MEMTREND_CGROUP", value_delimiter = ',')]
    cgroup: Vec<Named<CgroupPath>>,

    /// Watch a systemd unit; repeatable
    #[arg(long, value_name = "[NAME=]UNIT", env = "MEMTREND_UNIT", value_delimiter = ',')]
    unit: Vec<Named<UnitName>>,

    /// Version of an application asked for; repeatable
    #[arg(long = "application-version", value_name = "NAME=VERSION", env = "MEMTREND_APPLICATION_VERSION")]
    application_version: Vec<Named<String>>,

    /// The one environment variable of applications that holds their version; no other is ever read
    #[arg(long = "version-env", value_name = "VARIABLE", env = "MEMTREND_VERSION_ENV")]
    version_env: Option<String>,

    /// The most applications watched; more are counted in memtrend_applications_dropped [default: 1000]
    #[arg(
        long = "max-applications",
        value_name = "NUMBER",
        env = "MEMTREND_MAX_APPLICATIONS",
        allow_hyphen_values = true
    )]
    max_applications: Option<ApplicationCount>,

    /// When the series of an application that is gone are dropped [default: 15m]
    #[arg(long = "forget-after", value_name = "TIME", env = "MEMTREND_FORGET_AFTER", allow_hyphen_values = true)]
    forget_after: Option<Duration>,

    /// Address to listen on; repeatable [default: :10240]
    #[arg(
        long = "web.listen-address",
        value_name = "ADDRESS",
        env = "MEMTREND_WEB_LISTEN_ADDRESS",
        value_delimiter = ','
    )]
    web_listen_address: Vec<ListenAddress>,

    /// Path of the metrics [default: /metrics]
    #[arg(long = "web.telemetry-path", value_name = "PATH", env = "MEMTREND_WEB_TELEMETRY_PATH")]
    web_telemetry_path: Option<String>,

    /// TLS and basic authentication: a file as of Prometheus' exporter toolkit, read again when it changes
    #[arg(long = "web.config.file", value_name = "FILE", env = "MEMTREND_WEB_CONFIG_FILE")]
    web_config_file: Option<PathBuf>,

    /// Take the listening sockets from systemd
    #[arg(long = "web.systemd-socket", env = "MEMTREND_WEB_SYSTEMD_SOCKET")]
    web_systemd_socket: bool,

    /// How much is logged [default: info]
    #[arg(long = "log.level", value_name = "LEVEL", env = "MEMTREND_LOG_LEVEL")]
    log_level: Option<LogLevel>,

    /// How the log is written [default: logfmt]
    #[arg(long = "log.format", value_name = "FORMAT", env = "MEMTREND_LOG_FORMAT")]
    log_format: Option<LogFormat>,

    /// Where procfs is mounted [default: /proc]
    #[arg(long = "path.procfs", value_name = "PATH", env = "MEMTREND_PATH_PROCFS")]
    path_procfs: Option<PathBuf>,

    /// Where sysfs is mounted, with the control groups below fs/cgroup [default: /sys]
    #[arg(long = "path.sysfs", value_name = "PATH", env = "MEMTREND_PATH_SYSFS")]
    path_sysfs: Option<PathBuf>,

    /// Where the node's root file system is mounted: names of pods and containers are read below it [default: /]
    #[arg(long = "path.rootfs", value_name = "PATH", env = "MEMTREND_PATH_ROOTFS")]
    path_rootfs: Option<PathBuf>,

    /// Folder in which trends, verdicts and the counters of kills outlive memtrend [default: /var/lib/memtrend where it can be written to]
    #[arg(long = "state.dir", value_name = "PATH", env = "MEMTREND_STATE_DIR")]
    state_dir: Option<PathBuf>,

    /// Time between two writes of trends and verdicts; kills are written at once [default: 1m]
    #[arg(long = "state.interval", value_name = "TIME", env = "MEMTREND_STATE_INTERVAL")]
    state_interval: Option<Duration>,
}

/// Flags of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeFlags {
    /// Trace files, or folders of them: all *.csv and *.csv.gz below, in order of their names
    #[arg(value_name = "FILE", required_unless_present = "prometheus", conflicts_with = "prometheus")]
    pub files: Vec<PathBuf>,

    /// Score the verdicts against the truth in this file (CSV; paths in it are relative to its folder)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prometheus", "svg"])]
    pub labels: Option<PathBuf>,

    /// How the outcome is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: OutcomeFormat,

    /// Draw the trace, its floor, slopes, limit and verdicts (one trace alone); a file there must be an SVG picture
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Write what `serve` would have exported of the traces instead of verdicts, with timestamps; promtool makes a Prometheus'
    /// past of it. An application is named as its file
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["prometheus", "labels", "svg", "format"])]
    pub emit: Option<EmitFormat>,

    /// How.
    #[command(flatten)]
    pub emission: EmissionFlags,

    /// Judge the past of a Prometheus instead of files: http(s)://host:port/prefix, with user:password@ where it asks
    #[arg(long, value_name = "URL", requires = "query")]
    pub prometheus: Option<String>,

    /// What of it.
    #[command(flatten)]
    pub past: PastFlags,
}

/// Flags of `analyze --emit`.
#[derive(Debug, Args)]
pub struct EmissionFlags {
    /// Time between the points
    #[arg(long, value_name = "TIME", default_value = "1m", requires = "emit", allow_hyphen_values = true)]
    pub emit_step: Duration,

    /// Time of each trace's first row [default: as in the file]
    #[arg(long, value_name = "TIME", requires = "emit", allow_hyphen_values = true)]
    pub emit_from: Option<Instant>,

    /// A label that all series are given, as a scrape would (job, instance); repeatable
    #[arg(long, value_name = "NAME=VALUE", requires = "emit")]
    pub emit_label: Vec<Label>,
}

/// What `analyze --emit` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmitFormat {
    /// OpenMetrics 1.0
    Openmetrics,
}

/// Flags of `analyze --prometheus`.
#[derive(Debug, Args)]
pub struct PastFlags {
    /// Heap in bytes; each series is judged by itself (PromQL)
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub query: Option<String>,

    /// Begin: RFC 3339, Unix seconds, now, or now-7d
    #[arg(long, value_name = "TIME", default_value = "now-7d", requires = "prometheus", allow_hyphen_values = true)]
    pub from: Instant,

    /// End
    #[arg(long, value_name = "TIME", default_value = "now", requires = "prometheus", allow_hyphen_values = true)]
    pub to: Instant,

    /// Time between points: best as often as Prometheus scrapes
    #[arg(long, value_name = "TIME", default_value = "15s", requires = "prometheus", allow_hyphen_values = true)]
    pub step: Duration,

    /// Limit in bytes. This and the following: by series with equal labels, else with fewer; else the only one
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub limit_query: Option<String>,

    /// Counter of requests: growth that goes with them is no leak
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub requests_query: Option<String>,

    /// Counter of CPU seconds, where requests are not known
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub cpu_query: Option<String>,

    /// Start of the process in Unix seconds: a change is a restart
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub start_time_query: Option<String>,

    /// Bytes that were alive after the last full collection
    #[arg(long, value_name = "EXPRESSION", requires = "prometheus")]
    pub live_heap_query: Option<String>,

    /// File with the bearer token that Prometheus asks for
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub bearer_token_file: Option<PathBuf>,
}

/// How an outcome is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutcomeFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

/// Flags of `health`: those of `serve` that tell where it listens, and how.
#[derive(Debug, Args)]
pub struct HealthFlags {
    /// Configuration file of `serve`
    #[arg(long = "config.file", value_name = "FILE", env = "MEMTREND_CONFIG_FILE")]
    pub config_file: Option<PathBuf>,

    /// Address that memtrend listens on; of several the first [default: :10240]
    #[arg(
        long = "web.listen-address",
        value_name = "ADDRESS",
        env = "MEMTREND_WEB_LISTEN_ADDRESS",
        value_delimiter = ','
    )]
    pub web_listen_address: Vec<ListenAddress>,

    /// Its web config file: whether it speaks TLS
    #[arg(long = "web.config.file", value_name = "FILE", env = "MEMTREND_WEB_CONFIG_FILE")]
    pub web_config_file: Option<PathBuf>,

    /// The longest that an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "3s", allow_hyphen_values = true)]
    pub timeout: Duration,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoFlags {
    /// Address to listen on
    #[arg(long = "web.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:10240")]
    pub web_listen_address: ListenAddress,
}

/// Flags of `leak`.
#[derive(Debug, Args)]
pub struct LeakFlags {
    /// Cgroup folder to join first
    #[arg(long, value_name = "FOLDER")]
    pub join: Option<PathBuf>,

    /// Bytes that are held from the start
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    pub start: u64,

    /// Bytes leaked a second
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub rate: u64,

    /// Any word, by which its command line can be told from others
    #[arg(long, value_name = "WORD")]
    pub label: Option<String>,

    /// Serve HTTP there instead, and keep `per_request` bytes of each request
    #[arg(long, value_name = "ADDRESS")]
    pub serve: Option<String>,

    /// What is kept of each
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    pub per_request: usize,

    /// Bytes at which it ends by itself
    #[arg(long, value_name = "BYTES")]
    pub stop_at: Option<u64>,
}

impl ServeFlags {
    /// The flags as options; what is not given stays open.
    ///
    /// # Errors
    /// When a version names no application asked for, or a pattern has no name.
    pub fn into_options(self) -> Result<Options, String> {
        let mut wanted = Vec::new();
        take(&mut wanted, self.pid, SelectorOption::Pid);
        take(&mut wanted, self.pid_file, SelectorOption::PidFile);
        if let Some(nameless) = self.pattern.iter().find(|pattern| pattern.name.is_none()) {
            return Err(format!("--match {}: expected NAME=REGEX", nameless.value.0));
        }
        take(&mut wanted, self.pattern, SelectorOption::Match);
        take(&mut wanted, self.cgroup, SelectorOption::Cgroup);
        take(&mut wanted, self.unit, SelectorOption::Unit);
        for version in self.application_version {
            if version.name.is_none() {
                return Err(format!("--application-version {}: expected NAME=VERSION", version.value));
            }
            let named = wanted.iter_mut().find(|wanted| wanted.name.is_some() && wanted.name == version.name);
            let Some(named) = named else {
                let name = version.name.unwrap_or_default();
                return Err(format!("--application-version {name}={}: no flag asks for `{name}`", version.value));
            };
            named.version = Some(version.value);
        }
        Ok(Options {
            interval: self.interval,
            application: self.application,
            namespace: self.namespace,
            container: self.container,
            wanted,
            version_env: self.version_env,
            max_applications: self.max_applications,
            forget_after: self.forget_after,
            trend: TrendOptions { block: self.trend_block },
            web: WebOptions {
                listen_address: self.web_listen_address,
                telemetry_path: self.web_telemetry_path,
                config_file: self.web_config_file,
                systemd_socket: self.web_systemd_socket.then_some(true),
            },
            log: LogOptions { level: self.log_level, format: self.log_format },
            path: PathOptions { procfs: self.path_procfs, sysfs: self.path_sysfs, rootfs: self.path_rootfs },
            state: StateOptions { dir: self.state_dir, interval: self.state_interval },
        })
    }
}

fn take<T>(wanted: &mut Vec<ApplicationOption>, flags: Vec<Named<T>>, selector: fn(T) -> SelectorOption) {
    wanted.extend(flags.into_iter().map(|flag| ApplicationOption {
        name: flag.name,
        version: None,
        selector: selector(flag.value),
    }));
}
