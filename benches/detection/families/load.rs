//! Requests that a service gets: a level, a day, a week, a ramp, and noise.

use crate::random::Random;

pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 24.0 * HOUR;

/// Requests a second over time.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Mean over a weekday without ramp.
    pub(crate) mean: f64,
    /// Swing of the day around the mean, 0 to 1.
    pub(crate) daily: f64,
    /// Hours after midnight at which the series begins.
    phase: f64,
    /// Weekend as a share of a weekday, and the weekday on which the series begins.
    pub(crate) weekend: f64,
    first_day: f64,
    /// From when to when it ramps up, by what factor, and whether it falls back at the end of the ramp's plateau.
    pub(crate) ramp: Option<(f64, f64, f64)>,
    pub(crate) falls_back_at: f64,
    noise: f64,
    wander: f64,
}

impl Load {
    /// What most services see: a moderate day, noise of a few percent.
    pub(crate) fn usual(random: &mut Random) -> Self {
        Self {
            mean: random.scaled(5.0, 2000.0),
            daily: random.between(0.1, 0.4),
            phase: random.between(0.0, 24.0),
            weekend: 1.0,
            first_day: random.between(0.0, 7.0).floor(),
            ramp: None,
            falls_back_at: f64::INFINITY,
            noise: random.between(0.01, 0.06),
            wander: 0.0,
        }
    }

    /// The level without noise, relative to the mean, `at` seconds after the beginning of the series.
    pub(crate) fn relative(&self, at: f64) -> f64 {
        let hours = at / HOUR + self.phase;
        let day = 1.0 + self.daily * (std::f64::consts::TAU * (hours - 9.0) / 24.0).sin();
        let weekday = (self.first_day + (hours / 24.0).floor()).rem_euclid(7.0);
        let week = if weekday >= 5.0 { self.weekend } else { 1.0 };
        let ramp = self.ramp.map_or(1.0, |(from, to, factor)| {
            if at >= self.falls_back_at {
                1.0
            } else {
                1.0 + (factor - 1.0) * ((at - from) / (to - from)).clamp(0.0, 1.0)
            }
        });
        day * week * ramp
    }

    /// Requests a second with noise: some of it lasts for minutes.
    pub(crate) fn rate(&mut self, at: f64, random: &mut Random) -> f64 {
        self.wander = 0.9 * self.wander + 0.44 * random.normal();
        let noise = self.noise * (0.7 * self.wander + 0.7 * random.normal());
        (self.mean * self.relative(at) * (1.0 + noise)).max(0.0)
    }
}
