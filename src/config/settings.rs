//! Options with their defaults, checked against each other.

use super::error::ConfigError;
use super::options::{ApplicationOption, Options};
use super::values::{Duration, ListenAddress, LogFormat, LogLevel, Which};
use std::path::PathBuf;
use std::time;

/// Samples in a base block unless an interval is set: 5 s of 60 s.
const SAMPLES_PER_BLOCK: u32 = 12;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time between samples.
    pub interval: time::Duration,
    /// Length of the base block.
    pub block: time::Duration,
    /// When an application that is gone is forgotten.
    pub forget_after: time::Duration,
    /// The most applications watched.
    pub max_applications: u32,
    /// Whether applications are found by themselves.
    pub automatic: bool,
    /// Patterns of the namespaces of containers found so.
    pub namespaces: Vec<String>,
    /// Patterns of their names.
    pub containers: Vec<String>,
    /// Applications asked for.
    pub wanted: Vec<ApplicationOption>,
    /// The environment variable that holds an application's version.
    pub version_env: Option<String>,
    /// Addresses listened on.
    pub listen_addresses: Vec<ListenAddress>,
    /// Whether the listening sockets come from systemd.
    pub systemd_socket: bool,
    /// Path of the metrics.
    pub telemetry_path: String,
    /// TLS and authentication.
    pub web_config: Option<PathBuf>,
    /// Log level.
    pub log_level: LogLevel,
    /// Log format.
    pub log_format: LogFormat,
    /// procfs.
    pub procfs: PathBuf,
    /// sysfs.
    pub sysfs: PathBuf,
    /// The node's root.
    pub rootfs: PathBuf,
    /// Where state is kept, where that is asked for.
    pub state: Option<PathBuf>,
    /// Time between two writes of trends.
    pub state_interval: time::Duration,
}

/// A disk has other things to do.
const SHORTEST_STATE_INTERVAL: time::Duration = time::Duration::from_millis(100);

impl Settings {
    /// Fills in the defaults and checks.
    ///
    /// # Errors
    /// When a value is out of its range or does not go with another.
    pub fn from_options(options: Options) -> Result<Self, ConfigError> {
        let block = options.trend.block.map_or(time::Duration::from_secs(60), |block| block.0);
        let interval = options.interval.map_or(block / SAMPLES_PER_BLOCK, |interval| interval.0);
        let forget_after = options.forget_after.map_or(time::Duration::from_secs(900), |after| after.0);
        let telemetry_path = options.web.telemetry_path.unwrap_or_else(|| "/metrics".to_owned());
        check_times(interval, block)?;
        check_path(&telemetry_path)?;
        check_wanted(&options.wanted)?;
        check_variable(options.version_env.as_deref())?;
        if forget_after < time::Duration::from_secs(1) {
            return Err(invalid(
                "forget-after",
                format!("{} is shorter than 1s", humantime::format_duration(forget_after)),
            ));
        }
        let state_interval = options.state.interval.map_or(time::Duration::from_secs(60), |interval| interval.0);
        if state_interval < SHORTEST_STATE_INTERVAL {
            return Err(invalid(
                "state.interval",
                format!("{} is shorter than 100ms", humantime::format_duration(state_interval)),
            ));
        }
        let automatic = match options.application {
            Some(which) => which == Which::Auto,
            None => options.wanted.is_empty(),
        };
        if !automatic && options.wanted.is_empty() {
            let problem = "none, and no application is asked for: give --match, --pid, --pid-file, --cgroup or --unit";
            return Err(invalid("application", problem.to_owned()));
        }
        let has_patterns = !options.namespace.is_empty() || !options.container.is_empty();
        if has_patterns && !automatic {
            let key = if options.namespace.is_empty() { "container" } else { "namespace" };
            let problem = "chooses among what is found by itself, and nothing is: add --application auto".to_owned();
            return Err(invalid(key, problem));
        }
        let default_address = || vec![ListenAddress { host: String::new(), port: 10240 }];
        let listen_addresses = options.web.listen_address;
        let path = options.path;
        Ok(Self {
            interval,
            block,
            forget_after,
            max_applications: options.max_applications.map_or(1000, |count| count.0),
            automatic,
            namespaces: options.namespace.into_iter().map(|pattern| pattern.0).collect(),
            containers: options.container.into_iter().map(|pattern| pattern.0).collect(),
            wanted: options.wanted,
            version_env: options.version_env,
            listen_addresses: if listen_addresses.is_empty() { default_address() } else { listen_addresses },
            systemd_socket: options.web.systemd_socket.unwrap_or(false),
            telemetry_path,
            web_config: options.web.config_file,
            log_level: options.log.level.unwrap_or(LogLevel::Info),
            log_format: options.log.format.unwrap_or(LogFormat::Logfmt),
            procfs: path.procfs.unwrap_or_else(|| "/proc".into()),
            sysfs: path.sysfs.unwrap_or_else(|| "/sys".into()),
            rootfs: path.rootfs.unwrap_or_else(|| "/".into()),
            state: options.state.dir,
            state_interval,
        })
    }
}

fn invalid(key: &'static str, problem: String) -> ConfigError {
    ConfigError::Invalid { key, problem }
}

fn check_times(interval: time::Duration, block: time::Duration) -> Result<(), ConfigError> {
    let written = |duration| humantime::format_duration(duration);
    let (shortest, longest) = (time::Duration::from_millis(100), time::Duration::from_secs(3600));
    if !(shortest..=longest).contains(&block) {
        return Err(invalid("trend.block", format!("{} is not between 100ms and 1h", written(block))));
    }
    if interval < time::Duration::from_millis(5) {
        return Err(invalid("interval", format!("{} is shorter than 5ms", written(interval))));
    }
    if interval > block / 2 {
        let (interval, block) = (written(interval), written(block));
        let problem = format!("{interval} is longer than half of trend.block ({block}): a block needs two samples");
        return Err(invalid("interval", problem));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), ConfigError> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
    let is_normal =
        path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")));
    let is_below = |top: &&str| path == *top || path.starts_with(&format!("{top}/"));
    let is_taken = path == "/application" || ["/-", "/api"].iter().any(is_below);
    if !is_normal || is_taken || !is_plain {
        let problem = format!(
            "`{path}` is not a path such as /metrics (not / and nothing below /-/ and /api/, nor /application)"
        );
        return Err(invalid("web.telemetry-path", problem));
    }
    Ok(())
}

fn check_wanted(wanted: &[ApplicationOption]) -> Result<(), ConfigError> {
    let mut names = std::collections::BTreeSet::new();
    for application in wanted {
        let Some(name) = &application.name else { continue };
        if name.is_empty() || name.chars().count() > crate::units::LABEL_LENGTH {
            let problem = format!("`{name}` is not a name of 1 to {} characters", crate::units::LABEL_LENGTH);
            return Err(invalid("applications.name", problem));
        }
        if !names.insert(name) {
            return Err(invalid("applications.name", format!("`{name}` is given to two applications")));
        }
    }
    Ok(())
}

fn check_variable(name: Option<&str>) -> Result<(), ConfigError> {
    match name {
        Some(name) if name.is_empty() || name.contains(['=', '\0']) => Err(invalid(
            "version-env",
            format!("`{name}` is not the name of an environment variable such as APP_VERSION"),
        )),
        _ => Ok(()),
    }
}

/// A duration as an option has it.
impl From<time::Duration> for Duration {
    fn from(duration: time::Duration) -> Self {
        Self(duration)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn settings(content: &str) -> Result<Settings, String> {
        let options: Options = toml::from_str(content).unwrap();
        Settings::from_options(options).map_err(|error| error.to_string())
    }

    #[test]
    fn the_interval_follows_the_block_unless_it_is_set() {
        assert_eq!(settings("").unwrap().interval, time::Duration::from_secs(5));
        assert_eq!(settings("[trend]\nblock='1200ms'").unwrap().interval, time::Duration::from_millis(100));
        assert_eq!(settings("interval='2s'").unwrap().interval, time::Duration::from_secs(2));
    }

    #[test]
    fn asking_for_one_application_turns_the_others_off_unless_they_are_asked_for_too() {
        assert!(settings("").unwrap().automatic);
        assert!(!settings("[[applications]]\nunit='a'").unwrap().automatic);
        assert!(settings("application='auto'\n[[applications]]\nunit='a'").unwrap().automatic);
    }

    #[test]
    fn what_does_not_go_together_is_refused_in_one_line() {
        let cases = [
            ("interval='40s'", "interval: 40s is longer than half of trend.block (1m)"),
            ("interval='1ms'", "interval: 1ms is shorter than 5ms"),
            ("[trend]\nblock='2h'", "trend.block: 2h is not between 100ms and 1h"),
            ("forget-after='0s'", "forget-after: 0s is shorter than 1s"),
            ("[web]\ntelemetry-path='/a/../b'", "web.telemetry-path: `/a/../b` is not a path"),
            ("application='none'", "application: none, and no application is asked for"),
            ("version-env='A=B'", "version-env: `A=B` is not the name"),
            ("[web]\ntelemetry-path='/api/v1/report'", "web.telemetry-path: `/api/v1/report` is not a path"),
            ("[web]\ntelemetry-path='/application'", "web.telemetry-path: `/application` is not a path"),
            ("[web]\ntelemetry-path='metrics'", "web.telemetry-path: `metrics` is not a path"),
            ("[[applications]]\nname=''\nunit='a'", "applications.name: `` is not a name"),
            (
                "[[applications]]\nname='a'\nunit='a'\n[[applications]]\nname='a'\npid=1",
                "applications.name: `a` is given to two",
            ),
        ];
        for (content, expected) in cases {
            let error = settings(content).unwrap_err();
            assert!(error.starts_with(expected) && error.lines().count() == 1, "{content}: {error}");
        }
    }
}
