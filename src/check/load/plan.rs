//! What is to be sent, how often, and what is expected of the answers.

use super::error::LoadError;
use super::header::Header;
use super::statuses::Statuses;
use super::target::Target;
use crate::http::Trust;
use bytes::Bytes;
use hyper::Method;
use std::time::Duration;

/// Connections at the most.
pub const MOST_CONNECTIONS: usize = 256;

/// Requests a second at the most.
pub const MOST_RATE: f64 = 100_000.0;

/// Requests a second at the most where the rate is found out.
pub const MOST_MEASURED_RATE: f64 = 1000.0;

/// How long requests follow one another at once, to find out how many the server can answer.
pub const TRIAL: Duration = Duration::from_secs(2);

/// URLs at the most.
pub(super) const MOST_TARGETS: usize = 1000;

/// Longest body, in bytes.
pub const LONGEST_BODY: usize = 16 << 20;

/// How often requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many a second.
    PerSecond(f64),
    /// Half of what the server can answer, as a trial shows, and [`MOST_MEASURED_RATE`] at the most.
    Measured,
}

impl Rate {
    /// Itself, where it can be kept.
    pub(super) fn checked(self) -> Result<Self, LoadError> {
        match self {
            Self::PerSecond(rate) if !(rate > 0.0 && rate <= MOST_RATE) => Err(LoadError::Rate(rate)),
            good => Ok(good),
        }
    }
}

/// A load of HTTP/1.1 requests.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Taken in turn; one at least.
    pub targets: Vec<Target>,
    /// How often.
    pub rate: Rate,
    /// How many requests can be under way at once, each by a connection of its own; 1 to [`MOST_CONNECTIONS`].
    pub connections: usize,
    /// `None` is GET, or POST where there is a body.
    pub method: Option<Method>,
    /// Besides `Host`, `User-Agent`, and the credentials of a URL; one of these takes its place.
    pub headers: Vec<Header>,
    /// Sent with each request; `{n}` in it stands for the request's number.
    pub body: Bytes,
    /// Statuses that are no failure.
    pub expected: Statuses,
    /// For the whole answer, from when the request is sent; for a connection too, at most 10 s.
    pub timeout: Duration,
    /// Whose certificates are good.
    pub trust: Trust,
}

impl Plan {
    /// GET by eight connections, at a rate that is found out.
    pub fn new(targets: Vec<Target>) -> Self {
        Self {
            targets,
            rate: Rate::Measured,
            connections: 8,
            method: None,
            headers: Vec::new(),
            body: Bytes::new(),
            expected: Statuses::default(),
            timeout: Duration::from_secs(10),
            trust: Trust::Machine,
        }
    }

    /// Whether each of its numbers is in its range.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        self.rate.checked()?;
        match self {
            Self { targets, .. } if targets.is_empty() => Err(LoadError::NoTarget),
            Self { targets, .. } if targets.len() > MOST_TARGETS => Err(LoadError::ManyTargets(targets.len())),
            Self { connections, .. } if !(1..=MOST_CONNECTIONS).contains(connections) => {
                Err(LoadError::Connections(*connections))
            }
            Self { body, .. } if body.len() > LONGEST_BODY => Err(LoadError::Body(body.len())),
            Self { timeout, .. } if timeout.is_zero() => Err(LoadError::Timeout),
            _ => Ok(()),
        }
    }
}
