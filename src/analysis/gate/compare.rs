//! This run against an earlier one.

use super::judge::Growth;

/// What is kept of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// Growth in bytes for each unit of work.
    pub growth: Growth,
    /// Mean of the floors at the end, in bytes.
    pub level: f64,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Growth more than before, with the bounds of both runs.
    pub growth: Growth,
    /// Level more than before, as a share of the earlier.
    pub level: f64,
}

impl Comparison {
    /// Of `now` with an earlier run.
    pub fn new(now: Kept, before: Kept) -> Self {
        Self { growth: now.growth.minus(before.growth), level: now.level / before.level.max(1.0) - 1.0 }
    }

    /// Whether growth has become more by over `most` bytes for each unit of work, beyond what chance explains.
    pub fn grows_more(&self, most: f64) -> bool {
        self.growth.lower > most
    }

    /// Whether the level has become more by over this share.
    pub fn holds_more(&self, most: f64) -> bool {
        self.level > most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_chance_explains_is_a_regression() {
        let run = |rate: f64, error: f64, level: f64| Kept {
            growth: Growth { rate, lower: rate - error, upper: rate + error },
            level,
        };
        let comparison = Comparison::new(run(400.0, 40.0, 1.3e6), run(100.0, 30.0, 1e6));
        assert_eq!(comparison.growth, Growth { rate: 300.0, lower: 250.0, upper: 350.0 });
        assert!(comparison.grows_more(249.0) && !comparison.grows_more(251.0));
        assert!(comparison.holds_more(0.29) && !comparison.holds_more(0.31));
    }
}
