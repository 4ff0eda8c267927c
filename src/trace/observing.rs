//! What a row tells, as a live pass would have seen it.

use super::row::Row;
use memtrend_analysis::sample::{
    Basis, ByKind, Ceiling, CgroupCounters, Identity, Kind, Lifetime, LimitSource, Memory, Observation, Population,
};
use memtrend_analysis::units::Timestamp;
use std::sync::Arc;

/// Makes observations of the rows of one application, and counts its lives.
#[derive(Debug)]
pub struct Observing {
    observation: Observation,
    /// The start that was told last.
    start_seconds: Option<f64>,
    /// When the present life began, where that is known.
    started: Option<f64>,
    version: Option<Box<str>>,
    lifetimes: u64,
}

impl Observing {
    /// Of an application of that name, which begins with this row; the row itself is yet to be observed.
    pub fn new(identity: Arc<Identity>, first: &Row) -> Self {
        Self {
            observation: Observation {
                identity,
                about: Arc::clone(&first.about),
                lifetime: Lifetime { pid: 1, start_ticks: 0 },
                started: Timestamp(first.timestamp_seconds),
                age_seconds: f64::INFINITY,
                memory: None,
                live_heap: first.live_heap,
                load: first.load,
                counters: None,
                population: Population { processes: 1, ..Population::default() },
            },
            start_seconds: first.start_seconds,
            started: first.start_seconds,
            version: first.about.version.clone(),
            lifetimes: 1,
        }
    }

    /// Lives seen.
    pub fn lifetimes(&self) -> u64 {
        self.lifetimes
    }

    /// What the next row tells.
    pub fn observe(&mut self, row: &Row) -> &Observation {
        self.note_life(row);
        let seen = &mut self.observation;
        seen.lifetime.start_ticks = self.lifetimes;
        seen.started = Timestamp(self.started.unwrap_or(seen.started.0));
        seen.age_seconds = self.started.map_or(f64::INFINITY, |start| row.timestamp_seconds - start);
        if !Arc::ptr_eq(&seen.about, &row.about) {
            seen.about = Arc::clone(&row.about);
        }
        seen.live_heap = row.live_heap;
        seen.load = row.load;
        let mut by_kind = ByKind::default();
        by_kind.set(Kind::Anon, row.heap);
        let ceiling = row.limit.filter(|limit| limit.0 > 0).map(|limit| Ceiling {
            source: LimitSource::Own,
            limit,
            used: row.heap,
            swap_included: false,
        });
        seen.memory = Some(Memory { by_kind, basis: Basis::Processes, ceiling });
        seen.counters = row.oom_kills.map(|kills| CgroupCounters {
            incarnation: 1,
            oom_kills: Some(kills),
            own_limit_hits: Some(kills),
            ..CgroupCounters::default()
        });
        seen
    }

    /// A life begins with another start, and with another version, whose start is not told then.
    fn note_life(&mut self, row: &Row) {
        let version = row.about.version.as_ref().filter(|version| self.version.as_ref() != Some(*version));
        let is_another = version.is_some() && self.version.is_some();
        if let Some(version) = version {
            self.version = Some(version.clone());
        }
        if row.start_seconds.is_some() && row.start_seconds != self.start_seconds {
            self.lifetimes += u64::from(self.start_seconds.is_some() || is_another);
            self.start_seconds = row.start_seconds;
            self.started = row.start_seconds;
        } else if is_another {
            self.lifetimes += 1;
            self.started = Some(row.timestamp_seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memtrend_analysis::sample::{About, LoadCounters};
    use memtrend_analysis::units::Bytes;

    /// Lives, by the version and the start that are told in each of ten rows.
    fn lifetimes(told: impl Fn(u32) -> (Option<&'static str>, Option<f64>)) -> u64 {
        let row = |place: u32| {
            let (version, start_seconds) = told(place);
            let about = About { version: version.map(Into::into), ..About::default() };
            let (live_heap, limit, load, oom_kills) = (None, None, LoadCounters::default(), None);
            let (timestamp_seconds, heap, about) = (f64::from(place) * 60.0, Bytes(1 << 20), Arc::new(about));
            Row { timestamp_seconds, heap, limit, live_heap, load, start_seconds, oom_kills, about }
        };
        let identity = Identity { application: "a".into(), namespace: None, pod: None, container: None };
        let mut observing = Observing::new(Arc::new(identity), &row(0));
        (0..10).for_each(|place| {
            observing.observe(&row(place));
        });
        observing.lifetimes()
    }

    #[test]
    fn another_start_or_another_version_is_another_life_and_both_at_once_are_one() {
        let start = |place| f64::from(place / 5);
        assert_eq!(lifetimes(|_| (Some("1"), Some(0.0))), 1);
        assert_eq!(lifetimes(|place| (Some("1"), Some(start(place)))), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), None)), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), Some(start(place)))), 2);
        assert_eq!(lifetimes(|place| (Some(if place < 5 { "1" } else { "2" }), Some(0.0))), 2);
    }

    #[test]
    fn a_version_or_a_start_that_is_not_told_for_a_while_is_no_other() {
        assert_eq!(lifetimes(|place| ((place != 5).then_some("1"), Some(0.0))), 1);
        assert_eq!(lifetimes(|place| (Some("1"), (place != 5).then_some(0.0))), 1);
    }
}
