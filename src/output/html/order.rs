//! In which order the applications stand.

use super::address::View;
use super::figures::{growth, kills};
use crate::analysis::report::{ApplicationReport, Report};
use crate::analysis::verdict::Verdict;
use crate::units::{Timestamp, count_as_f64, length_as_count};
use std::cmp::Ordering;

/// A kill makes an application urgent for so many seconds.
const RECENT_SECONDS: f64 = 3600.0;

/// Columns that the rows may be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Name and place.
    Name,
    /// What needs somebody: the worst verdict first, and of each the least time to the limit.
    #[default]
    Verdict,
    /// Heap, the largest first.
    Heap,
    /// Growth, the fastest first.
    Growth,
    /// Time to the limit, the least first.
    Limit,
    /// What a restart buys, the least first.
    Restart,
    /// OOM kills, the most first.
    Kills,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 7] =
        [Self::Name, Self::Verdict, Self::Heap, Self::Growth, Self::Limit, Self::Restart, Self::Kills];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Verdict => "verdict",
            Self::Heap => "heap",
            Self::Growth => "growth",
            Self::Limit => "limit",
            Self::Restart => "restart",
            Self::Kills => "kills",
        }
    }

    /// Its heading.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Name => "Application",
            Self::Verdict => "Verdict",
            Self::Heap => "Heap and limit",
            Self::Growth => "Growth",
            Self::Limit => "Time to limit",
            Self::Restart => "A restart buys",
            Self::Kills => "OOM kills",
        }
    }

    /// The order of its rows, in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Verdict => "the worst verdict and the least time to the limit first",
            Self::Heap => "the largest heap first",
            Self::Growth => "the fastest growth first",
            Self::Limit => "the least time to the limit first",
            Self::Restart => "where a restart buys least first",
            Self::Kills => "the most OOM kills first",
        }
    }

    /// Whether its values rise down the page, sorted as is natural.
    pub(super) const fn rises(self) -> bool {
        matches!(self, Self::Name | Self::Limit | Self::Restart)
    }

    /// What it is sorted by; what has no value stands last, whichever way round.
    fn value(self, place: usize, application: &ApplicationReport, now: Timestamp) -> Option<f64> {
        let present = application.present.as_ref();
        match self {
            Self::Name => Some(count_as_f64(length_as_count(place))),
            Self::Verdict => Some(f64::from(severity(application, now))),
            Self::Heap => present.map(|present| present.memory.heap().as_f64()),
            Self::Growth => growth(application).map(|slope| slope.rate.0),
            Self::Limit => present.and_then(|present| present.time_to_limit).map(|time| time.expected),
            Self::Restart => present.and_then(|present| present.restart_gain_seconds),
            Self::Kills => Some(count_as_f64(kills(application))),
        }
    }
}

/// How bad it is: a leak, then a kill of late, then growth.
fn severity(application: &ApplicationReport, now: Timestamp) -> u8 {
    let killed = application.totals.last_kill.as_ref().map(|kill| now.0 - kill.at.0);
    match application.verdict {
        Verdict::Leaking => 4,
        _ if killed.is_some_and(|seconds| seconds < RECENT_SECONDS) => 3,
        Verdict::Growing => 2,
        Verdict::Steady => 1,
        Verdict::Learning => 0,
    }
}

/// Places in the report of the applications that are shown, in the order of the view.
pub(super) fn order(report: &Report, view: View) -> Vec<usize> {
    let all = report.applications.iter().enumerate();
    let shown = all.filter(|(_, application)| view.shows_all || !application.is_only_kills);
    let now = report.clock.wall;
    let key = |(place, application): (usize, &ApplicationReport)| {
        let left = application.present.as_ref().and_then(|present| present.time_to_limit).map(|time| time.expected);
        (view.sort.value(place, application, now), severity(application, now), left.unwrap_or(f64::INFINITY), place)
    };
    let mut rows: Vec<_> = shown.map(key).collect();
    let is_rising = view.sort.rises() != view.is_reversed;
    rows.sort_by(|(a, a_severity, a_left, a_place), (b, b_severity, b_left, b_place)| {
        let by_value = match (a, b) {
            (Some(a), Some(b)) if is_rising => a.total_cmp(b),
            (Some(a), Some(b)) => b.total_cmp(a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let by_urgency = b_severity.cmp(a_severity).then(a_left.total_cmp(b_left));
        by_value.then(by_urgency).then(a_place.cmp(b_place))
    });
    rows.into_iter().map(|(.., place)| place).collect()
}
