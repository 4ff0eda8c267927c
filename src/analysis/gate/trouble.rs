//! What goes wrong in a run, and which check answers for it.

use super::report::{Check, Outcome};
use crate::units::{Bytes, Span};
use std::fmt;

/// One thing that went wrong. Texts in it are clean.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The program could not be started; why.
    NotStarted(String),
    /// It was not ready in time: what was waited for, and for so many seconds.
    NotReady(String, f64),
    /// Another process listens at the address that is loaded.
    OtherListens(String),
    /// It ended by itself: how, after so many seconds.
    Ended(String, f64),
    /// It had no more to do, before anything could be told, after so many seconds.
    Done(f64),
    /// The process that held most of its memory has ended, while the program went on: its program.
    Restarted(String),
    /// The kernel killed so many of its processes for want of memory.
    OutOfMemory(u64),
    /// It was signalled to death by somebody, after so many seconds: the signal's number.
    Signalled(i32, f64),
    /// It ended with the exit code of shells and runtimes that end by a signal (128 and its number), after so many seconds: the code.
    Stopped(i32, f64),
    /// Its memory could not be read; why.
    Unreadable(String),
    /// It came to so much, which is above `--max-rss`.
    TooLarge(Bytes, Bytes),
    /// It came so near to its limit that it was ended before it would be killed.
    NearLimit(Bytes, Bytes),
    /// The load failed: what, and an example.
    LoadFailed(String),
    /// The load tool was signalled to death by somebody: the signal's number.
    LoadKilled(i32),
    /// The load ended before anything could be told, after so many seconds.
    LoadEnded(f64),
    /// The counter of requests cannot be read; why.
    NotCounted(String),
    /// memtrend was told to stop, by this signal.
    Interrupted(String),
    /// A process of memtrend's own was killed.
    KeeperLost,
}

impl Trouble {
    /// The check that answers for it, and with what.
    pub fn answers(&self) -> (Check, Outcome) {
        match self {
            Self::Restarted(_) | Self::OutOfMemory(_) => (Check::Program, Outcome::Failed),
            Self::TooLarge(..) => (Check::MaxRss, Outcome::Failed),
            Self::LoadFailed(_) | Self::LoadKilled(_) | Self::LoadEnded(_) | Self::NotCounted(_) => {
                (Check::Load, Outcome::Unknown)
            }
            Self::NotStarted(_)
            | Self::NotReady(..)
            | Self::OtherListens(_)
            | Self::Ended(..)
            | Self::Done(_)
            | Self::Signalled(..)
            | Self::Stopped(..)
            | Self::Unreadable(_)
            | Self::NearLimit(..)
            | Self::Interrupted(_)
            | Self::KeeperLost => (Check::Program, Outcome::Unknown),
        }
    }

    /// Whether somebody cut the run short: then it decides nothing, whatever was seen until then.
    pub fn cuts_short(&self) -> bool {
        matches!(
            self,
            Self::Signalled(..) | Self::Stopped(..) | Self::LoadKilled(_) | Self::Interrupted(_) | Self::KeeperLost
        )
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "the program could not be started: {why}"),
            Self::NotReady(what, seconds) => write!(f, "not ready after {}: waited for {what}", Span(*seconds)),
            Self::OtherListens(address) => write!(
                f,
                "what listens at {address} is not the program: its memory would say nothing (--proxied where that is meant)"
            ),
            Self::Ended(how, seconds) => write!(f, "the program ended {how} after {}", Span(*seconds)),
            Self::Done(seconds) => {
                write!(
                    f,
                    "the program was done after {}, before anything could be told: let it run for longer",
                    Span(*seconds)
                )
            }
            Self::Restarted(program) => {
                write!(f, "{program}, which held most of the memory, ended and was replaced: a restart hides a leak")
            }
            Self::OutOfMemory(1) => f.write_str("the kernel OOM-killed a process of it"),
            Self::OutOfMemory(count) => write!(f, "the kernel OOM-killed {count} processes of it"),
            Self::Signalled(signal, seconds) => {
                write!(f, "the program was killed by signal {signal} after {}", Span(*seconds))
            }
            Self::Stopped(code, seconds) => {
                let signal = code.saturating_sub(128);
                write!(f, "the program was ended by signal {signal} (exit code {code}) after {}", Span(*seconds))
            }
            Self::Unreadable(why) => write!(f, "its memory could not be read: {why}"),
            Self::TooLarge(peak, most) => write!(f, "{peak} were held, limit {most}"),
            Self::NearLimit(held, limit) => {
                write!(
                    f,
                    "{held} of its limit of {limit} were in use: the run was ended before the kernel would kill it"
                )
            }
            Self::LoadFailed(what) => f.write_str(what),
            Self::LoadKilled(signal) => write!(f, "the load tool was killed by signal {signal}"),
            Self::LoadEnded(seconds) => {
                write!(f, "the load ended after {}, before anything could be told: run it for longer", Span(*seconds))
            }
            Self::NotCounted(why) => write!(f, "requests could not be counted: {why}"),
            Self::Interrupted(signal) => write!(f, "memtrend was told to stop by {signal}"),
            Self::KeeperLost => f.write_str("the process in which memtrend keeps the program was killed"),
        }
    }
}
