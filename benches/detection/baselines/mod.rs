//! What else is used to tell a leak: each a pure function over the same rows, in order, evaluated every five minutes.
//!
//! The parameters are those that the sources or common alert rules use; the comments say which.

mod backward;
mod holt;
mod mann_kendall;
mod points;
mod predict_linear;

use memtrend::analysis::verdict::Verdict;
use memtrend::score::{Judged, Series};
use memtrend::trace::Row;
use memtrend::units::BytesPerSecond;

/// What a baseline says now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opinion {
    /// Whether it would call a leak.
    pub(crate) is_leak: bool,
    /// Growth that it sees, in bytes a second.
    pub(crate) rate: Option<f64>,
    /// Level that it sees, in bytes.
    pub(crate) level: f64,
}

/// Reads rows and has an opinion at times.
pub(crate) trait Baseline {
    /// A new opinion, if the row completes a step.
    fn push(&mut self, row: &Row) -> Option<Opinion>;
}

/// An alert must hold for so long before it counts, as `for: 30m`.
const SUSTAINED: f64 = 1800.0;

/// A baseline by name.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    make: fn() -> Box<dyn Baseline>,
}

const HOUR: f64 = 3600.0;

/// All of them.
pub(crate) const BASELINES: &[Named] = &[
    Named {
        name: "`predict_linear` 1 h → 4 h",
        make: || Box::new(predict_linear::PredictLinear::new(HOUR, 4.0 * HOUR)),
    },
    Named {
        name: "`predict_linear` 1 h → 24 h",
        make: || Box::new(predict_linear::PredictLinear::new(HOUR, 24.0 * HOUR)),
    },
    Named {
        name: "`predict_linear` 24 h → 4 d",
        make: || Box::new(predict_linear::PredictLinear::new(24.0 * HOUR, 96.0 * HOUR)),
    },
    Named {
        name: "Mann-Kendall (Hamed-Rao) + Sen, 3 h",
        make: || Box::new(mann_kendall::MannKendall::new(3.0 * HOUR)),
    },
    Named {
        name: "Mann-Kendall (Hamed-Rao) + Sen, 24 h",
        make: || Box::new(mann_kendall::MannKendall::new(24.0 * HOUR)),
    },
    Named { name: "double exponential smoothing", make: || Box::new(holt::Holt::new()) },
    Named { name: "backward regression", make: || Box::new(backward::Backward::new()) },
];

impl Named {
    /// What it says of a series.
    pub(crate) fn judge(&self, rows: &[Row], series: Series) -> Judged {
        let mut baseline = (self.make)();
        let mut holds_since = None;
        let mut judged = Judged {
            first_growing: None,
            first_leaking: None,
            last_suspected: None,
            verdict: Verdict::Steady,
            rate: None,
            time_to_limit: None,
            series,
        };
        for row in rows {
            let Some(opinion) = baseline.push(row) else { continue };
            let at = row.timestamp_seconds;
            holds_since = if opinion.is_leak { holds_since.or(Some(at)) } else { None };
            let is_called = holds_since.is_some_and(|since: f64| at - since >= SUSTAINED);
            judged.verdict = if is_called { Verdict::Leaking } else { Verdict::Steady };
            if is_called {
                judged.first_leaking = judged.first_leaking.or(Some(at));
                judged.last_suspected = Some(at);
            }
            judged.rate = opinion.rate.map(BytesPerSecond);
            let room = row.limit.map(|limit| (limit.as_f64() - opinion.level).max(0.0));
            judged.time_to_limit =
                room.zip(opinion.rate).filter(|(_, rate)| *rate > 0.0).map(|(room, rate)| room / rate);
        }
        judged
    }
}

/// Growth that counts: 2 % of the limit, or of the level where there is none.
fn material(row: &Row, level: f64) -> f64 {
    0.02 * row.limit.map_or(level, |limit| limit.as_f64())
}
