//! The instants of a range query, and the pages that it is asked in.

/// Most points of a series that Prometheus gives in one answer (`web/api/v1/api.go`, `queryRange`).
pub const MOST_POINTS: u64 = 11_000;

/// Most points of a series in all: 4.7 years at 15 s.
const MOST_IN_ALL: u64 = 10_000_000;

/// Equally spaced instants, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// None is later.
    pub to: u64,
    /// From one to the next; positive.
    pub step: u64,
}

impl Range {
    /// Checks the bounds; an error says which flag is wrong, and what to do.
    pub fn new(from: u64, to: u64, step: u64) -> Result<Self, String> {
        if step == 0 {
            return Err("--step: expected at least 1ms, such as 15s".to_owned());
        }
        if from >= to {
            return Err("--from is not before --to: expected a span of time between them".to_owned());
        }
        let range = Self { from, to, step };
        if range.points() > MOST_IN_ALL {
            let points = range.points();
            return Err(format!(
                "{points} points between --from and --to: give a longer --step (at most {MOST_IN_ALL})"
            ));
        }
        Ok(range)
    }

    /// Number of instants.
    pub fn points(self) -> u64 {
        (self.to - self.from) / self.step + 1
    }

    /// The page of at most `points` instants that begins `skipped` instants after the first; `None` past the end.
    pub fn page(self, skipped: u64, points: u64) -> Option<Self> {
        let rest = self.points().checked_sub(skipped).filter(|rest| *rest > 0)?;
        let from = self.from + skipped * self.step;
        Some(Self { from, to: from + (rest.min(points).max(1) - 1) * self.step, step: self.step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_each_instant_once() {
        let range = Range::new(1000, 1000 + 15_000 * 25_000 + 7, 15_000);
        let range = range.unwrap_or(Range { from: 0, to: 0, step: 1 });
        assert_eq!(range.points(), 25_001);
        let mut skipped = 0;
        let mut next = 1000;
        while let Some(page) = range.page(skipped, MOST_POINTS) {
            assert_eq!(page.from, next);
            assert!(page.points() <= MOST_POINTS);
            skipped += page.points();
            next = page.to + 15_000;
        }
        assert_eq!((skipped, next), (25_001, 1000 + 15_000 * 25_001));
    }

    #[test]
    fn bounds_are_checked() {
        assert!(Range::new(5, 5, 1).is_err_and(|error| error.contains("--from is not before --to")));
        assert!(Range::new(1, 5, 0).is_err_and(|error| error.contains("--step")));
        assert!(Range::new(0, 10_000_000, 1).is_err_and(|error| error.contains("longer --step")));
        assert!(Range::new(0, 9_999_999, 1).is_ok());
    }
}
