//! What is to be run, and how it is judged.

use super::ready::Ready;
use crate::analysis::gate::facts::Bounds;
use std::ffi::OsString;
use std::time::Duration;

/// What is watched.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A program, which is started here and ended at the end.
    Command(Vec<OsString>),
    /// A process that runs, with all below it.
    Process(u32),
    /// A container that runs: its id, or the beginning of it.
    Container(String),
}

/// What makes the program work.
#[derive(Clone, Debug)]
pub(crate) enum Drive {
    /// The load that is built in.
    Http(Box<super::load::Plan>),
    /// The user's own load tool.
    Tool(Vec<OsString>),
    /// The program itself, or somebody else.
    Nothing,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What is watched.
    pub(crate) target: Target,
    /// What it is called in reports, clean.
    pub(crate) subject: String,
    /// When it is ready: all of these hold.
    pub(crate) ready: Vec<Ready>,
    /// It must be by then.
    pub(crate) ready_timeout: Duration,
    /// What makes it work.
    pub(crate) drive: Drive,
    /// What counts the work, where it is not the built-in load.
    pub(crate) counter: Option<super::load::command::RequestsFrom>,
    /// Whether something in front of the program is loaded.
    pub(crate) is_proxied: bool,
    /// Whose certificates are good.
    pub(crate) trust: crate::http::Trust,
    /// The share of requests that may fail.
    pub(crate) most_failures: f64,
    /// How it is judged.
    pub(crate) bounds: Bounds,
    /// Load for at least so long, though the verdict is known.
    pub(crate) min_time: Duration,
    /// Load for at most so long.
    pub(crate) max_time: Duration,
    /// After the load it is watched for so long; zero for not at all.
    pub(crate) idle_after: Duration,
    /// A program that is asked to end has so long.
    pub(crate) stop_timeout: Duration,
    /// Time between two looks.
    pub(crate) interval: Duration,
    /// Whether runtimes are asked for their live heap.
    pub(crate) asks_runtimes: bool,
}
