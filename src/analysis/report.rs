//! The immutable value that every output renders.

use super::floors::PUBLISHED_SCALES;
use super::forecast::TimeToLimit;
use super::kinds::RateByKind;
use super::oom::{Cause, Kills, Totals};
use super::origin::Origin;
use super::sample::{About, Identity, Memory, Outcome, OwnProcess, Population};
use super::trend::Slope;
use super::verdict::{Evidence, Verdict};
use crate::units::{Clock, Timestamp};
use std::sync::Arc;

/// All that is known at one instant.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// When the sample behind it was taken.
    pub clock: Clock,
    /// Names of the published windows, as the duration that they are.
    pub windows: Arc<[String; PUBLISHED_SCALES.len()]>,
    /// Applications, sorted by identity.
    pub applications: Vec<ApplicationReport>,
    /// Applications that are over the cap and not watched.
    pub dropped: u64,
    /// What each source of kills has seen, and what no application owns.
    pub kills: Kills,
    /// How the readers fared in the last pass.
    pub outcomes: Vec<Outcome>,
    /// memtrend itself.
    pub own_process: Option<OwnProcess>,
}

/// One application.
#[derive(Clone, Debug)]
pub struct ApplicationReport {
    /// Who it is.
    pub identity: Arc<Identity>,
    /// What else is known.
    pub about: Arc<About>,
    /// What was seen of it in the last pass; absent when it was not found or not readable.
    pub present: Option<Present>,
    /// Whether it is gone for so long that its kills alone are still told.
    pub is_only_kills: bool,
    /// The conclusion.
    pub verdict: Verdict,
    /// The numbers behind it.
    pub evidence: Evidence,
    /// Lives that the present leak has lasted; 0 when there is none.
    pub leak_lifetimes: u64,
    /// Estimated start of the present growth.
    pub onset: Option<Timestamp>,
    /// What was running when it began.
    pub origin: Option<Box<Origin>>,
    /// Its kills, memory events and pressure.
    pub totals: Arc<Totals>,
    /// Lives that ended and were followed by another, by [`Cause`].
    pub restarts: [u64; Cause::ALL.len()],
}

/// An application that is there.
#[derive(Clone, Debug)]
pub struct Present {
    /// Its memory now.
    pub memory: Memory,
    /// Lowest heap of the last completed base block, in bytes.
    pub floor: Option<f64>,
    /// Slope of the floor at the published windows.
    pub slopes: [Option<Slope>; PUBLISHED_SCALES.len()],
    /// Growth of each kind over the shortest window.
    pub by_kind: RateByKind,
    /// Time to the limit; only while growing and limited.
    pub time_to_limit: Option<TimeToLimit>,
    /// Seconds that a restart would buy; only while growing and limited.
    pub restart_gain_seconds: Option<f64>,
    /// Start of the present life.
    pub started: Timestamp,
    /// Head counts.
    pub population: Population,
}
