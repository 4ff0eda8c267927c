//! What was running when growth began, and how the version before it behaved.

use super::trend::Slope;
use crate::units::Span;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where growth comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Age of the life in which it began, at that time, in seconds; absent where its start is not known.
    pub age_seconds: Option<f64>,
    /// Version at that time.
    pub version: Option<Box<str>>,
    /// The version before it, where one was seen.
    pub earlier: Option<Earlier>,
}

/// How an earlier version behaved in its last life.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Earlier {
    /// Its name.
    pub version: Box<str>,
    /// Its slope at the end over the longest window; absent when it was not seen for long enough.
    pub slope: Option<Slope>,
    /// Whether it was steady.
    pub was_steady: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref();
        match (self.age_seconds, version) {
            (Some(age), Some(version)) => write!(f, "began {} after version {version} started", Span(age))?,
            (Some(age), None) => write!(f, "began {} after its start", Span(age))?,
            (None, Some(version)) => write!(f, "began in version {version}")?,
            (None, None) => {}
        }
        match &self.earlier {
            Some(Earlier { version, was_steady: true, .. }) => write!(f, "; {version} was steady"),
            Some(Earlier { version, slope: Some(Slope { rate, .. }), .. }) => write!(f, "; {version} grew by {rate}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BytesPerSecond;

    #[test]
    fn it_names_the_version_its_age_and_the_one_before() {
        let rate = BytesPerSecond(1024.0 * 1024.0 / 3600.0);
        let slope = Some(Slope { rate, lower: rate, upper: rate });
        let earlier = |was_steady| Some(Earlier { version: "2.4.0".into(), slope, was_steady });
        let origin = |age, version: Option<&str>, earlier| {
            Origin { age_seconds: age, version: version.map(Into::into), earlier }.to_string()
        };
        assert_eq!(
            origin(Some(720.0), Some("2.4.1"), earlier(true)),
            "began 12 min after version 2.4.1 started; 2.4.0 was steady"
        );
        assert_eq!(origin(None, Some("2.4.1"), earlier(false)), "began in version 2.4.1; 2.4.0 grew by +1.0 MiB/h");
        assert_eq!(origin(Some(0.0), None, None), "began 0 s after its start");
        assert_eq!(origin(None, None, None), "");
    }
}
