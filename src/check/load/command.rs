//! The requests that the user's own load tool has made: told by a counter of the program, or by what the tool writes. Who runs the
//! tool is another's affair.

mod counter;
mod exposition;
mod metric;
mod output;
mod reading;
mod scrape;

pub use counter::RequestCounter;
pub use metric::Metric;
pub use output::{OutputStream, Pattern};

use super::error::LoadError;
use std::fmt;
use std::str::FromStr;

/// Where the number of requests is told.
#[derive(Clone, Debug)]
pub enum RequestsFrom {
    /// A Prometheus counter: `NAME@URL` or `NAME{label="value"}@URL`.
    Metric(Metric),
    /// Lines of the tool: `output:REGEX`.
    Output(Pattern),
}

impl fmt::Display for RequestsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => write!(f, "{metric} does not rise"),
            Self::Output(pattern) => write!(f, "output:{pattern} fits no new line of the load tool's output"),
        }
    }
}

impl FromStr for RequestsFrom {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        match text.strip_prefix("output:") {
            Some(pattern) => pattern.parse().map(Self::Output),
            None => text.parse().map(Self::Metric),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_is_a_counter_or_a_pattern() {
        let metric = "http_requests_total{code=\"200\"}@http://me:secret@h:1/metrics".parse().unwrap();
        assert!(
            matches!(&metric, RequestsFrom::Metric(found) if found.to_string() == "http_requests_total{code=\"200\"}@http://h:1/metrics")
        );
        assert!(!format!("{metric:?}").contains("secret"));
        let pattern = "output:([0-9]+) requests".parse().unwrap();
        assert!(matches!(&pattern, RequestsFrom::Output(found) if found.to_string() == "([0-9]+) requests"));
    }

    #[test]
    fn what_is_neither_is_told() {
        let cases = [
            ("", "requests from ``: expected NAME@URL, NAME{label=\"value\"}@URL or output:REGEX"),
            ("http://h/metrics", "requests from `http`: expected NAME@URL"),
            ("x", "expected NAME@URL"),
            ("@http://h", "requests from ``: expected NAME@URL"),
            ("9x@http://h", "requests from `9x`: expected a Prometheus counter"),
            ("a-b@http://h", "requests from `a-b`: expected a Prometheus counter"),
            ("x{a}@http://h", "requests from `x`: expected a Prometheus counter"),
            ("x{a=\"b\"", "expected a Prometheus counter"),
            ("x{a=~\"b\"}@http://h", "requests from `x`: expected a Prometheus counter"),
            ("x{a=\"b\"}http://h", "expected a Prometheus counter"),
            ("x@me:s3cret@h", "URL: expected an address"),
            ("output:", "`` has no group: expected one around the number"),
            ("output:[0-9]+", "has no group"),
            ("output:(", "`(` is not a regular expression: unclosed group"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<RequestsFrom>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("s3cret"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", labels in ".*") {
            let _ = text.parse::<RequestsFrom>();
            let _ = format!("x{{{labels}}}@http://h").parse::<RequestsFrom>();
            let _ = format!("output:({text})").parse::<RequestsFrom>();
        }
    }
}
