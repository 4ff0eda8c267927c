//! Load counters become work: requests where they are told, else CPU seconds, and never one in terms of the other.

use super::floors::Work;
use super::sample::LoadCounters;
use crate::units::Moment;
use serde::{Deserialize, Serialize};

/// Requests that are not told for so many base blocks are gone; till then CPU seconds do not stand in for them.
const LONGEST_GAP_BLOCKS: f64 = 15.0;

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
enum Counter {
    Requests,
    CpuSeconds,
}

/// The counter that is followed, when it was last read, and what it was.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Meter {
    last: Option<(Counter, Moment, f64)>,
}

impl Meter {
    /// The increase since the counter was last read; none when it went back. Tells too whether another one is followed from
    /// now on: what was measured by the one before is then of no use.
    pub(super) fn read(&mut self, load: &LoadCounters, at: Moment, block_seconds: f64) -> (Work, bool) {
        let requests = load.requests.map(|requests| (Counter::Requests, requests));
        let Some((counter, now)) = requests.or(load.cpu_seconds.map(|seconds| (Counter::CpuSeconds, seconds))) else {
            return (Work::default(), false);
        };
        let Some((followed, then, earlier)) = self.last else {
            self.last = Some((counter, at, now));
            return (Work::default(), false);
        };
        let is_gap = counter == Counter::CpuSeconds && at.0 - then.0 <= LONGEST_GAP_BLOCKS * block_seconds;
        if followed != counter && is_gap {
            return (Work::default(), false);
        }
        self.last = Some((counter, at, now));
        let is_increase = followed == counter && now >= earlier && at.0 > then.0;
        let work = if is_increase { Work::over(now - earlier, at.0 - then.0) } else { Work::default() };
        (work, followed != counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &[(f64, Option<f64>, Option<f64>)]) -> Vec<(f32, f32, bool)> {
        let mut meter = Meter::default();
        let read = |(at, requests, cpu_seconds): &(f64, Option<f64>, Option<f64>)| {
            let load = LoadCounters { requests: *requests, cpu_seconds: *cpu_seconds };
            let (work, is_other) = meter.read(&load, Moment(*at), 60.0);
            (work.amount, work.seconds, is_other)
        };
        rows.iter().map(read).collect()
    }

    #[test]
    fn a_gap_in_the_requests_is_a_gap_and_cpu_seconds_do_not_fill_it() {
        let rows =
            [(0.0, Some(100.0), Some(7.0)), (5.0, None, Some(8.0)), (10.0, Some(300.0), Some(9.0)), (15.0, None, None)];
        assert_eq!(read(&rows), [(0.0, 0.0, false), (0.0, 0.0, false), (200.0, 10.0, false), (0.0, 0.0, false)]);
    }

    #[test]
    fn when_requests_are_gone_for_good_or_come_another_counter_is_followed() {
        let rows = [
            (0.0, Some(1.0), Some(7.0)),
            (905.0, None, Some(8.0)),
            (910.0, None, Some(9.0)),
            (915.0, Some(50.0), None),
        ];
        assert_eq!(read(&rows), [(0.0, 0.0, false), (0.0, 0.0, true), (1.0, 5.0, false), (0.0, 0.0, true)]);
    }

    #[test]
    fn a_counter_that_goes_back_was_reset() {
        let rows = [(0.0, None, Some(7.0)), (5.0, None, Some(1.0)), (10.0, None, Some(2.0)), (10.0, None, Some(3.0))];
        assert_eq!(read(&rows), [(0.0, 0.0, false), (0.0, 0.0, false), (1.0, 5.0, false), (0.0, 0.0, false)]);
    }
}
