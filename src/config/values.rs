//! Single values, each with its own way of being written and of being wrong. One parser serves files, environment and
//! flags.

use serde::de::{Deserialize, Deserializer, Error as _};
use std::str::FromStr;

/// Makes a type that is written as a string readable from TOML, with the error at the value's place.
macro_rules! deserialize_from_str {
    ($type:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// A span of time such as `5s`, `500ms`, `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = humantime::parse_duration(text);
        parsed.map(Self).map_err(|error| format!("`{text}` is not a duration such as 5s, 500ms or 1h30m: {error}"))
    }
}
deserialize_from_str!(Duration);

/// A regular expression over the bytes of a command line.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::bytes::Regex);

/// Memory that one compiled pattern may take: patterns come from the operator, but a typing error should not cost
/// megabytes.
const PATTERN_SIZE: usize = 1 << 20;

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let compiled = regex::bytes::RegexBuilder::new(text).size_limit(PATTERN_SIZE).build();
        compiled.map(Self).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{text}` is not a regular expression: {reason}")
        })
    }
}
deserialize_from_str!(Pattern);

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
        if bare.contains(':') && bare.len() == host.len() {
            return Err(wrong());
        }
        let port = port.parse().map_err(|_| wrong())?;
        Ok(Self { host: bare.to_owned(), port })
    }
}
deserialize_from_str!(ListenAddress);

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

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
        if value.is_empty() {
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
        for text in ["", "10240", "::1:80", "a:b", "host:70000", "host:"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_ends_at_the_first_equals_sign() {
        let named: Result<Named<String>, _> = "app=--flag=1".parse();
        assert_eq!(named, Ok(Named { name: Some("app".to_owned()), value: "--flag=1".to_owned() }));
        assert!("=x".parse::<Named<String>>().is_err() && "app=".parse::<Named<String>>().is_err());
    }
}
