//! Single values, each with its own way of being written and of being wrong. One parser serves files, environment and
//! flags.

use serde::de::{Deserialize, Deserializer, Visitor};
use std::str::FromStr;

/// Makes a type readable from TOML by the parser that serves flags and environment too, so that an error stands at the
/// value's place. A number is a number in the file, and text on the command line.
macro_rules! deserialize_from {
    ($method:ident, $visit:ident($given:ty), $type:ty, $expected:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Expected;
                impl Visitor<'_> for Expected {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expected)
                    }

                    fn $visit<E: serde::de::Error>(self, given: $given) -> Result<$type, E> {
                        given.to_string().parse().map_err(E::custom)
                    }
                }
                deserializer.$method(Expected)
            }
        }
    };
}

/// A pattern of names: `*` for any characters, `?` for one, `!` before it for what does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(pub String);

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.strip_prefix('!').unwrap_or(text).trim().is_empty() {
            return Err(format!("`{text}` fits no name: expected one such as shop, shop-* or !kube-system"));
        }
        Ok(Self(text.to_owned()))
    }
}
deserialize_from!(deserialize_str, visit_str(&str), NamePattern, "a pattern of names in quotes such as \"shop-*\"");

/// A span of time such as `5s`, `500ms`, `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

/// Nothing is set for longer.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10 * 366 * 86_400);

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = humantime::parse_duration(text);
        let wrong = |why: &str| format!("`{text}` is not a duration such as 5s, 500ms or 1h30m: {why}");
        let duration = parsed.map_err(|error| match error {
            humantime::DurationError::NumberOverflow => wrong("it is too long"),
            error => wrong(&error.to_string()),
        })?;
        if duration > LONGEST { Err(wrong("it is longer than 10 years")) } else { Ok(Self(duration)) }
    }
}
deserialize_from!(deserialize_str, visit_str(&str), Duration, "a duration in quotes such as \"5s\"");

/// A regular expression over the bytes of a command line.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::bytes::Regex);

/// Memory that one compiled pattern may take: patterns come from the operator, but a typing error should not cost
/// megabytes.
const PATTERN_SIZE: usize = 1 << 20;

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty regular expression fits every process: say which are meant".to_owned());
        }
        // Command lines are bytes: classes are ASCII, and a dot is any byte.
        let compiled = regex::bytes::RegexBuilder::new(text).unicode(false).size_limit(PATTERN_SIZE).build();
        compiled.map(Self).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{text}` is not a regular expression: {reason}")
        })
    }
}
deserialize_from!(deserialize_str, visit_str(&str), Pattern, "a regular expression in quotes");

/// `HOST:PORT`, or `:PORT` for all addresses of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// Empty for all addresses.
    pub host: String,
    /// 0 for any free one.
    pub port: u16,
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address such as :10240, 127.0.0.1:10240 or [::1]:10240");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_bracketed = bare.len() < host.len();
        let is_address = if is_bracketed { bare.contains(':') } else { !bare.contains([':', '[', ']']) };
        if !is_address || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let port = port.parse().map_err(|_| wrong())?;
        Ok(Self { host: bare.to_owned(), port })
    }
}
deserialize_from!(deserialize_str, visit_str(&str), ListenAddress, "an address in quotes such as \":10240\"");

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// A pid: 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pid(pub u32);

/// The kernel's `PID_MAX_LIMIT` on 64 bits.
const LARGEST_PID: u32 = 4_194_304;

impl FromStr for Pid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match whole_number(text) {
            Some(pid) if (1..=LARGEST_PID.into()).contains(&pid) => {
                u32::try_from(pid).map(Self).map_err(|e| e.to_string())
            }
            _ => Err(format!("`{text}` is not a pid: a whole number from 1 to {LARGEST_PID}")),
        }
    }
}
deserialize_from!(deserialize_i64, visit_i64(i64), Pid, "a pid (1 or more, without quotes)");

/// A number of applications: 1 to 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationCount(pub u32);

impl FromStr for ApplicationCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match whole_number(text) {
            Some(count) if (1..=100_000).contains(&count) => u32::try_from(count).map(Self).map_err(|e| e.to_string()),
            _ => Err(format!("`{text}` is not a whole number from 1 to 100000")),
        }
    }
}
deserialize_from!(deserialize_i64, visit_i64(i64), ApplicationCount, "a whole number from 1 to 100000, without quotes");

fn whole_number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The path of a cgroup as the kernel writes it; people also give the folder below /sys/fs/cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupPath(pub String);

impl FromStr for CgroupPath {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let rest = given.strip_prefix("/sys/fs/cgroup").unwrap_or(given);
        let rest = rest.strip_prefix("/memory").filter(|_| rest.len() < given.len()).unwrap_or(rest);
        match rest.trim_matches('/') {
            "" => Err(format!("`{given}` is not a cgroup below the root, such as /system.slice/app.service")),
            path => Ok(Self(format!("/{path}"))),
        }
    }
}
deserialize_from!(
    deserialize_str,
    visit_str(&str),
    CgroupPath,
    "a cgroup in quotes such as \"/system.slice/app.service\""
);

/// The name of a systemd unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitName(pub String);

impl FromStr for UnitName {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if matches!(given, "" | ".service") || given.contains('/') {
            return Err(format!("`{given}` is not the name of a unit such as postgresql.service"));
        }
        Ok(Self(given.to_owned()))
    }
}
deserialize_from!(deserialize_str, visit_str(&str), UnitName, "a unit in quotes such as \"app.service\"");

/// A path that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub std::path::PathBuf);

impl FromStr for FilePath {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if given.is_empty() { Err("an empty path names no file".to_owned()) } else { Ok(Self(given.into())) }
    }
}
deserialize_from!(deserialize_str, visit_str(&str), FilePath, "a path in quotes");

/// Which applications are watched beside those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Every container, systemd unit and program that is found.
    Auto,
    /// None.
    None,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// State changes.
    Info,
    /// What is degraded.
    Warn,
    /// What a person must act on.
    Error,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `key=value` pairs.
    Logfmt,
    /// A JSON object a line.
    Json,
}

/// `NAME=VALUE`, or `VALUE` where the name may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The name, if given.
    pub name: Option<String>,
    /// The value.
    pub value: T,
}

impl<T: FromStr> FromStr for Named<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    /// What stands before the first `=` is the name.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some(("", _)) => return Err(format!("`{text}` has no name before the =")),
            Some((name, value)) => (Some(name.to_owned()), value),
            None => (None, text),
        };
        if value.is_empty() && name.is_some() {
            return Err(format!("`{text}` has nothing after the ="));
        }
        let value = value.parse().map_err(|error: T::Err| error.to_string())?;
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for text in [":10240", "127.0.0.1:0", "[::1]:9090", "localhost:80"] {
            assert_eq!(text.parse::<ListenAddress>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "10240", "::1:80", "a:b", "host:70000", "host:", ":+1", "[]:1", "[localhost]:1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_cgroup_may_be_given_as_the_kernel_or_as_the_file_system_names_it() {
        for (given, expected) in [
            ("/system.slice/a.service", "/system.slice/a.service"),
            ("system.slice/a.service/", "/system.slice/a.service"),
            ("/sys/fs/cgroup/system.slice", "/system.slice"),
            ("/sys/fs/cgroup/memory/x", "/x"),
            ("/memory/x", "/memory/x"),
        ] {
            assert_eq!(given.parse(), Ok(CgroupPath(expected.to_owned())));
        }
        assert!("/".parse::<CgroupPath>().is_err() && "/sys/fs/cgroup/".parse::<CgroupPath>().is_err());
    }

    #[test]
    fn a_pattern_sees_bytes() {
        let fits =
            |pattern: &str, line: &[u8]| pattern.parse::<Pattern>().is_ok_and(|pattern| pattern.0.is_match(line));
        assert!(
            fits(r"java .*\.jar", b"java -Dx=\xff app.jar") && fits("(?i)APP", b"app") && fits("é", "é".as_bytes())
        );
        assert!("".parse::<Pattern>().is_err() && "(".parse::<Pattern>().is_err());
    }

    #[test]
    fn a_name_ends_at_the_first_equals_sign() {
        let named: Result<Named<String>, _> = "app=--flag=1".parse();
        assert_eq!(named, Ok(Named { name: Some("app".to_owned()), value: "--flag=1".to_owned() }));
        assert!("=x".parse::<Named<String>>().is_err() && "app=".parse::<Named<String>>().is_err());
    }
}
