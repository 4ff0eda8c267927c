//! What one run of the gate has found: the immutable value that every output renders.

use super::compare::Comparison;
use super::judge::{Finding, Growth};
use super::series::Point;
use crate::sample::{Kind, named_enum};
use crate::units::Bytes;

named_enum! {
    /// What work is counted in.
    Unit {
        /// Answers of the load, or of a counter of requests.
        Request => "request",
        /// Steps of a counter that is no request's.
        Iteration => "iteration",
        /// Time, where nothing is counted.
        Hour => "hour",
    }
}

named_enum! {
    /// What is judged.
    Part {
        /// Anonymous and shared memory, resident or swapped out, of processes whose heap cannot be looked into.
        Memory => "memory",
        /// What is live in the collected heap after a full collection.
        LiveHeap => "live heap",
        /// What a runtime holds beside that heap.
        OutsideHeap => "outside the heap",
    }
}

named_enum! {
    /// What the gate answers for; one test case each in reports.
    Check {
        /// Growth stays within its bound.
        Growth => "growth",
        /// Memory stays below its bound.
        MaxRss => "max-rss",
        /// Growth is not more than in the earlier run.
        BaselineGrowth => "baseline-growth",
        /// The level is not more than in the earlier run.
        BaselineLevel => "baseline-level",
        /// The program ran from beginning to end: no restart, no kill for want of memory.
        Program => "program",
        /// The load was answered as it should be.
        Load => "load",
        /// Memory comes back when the load stops.
        Idle => "idle",
    }
}

named_enum! {
    /// What has come of one check.
    Outcome {
        /// It holds.
        Passed => "passed",
        /// It does not.
        Failed => "failed",
        /// That could not be told: the gate fails closed.
        Unknown => "unknown",
        /// It is told, and decides nothing.
        Told => "told",
    }
}

named_enum! {
    /// The verdict on the whole.
    Conclusion {
        /// Every check holds.
        NoLeak => "no leak",
        /// Growth is above its bound.
        Leak => "leak",
        /// Another check does not hold.
        Failed => "failed",
        /// It could not be told.
        Inconclusive => "inconclusive",
    }
}

/// One check with its sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Which.
    pub check: Check,
    /// What has come of it.
    pub outcome: Outcome,
    /// Why, for people.
    pub sentence: String,
}

/// One part of the memory that was judged by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Which.
    pub part: Part,
    /// What it says.
    pub finding: Finding,
}

/// Memory by the stages of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// When it was ready.
    pub ready: Option<Bytes>,
    /// Mean of the floors in the window that was judged.
    pub floor: Option<Bytes>,
    /// The most that was seen.
    pub peak: Option<Bytes>,
    /// When the load ended.
    pub end: Option<Bytes>,
    /// After the rest without load.
    pub idle: Option<Bytes>,
}

/// Stages, in seconds since the program was started or first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stages {
    /// It was ready.
    pub ready: f64,
    /// The window that was judged begins.
    pub judged_from: Option<f64>,
    /// The verdict.
    pub verdict: f64,
}

/// Work that was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Units since the load began.
    pub done: f64,
    /// Units in a second, over all of the load.
    pub per_second: f64,
    /// Requests that failed; absent where the load is not memtrend's own.
    pub failed: Option<u64>,
    /// Seconds from when a request was due to its answer, half of them and 99 of 100; absent as above.
    pub latency: Option<[f64; 2]>,
}

/// Growth of one kind of memory over the window that was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindGrowth {
    /// Which.
    pub kind: Kind,
    /// Bytes for each unit of work: the slope of its floors.
    pub rate: f64,
    /// What there was of it at the end.
    pub end: Bytes,
}

/// Processes of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Processes {
    /// The most that were seen at one time.
    pub most: usize,
    /// Those that began after it was ready.
    pub begun: usize,
    /// Those that ended before the load did.
    pub ended: usize,
}

/// All that is known of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct GateReport {
    /// The command line, the pid or the container, clean.
    pub subject: String,
    /// The verdict.
    pub conclusion: Conclusion,
    /// The verdict in one sentence.
    pub sentence: String,
    /// What was asked, in the order in which it is told.
    pub checks: Vec<Checked>,
    /// What work is counted in.
    pub unit: Unit,
    /// The largest growth allowed, in bytes a unit.
    pub most_growth: f64,
    /// The most memory allowed.
    pub most_memory: Option<Bytes>,
    /// Growth of all parts together.
    pub growth: Option<Growth>,
    /// Of each part.
    pub parts: Vec<Judged>,
    /// By kind of memory, the fastest first.
    pub kinds: Vec<KindGrowth>,
    /// Against an earlier run.
    pub comparison: Option<Comparison>,
    /// Memory by stages.
    pub levels: Levels,
    /// When what happened.
    pub stages: Stages,
    /// When the load began, in the seconds of `stages`: where the seconds of `curve` are zero.
    pub load_began: f64,
    /// Work done.
    pub work: Work,
    /// Processes.
    pub processes: Processes,
    /// What else is worth knowing, a sentence each.
    pub notes: Vec<String>,
    /// Memory over the run, thinned for a picture; seconds since the load began.
    pub curve: Vec<Point>,
}

impl GateReport {
    /// What becomes of the checks taken together: nothing where somebody cut the run short, else a failure first, then what could not be
    /// told.
    pub fn conclude(checks: &[Checked], is_cut_short: bool) -> Conclusion {
        if is_cut_short {
            return Conclusion::Inconclusive;
        }
        let has = |outcome: Outcome| checks.iter().find(|checked| checked.outcome == outcome);
        let leaks = checks.iter().any(|one| one.check == Check::Growth && one.outcome == Outcome::Failed);
        match (leaks, has(Outcome::Failed), has(Outcome::Unknown)) {
            (true, ..) => Conclusion::Leak,
            (false, Some(_), _) => Conclusion::Failed,
            (false, None, Some(_)) => Conclusion::Inconclusive,
            (false, None, None) => Conclusion::NoLeak,
        }
    }
}

impl Conclusion {
    /// What the gate ends with: 0 all is well, 1 something is not, 2 it could not be told.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::NoLeak => 0,
            Self::Leak | Self::Failed => 1,
            Self::Inconclusive => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_goes_before_what_is_unknown_and_nothing_unknown_passes() {
        let checks = |outcomes: &[(Check, Outcome)]| -> Conclusion {
            let checked = |&(check, outcome): &(Check, Outcome)| Checked { check, outcome, sentence: String::new() };
            GateReport::conclude(&outcomes.iter().map(checked).collect::<Vec<_>>(), false)
        };
        let growth = |outcome| (Check::Growth, outcome);
        assert_eq!(checks(&[growth(Outcome::Passed), (Check::Idle, Outcome::Told)]).exit_code(), 0);
        assert_eq!(checks(&[growth(Outcome::Failed), (Check::Load, Outcome::Unknown)]), Conclusion::Leak);
        assert_eq!(checks(&[growth(Outcome::Passed), (Check::Program, Outcome::Failed)]).exit_code(), 1);
        assert_eq!(checks(&[growth(Outcome::Passed), (Check::Load, Outcome::Unknown)]).exit_code(), 2);
    }
}
