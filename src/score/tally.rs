//! Adds up verdicts against the truth.

use super::figures::Figures;
use super::judged::Judged;
use super::truth::{Label, Truth};
use crate::units::count_as_f64;

const WEEK_SECONDS: f64 = 7.0 * 86_400.0;

/// A sum over series.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    leaks: u64,
    called: u64,
    called_early: u64,
    suspected: u64,
    clean: u64,
    clean_called: u64,
    clean_seconds: f64,
    shares_left: Vec<f64>,
    hours_to_call: Vec<f64>,
    slope_errors: Vec<f64>,
    limit_errors: Vec<f64>,
}

/// How one series came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// A leak that was called, or a clean series that was not.
    Right,
    /// A leak that was not called.
    Missed,
    /// A clean series that was called, or a leak before it began.
    FalseCall,
}

impl Score {
    /// Of one series. A leak whose first call is before its onset is a false call, whatever follows.
    pub fn of(truth: &Truth, judged: &Judged) -> Self {
        match (truth.label, judged.first_leaking) {
            (Label::Clean, None) => Self::Right,
            (Label::Clean, Some(_)) => Self::FalseCall,
            (Label::Leak, None) => Self::Missed,
            (Label::Leak, Some(call)) if truth.onset_seconds.is_some_and(|onset| call < onset) => Self::FalseCall,
            (Label::Leak, Some(_)) => Self::Right,
        }
    }
}

impl Tally {
    /// Adds one series.
    pub fn add(&mut self, truth: &Truth, judged: &Judged) {
        let result = Score::of(truth, judged);
        match truth.label {
            Label::Clean => {
                self.clean += 1;
                self.clean_called += u64::from(result == Score::FalseCall);
                self.clean_seconds += judged.series.span_seconds();
            }
            Label::Leak => {
                self.leaks += 1;
                self.called += u64::from(result == Score::Right);
                self.called_early += u64::from(result == Score::FalseCall);
                let is_after_onset = |at| truth.onset_seconds.is_none_or(|onset| at >= onset);
                self.suspected += u64::from(judged.last_suspected.is_some_and(is_after_onset));
                if result == Score::Right {
                    self.measure(truth, judged);
                }
            }
        }
    }

    /// How early a leak was called, and how far off its figures are.
    fn measure(&mut self, truth: &Truth, judged: &Judged) {
        let onset = truth.onset_seconds;
        let exhaustion = truth.exhaustion(judged.series.level_at_onset());
        if let (Some(call), Some(onset)) = (judged.first_leaking, onset) {
            self.hours_to_call.push((call - onset) / 3600.0);
            if let Some(exhaustion) = exhaustion.filter(|exhaustion| *exhaustion > onset) {
                self.shares_left.push(((exhaustion - call) / (exhaustion - onset)).max(0.0));
            }
        }
        let true_rate = truth.growth.map(|growth| growth.0);
        self.slope_errors.extend(relative_error(judged.rate.map(|rate| rate.0), true_rate));
        let true_time = truth.time_to_limit(judged.series.level_at_end());
        self.limit_errors.extend(relative_error(judged.time_to_limit, true_time));
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        let false_calls = self.called_early + self.clean_called;
        Figures {
            leaks: self.leaks,
            leaks_called: self.called,
            leaks_called_early: self.called_early,
            leaks_growing_or_leaking: self.suspected,
            clean: self.clean,
            clean_called: self.clean_called,
            precision: share(self.called, self.called + false_calls),
            recall: share(self.called, self.leaks),
            f1: share(2 * self.called, self.called + false_calls + self.leaks).filter(|_| self.leaks > 0),
            false_alarms_per_app_week: (self.clean_seconds > 0.0)
                .then(|| count_as_f64(self.clean_called) / (self.clean_seconds / WEEK_SECONDS)),
            share_left: median(&self.shares_left),
            hours_to_call: median(&self.hours_to_call),
            slope_error: median(&self.slope_errors),
            time_to_limit_error: median(&self.limit_errors),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| count_as_f64(part) / count_as_f64(whole))
}

/// `None` when either is not known, or there is nothing to be relative to.
fn relative_error(value: Option<f64>, truth: Option<f64>) -> Option<f64> {
    let truth = truth.filter(|truth| *truth > 0.0)?;
    Some((value? - truth).abs() / truth)
}

/// The middle one, or the mean of the two in the middle; `None` of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let below = (sorted.len() / 2).checked_sub(1).filter(|_| sorted.len().is_multiple_of(2));
    Some(below.and_then(|below| sorted.get(below)).map_or(upper, |lower| f64::midpoint(*lower, upper)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::sample::LoadCounters;
    use crate::analysis::verdict::Verdict;
    use crate::score::Series;
    use crate::trace::Row;
    use crate::units::{Bytes, BytesPerSecond};

    /// From 10,000 s on 10 bytes a second, at a limit of 1,001,000 bytes.
    fn truth(label: Label) -> Truth {
        Truth {
            label,
            kind: "map".to_owned(),
            runtime: "c".to_owned(),
            onset_seconds: (label == Label::Leak).then_some(10_000.0),
            growth: (label == Label::Leak).then_some(BytesPerSecond(10.0)),
            limit: Some(Bytes(1_001_000)),
            exhaustion_seconds: None,
            ambiguous: None,
        }
    }

    /// 80,000 seconds, at 1,000 bytes and with 501,000 at the end.
    fn judged(first_leaking: Option<f64>) -> Judged {
        let mut series = Series::new(Some(10_000.0));
        for (at, heap) in [(5000.0, 5), (10_000.0, 1000), (10_600.0, 1000), (85_000.0, 501_000)] {
            series.push(&Row {
                timestamp_seconds: at,
                heap: Bytes(heap),
                limit: None,
                live_heap: None,
                load: LoadCounters::default(),
                start_seconds: None,
                oom_kills: None,
                about: std::sync::Arc::default(),
            });
        }
        Judged {
            first_growing: None,
            first_leaking,
            last_suspected: first_leaking,
            verdict: Verdict::Steady,
            rate: Some(BytesPerSecond(11.0)),
            time_to_limit: Some(40_000.0),
            series,
        }
    }

    fn tally(of: &[(Label, Option<f64>)]) -> Figures {
        let mut tally = Tally::default();
        of.iter().for_each(|(label, call)| tally.add(&truth(*label), &judged(*call)));
        tally.figures()
    }

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(tally(&[]), Figures::default());
    }

    /// The line from 1,000 bytes at 10,000 s reaches the limit after 100,000 s; a call at 35,000 s leaves three quarters.
    #[test]
    fn a_leak_that_is_called_tells_how_early_and_how_far_off() {
        let figures = tally(&[(Label::Leak, Some(35_000.0))]);
        assert_eq!((figures.leaks, figures.leaks_called, figures.leaks_growing_or_leaking), (1, 1, 1));
        assert_eq!((figures.precision, figures.recall, figures.f1), (Some(1.0), Some(1.0), Some(1.0)));
        assert_eq!((figures.share_left, figures.hours_to_call), (Some(0.75), Some(25_000.0 / 3600.0)));
        assert!((figures.slope_error.unwrap() - 0.1).abs() < 1e-9, "{figures:?}");
        // 500,000 bytes are left: 50,000 s, where 40,000 were expected.
        assert_eq!((figures.time_to_limit_error, figures.false_alarms_per_app_week), (Some(0.2), None));
    }

    #[test]
    fn a_call_after_the_limit_leaves_nothing_and_known_exhaustion_goes_before_the_line() {
        assert_eq!(tally(&[(Label::Leak, Some(200_000.0))]).share_left, Some(0.0));
        let mut all = Tally::default();
        all.add(&Truth { exhaustion_seconds: Some(60_000.0), ..truth(Label::Leak) }, &judged(Some(35_000.0)));
        assert_eq!(all.figures().share_left, Some(0.5));
    }

    #[test]
    fn a_call_before_the_onset_is_a_false_call_and_no_find() {
        let figures = tally(&[(Label::Leak, Some(9999.0)), (Label::Leak, Some(10_000.0))]);
        assert_eq!((figures.leaks_called, figures.leaks_called_early, figures.leaks_growing_or_leaking), (1, 1, 1));
        assert_eq!((figures.precision, figures.recall, figures.f1), (Some(0.5), Some(0.5), Some(0.5)));
    }

    /// Two found of three; one of four clean ones called in 320,000 s.
    #[test]
    fn shares_are_of_calls_of_leaks_and_of_weeks() {
        let called = Some(20_000.0);
        let figures = tally(&[
            (Label::Leak, called),
            (Label::Leak, called),
            (Label::Leak, None),
            (Label::Clean, called),
            (Label::Clean, None),
            (Label::Clean, None),
            (Label::Clean, None),
        ]);
        assert_eq!(
            (figures.precision, figures.recall, figures.f1),
            (Some(2.0 / 3.0), Some(2.0 / 3.0), Some(4.0 / 6.0))
        );
        assert!((figures.false_alarms_per_app_week.unwrap() - 1.89).abs() < 1e-9, "{figures:?}");
    }

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
    }
}
