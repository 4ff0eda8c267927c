//! Options as they may be given, in the file or by flags and environment; what is not given is `None` or empty.

use super::values::{
    ApplicationCount, CgroupPath, Duration, FilePath, ListenAddress, LogFormat, LogLevel, NamePattern, Pattern, Pid,
    UnitName, Which,
};
use serde::Deserialize;
use std::path::PathBuf;

/// All options. The keys of the file are the names of the flags, with a table for what stands before a dot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// Time between samples.
    pub interval: Option<Duration>,
    /// Which applications are watched beside those asked for.
    pub application: Option<Which>,
    /// Namespaces of containers that are found by themselves.
    pub namespace: Vec<NamePattern>,
    /// Their containers' names.
    pub container: Vec<NamePattern>,
    /// Applications asked for.
    #[serde(rename = "applications")]
    pub wanted: Vec<ApplicationOption>,
    /// The environment variable that holds an application's version.
    pub version_env: Option<String>,
    /// The most applications watched.
    pub max_applications: Option<ApplicationCount>,
    /// When an application that is gone is forgotten.
    pub forget_after: Option<Duration>,
    /// Trend.
    pub trend: TrendOptions,
    /// HTTP.
    pub web: WebOptions,
    /// Log.
    pub log: LogOptions,
    /// Mount points.
    pub path: PathOptions,
    /// What outlives memtrend.
    pub state: StateOptions,
}

/// `[trend]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a table [trend]")]
pub struct TrendOptions {
    /// Base block.
    pub block: Option<Duration>,
}

/// `[web]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a table [web]")]
pub struct WebOptions {
    /// Addresses.
    pub listen_address: Vec<ListenAddress>,
    /// Path of the metrics.
    pub telemetry_path: Option<String>,
    /// TLS and authentication.
    pub config_file: Option<PathBuf>,
    /// Whether the listening sockets come from systemd.
    pub systemd_socket: Option<bool>,
}

/// `[log]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a table [log]")]
pub struct LogOptions {
    /// Level.
    pub level: Option<LogLevel>,
    /// Format.
    pub format: Option<LogFormat>,
}

/// `[path]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a table [path]")]
pub struct PathOptions {
    /// procfs.
    pub procfs: Option<PathBuf>,
    /// sysfs.
    pub sysfs: Option<PathBuf>,
    /// The node's root.
    pub rootfs: Option<PathBuf>,
}

/// `[state]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a table [state]")]
pub struct StateOptions {
    /// The folder that it is kept in.
    pub dir: Option<PathBuf>,
    /// How often trends are written.
    pub interval: Option<Duration>,
}

/// One `[[applications]]`, or one of the flags that select one.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawApplication")]
pub struct ApplicationOption {
    /// Name; left out, it is taken from what is selected.
    pub name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// How it is found.
    pub selector: SelectorOption,
}

/// How an application is found.
#[derive(Clone, Debug)]
pub enum SelectorOption {
    /// By pid.
    Pid(Pid),
    /// By pid file.
    PidFile(FilePath),
    /// By command line.
    Match(Pattern),
    /// By cgroup.
    Cgroup(CgroupPath),
    /// By systemd unit.
    Unit(UnitName),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawApplication {
    name: Option<String>,
    version: Option<String>,
    pid: Option<Pid>,
    pid_file: Option<FilePath>,
    r#match: Option<Pattern>,
    cgroup: Option<CgroupPath>,
    unit: Option<UnitName>,
}

impl TryFrom<RawApplication> for ApplicationOption {
    type Error = String;

    fn try_from(raw: RawApplication) -> Result<Self, String> {
        let selectors = [
            raw.pid.map(SelectorOption::Pid),
            raw.pid_file.map(SelectorOption::PidFile),
            raw.r#match.map(SelectorOption::Match),
            raw.cgroup.map(SelectorOption::Cgroup),
            raw.unit.map(SelectorOption::Unit),
        ];
        let mut given = selectors.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(selector), None) => Ok(Self { name: raw.name, version: raw.version, selector }),
            _ => Err("an application needs exactly one of `pid`, `pid-file`, `match`, `cgroup`, `unit`".to_owned()),
        }
    }
}

impl Options {
    /// These options, and where one is not given, the other's. Applications asked for by flags replace the file's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let filled = |own: Vec<_>, other| if own.is_empty() { other } else { own };
        Self {
            interval: self.interval.or(other.interval),
            application: self.application.or(other.application),
            namespace: if self.namespace.is_empty() { other.namespace } else { self.namespace },
            container: if self.container.is_empty() { other.container } else { self.container },
            wanted: if self.wanted.is_empty() { other.wanted } else { self.wanted },
            version_env: self.version_env.or(other.version_env),
            max_applications: self.max_applications.or(other.max_applications),
            forget_after: self.forget_after.or(other.forget_after),
            trend: TrendOptions { block: self.trend.block.or(other.trend.block) },
            web: WebOptions {
                listen_address: filled(self.web.listen_address, other.web.listen_address),
                telemetry_path: self.web.telemetry_path.or(other.web.telemetry_path),
                config_file: self.web.config_file.or(other.web.config_file),
                systemd_socket: self.web.systemd_socket.or(other.web.systemd_socket),
            },
            log: LogOptions { level: self.log.level.or(other.log.level), format: self.log.format.or(other.log.format) },
            path: PathOptions {
                procfs: self.path.procfs.or(other.path.procfs),
                sysfs: self.path.sysfs.or(other.path.sysfs),
                rootfs: self.path.rootfs.or(other.path.rootfs),
            },
            state: StateOptions {
                dir: self.state.dir.or(other.state.dir),
                interval: self.state.interval.or(other.state.interval),
            },
        }
    }
}
