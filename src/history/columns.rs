//! The columns beside the heap: each a query of its own, joined to the series that are judged.

use super::answer::Series;
use super::labels::Labels;
use super::problem::Problem;
use crate::trace::Row;
use crate::units::{Bytes, whole};

/// What a query beside the main one tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Limit in bytes.
    Limit,
    /// Live heap in bytes.
    LiveHeap,
    /// Counter of requests.
    Requests,
    /// Counter of CPU seconds.
    CpuSeconds,
    /// Start of the process in seconds since the Unix epoch.
    StartTime,
}

impl Column {
    /// Puts a value where it belongs; one below zero is not known, as there is none in a trace.
    fn set(self, row: &mut Row, value: f64) {
        if value < 0.0 {
            return;
        }
        match self {
            Self::Limit => row.limit = Some(Bytes(whole(value))),
            Self::LiveHeap => row.live_heap = Some(Bytes(whole(value))),
            Self::Requests => row.load.requests = Some(value),
            Self::CpuSeconds => row.load.cpu_seconds = Some(value),
            Self::StartTime => row.start_seconds = Some(value),
        }
    }
}

/// How a column's series were found to belong to those judged.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// Whether there was any at all.
    pub(super) seen: bool,
    /// Whether any did.
    pub(super) any: bool,
    /// The series that was taken because each side had but one.
    only: Option<Labels>,
}

impl Joined {
    /// The series of `found` that belongs to `judged`: the one with equal labels; else the one with the most labels, all of
    /// which `judged` has (a sum by some of them); else, where each side has but one, that one.
    ///
    /// # Errors
    /// When several fit.
    pub(super) fn series<'a>(
        &mut self,
        judged: &Labels,
        is_alone: bool,
        found: &'a [Series],
    ) -> Result<Option<&'a Series>, Problem> {
        self.seen |= !found.is_empty();
        let ambiguous = || Problem::Ambiguous(judged.to_string());
        let fitting = || found.iter().filter(|series| series.labels.fit(judged));
        let most = fitting().map(|series| series.labels.count()).max();
        let mut best = fitting().filter(|series| Some(series.labels.count()) == most);
        if let Some(one) = best.next() {
            self.any = true;
            return if best.next().is_some() { Err(ambiguous()) } else { Ok(Some(one)) };
        }
        let Some(first) = found.first() else { return Ok(None) };
        let is_same = self.only.as_ref().is_none_or(|only| *only == first.labels);
        if is_alone && found.len() == 1 && is_same {
            self.only = Some(first.labels.clone());
            self.any = true;
            return Ok(Some(first));
        }
        // What was taken for lack of another would now be a guess.
        if self.only.is_some() { Err(ambiguous()) } else { Ok(None) }
    }
}

/// Values of one column, read along with rising times.
pub(super) struct Cursor<'a> {
    pub(super) column: Column,
    pub(super) points: &'a [(u64, f64)],
}

impl Cursor<'_> {
    /// Puts the value of the instant `at` into a row, if there is one.
    pub(super) fn fill(&mut self, at: u64, row: &mut Row) {
        let before = self.points.iter().take_while(|(then, _)| *then < at).count();
        self.points = self.points.get(before..).unwrap_or_default();
        if let Some((_, value)) = self.points.first().filter(|(then, _)| *then == at) {
            self.column.set(row, *value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeMap;

    fn series(labels: &[(&str, &str)]) -> Series {
        let labels: BTreeMap<Box<str>, Box<str>> =
            labels.iter().map(|(label, value)| ((*label).into(), (*value).into())).collect();
        Series { labels: labels.into(), points: Vec::new() }
    }

    fn taken(judged: &Series, is_alone: bool, found: &[Series]) -> Result<Option<String>, String> {
        let series = Joined::default().series(&judged.labels, is_alone, found).map_err(|error| error.to_string())?;
        Ok(series.map(|series| series.labels.to_string()))
    }

    #[test]
    fn equal_labels_come_before_fewer_and_those_before_the_only_one() {
        let judged = series(&[("__name__", "heap"), ("job", "a"), ("pod", "1")]);
        let equal = || series(&[("__name__", "limit"), ("job", "a"), ("pod", "1")]);
        let sum = || series(&[("job", "a")]);
        let other = || series(&[("container", "x")]);
        let text = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(taken(&judged, false, &[sum(), other(), equal()]), text("limit{job=\"a\",pod=\"1\"}"));
        assert_eq!(taken(&judged, false, &[other(), sum()]), text("{job=\"a\"}"));
        assert_eq!(taken(&judged, true, &[other()]), text("{container=\"x\"}"));
        assert_eq!(taken(&judged, false, &[other()]), Ok(None));
        assert_eq!(taken(&judged, true, &[other(), other()]), Ok(None));
        assert!(taken(&judged, true, &[sum(), series(&[("pod", "1")])]).unwrap_err().contains("several"));
    }

    #[test]
    fn what_was_the_only_one_must_remain_it() {
        let judged = series(&[("job", "a")]);
        let mut joined = Joined::default();
        let first = [series(&[("container", "x")])];
        assert!(joined.series(&judged.labels, true, &first).unwrap().is_some());
        assert!(joined.series(&judged.labels, true, &[]).unwrap().is_none(), "a gap");
        assert!(joined.series(&judged.labels, true, &[series(&[("container", "y")])]).is_err());
        assert!(joined.series(&judged.labels, false, &first).is_err());
    }
}
