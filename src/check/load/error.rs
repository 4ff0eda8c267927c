//! Why a load cannot be: each says what is wrong, and what was expected. Nothing secret is in it.

use crate::http::{AddressError, Failure};
use std::io;

/// What is wrong with a plan, or with where requests are counted.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No URL at all.
    #[error("no URL: expected one at least, such as http://localhost:8080/")]
    NoTarget,
    /// Too many.
    #[error("{0} URLs: expected at most {most}; {{n}} in one stands for the request's number", most = super::plan::MOST_TARGETS)]
    ManyTargets(usize),
    /// A URL whose server cannot be told; it is not shown, since there may be a password in it.
    #[error("URL: {0}")]
    Address(#[from] AddressError),
    /// A URL with a bad path or query.
    #[error("URL {0}: expected a path of printable ASCII characters; write others as %20 and the like")]
    Path(String),
    /// A bad method.
    #[error("method `{0}`: expected one such as GET, POST or DELETE")]
    Method(String),
    /// A header that is none; its value is not shown.
    #[error("header `{0}`: expected `Name: value`, a name of letters, digits and dashes, and a value of one line")]
    Header(String),
    /// A header that says how the body is sent.
    #[error("header `{0}`: it is made from the body; leave it out")]
    Framing(String),
    /// A body above the cap.
    #[error("body of {0} bytes: expected at most {most}", most = super::plan::LONGEST_BODY)]
    Body(usize),
    /// Statuses that are none.
    #[error("statuses `{0}`: expected such as 200, 2xx or 200-299, from 100 to 599, separated by commas")]
    Statuses(String),
    /// A rate that cannot be kept.
    #[error("rate {0}: expected requests a second, above 0 and at most {most}", most = super::plan::MOST_RATE)]
    Rate(f64),
    /// A bad number of connections.
    #[error("{0} connections: expected 1 to {most}", most = super::plan::MOST_CONNECTIONS)]
    Connections(usize),
    /// No time for an answer.
    #[error("a request timeout of 0: expected such as 10s")]
    Timeout,
    /// No TLS.
    #[error("{0}")]
    Tls(Failure),
    /// No thread, or no event loop in it.
    #[error("the load's own thread cannot be started: {0}")]
    Thread(io::Error),
    /// Neither a counter nor a pattern.
    #[error("requests from `{0}`: expected NAME@URL, NAME{{label=\"value\"}}@URL or output:REGEX")]
    RequestsFrom(String),
    /// A counter's name or labels that are none.
    #[error(
        "requests from `{0}`: expected a Prometheus counter such as http_requests_total{{code=\"200\"}}@http://localhost:8080/metrics"
    )]
    Counter(String),
    /// A regular expression that is none.
    #[error("requests from output: `{pattern}` is not a regular expression: {why}")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// In the words of the regular expression's compiler.
        why: String,
    },
    /// A regular expression that takes no number out of a line.
    #[error("requests from output: `{0}` has no group: expected one around the number, such as `requests: ([0-9]+)`")]
    NoGroup(String),
}
