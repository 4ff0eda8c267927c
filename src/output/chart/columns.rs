//! Values over time in a bounded number of columns, which double in width when the time outgrows them.

use crate::units::{count_as_f64, length_as_count, whole};

/// Most columns: about one a pixel.
pub(super) const MOST_COLUMNS: usize = 1024;

/// What one column saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) lowest: f64,
    pub(super) highest: f64,
    pub(super) last: f64,
}

impl Extent {
    fn join(self, later: Self) -> Self {
        let lowest = self.lowest.min(later.lowest);
        Self { lowest, highest: self.highest.max(later.highest), last: later.last }
    }
}

/// Columns of one series.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    begin: f64,
    width: f64,
    extents: Vec<Option<Extent>>,
}

impl Columns {
    /// Begins at `begin`, with columns of `width` seconds.
    pub(super) fn new(begin: f64, width: f64) -> Self {
        Self { begin, width, extents: Vec::new() }
    }

    /// Adds a value; times rise.
    pub(super) fn push(&mut self, at: f64, value: f64) {
        let mut place = self.place(at);
        while place >= MOST_COLUMNS && self.width.is_finite() {
            self.double();
            place = self.place(at);
        }
        if self.extents.len() <= place {
            self.extents.resize(place.min(MOST_COLUMNS - 1) + 1, None);
        }
        let new = Extent { lowest: value, highest: value, last: value };
        if let Some(slot) = self.extents.get_mut(place) {
            *slot = Some(slot.map_or(new, |old| old.join(new)));
        }
    }

    fn place(&self, at: f64) -> usize {
        usize::try_from(whole((at - self.begin) / self.width)).unwrap_or(usize::MAX)
    }

    fn double(&mut self) {
        self.width *= 2.0;
        let pairs = self.extents.chunks(2).map(|pair| pair.iter().flatten().copied().reduce(Extent::join));
        self.extents = pairs.collect();
    }

    /// Width of a column in seconds.
    pub(super) fn width(&self) -> f64 {
        self.width
    }

    /// (begin of the column in seconds, what it saw), where it saw anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, Extent)> + '_ {
        let begin = |place: usize| self.begin + count_as_f64(length_as_count(place)) * self.width;
        self.extents.iter().enumerate().filter_map(move |(place, extent)| Some((begin(place), (*extent)?)))
    }

    /// Columns in runs without a gap of more than `gap` seconds.
    pub(super) fn runs(&self, gap: f64) -> Vec<Vec<(f64, Extent)>> {
        let mut runs: Vec<Vec<(f64, Extent)>> = Vec::new();
        for column in self.iter() {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| column.0 - last.0 <= gap + self.width) => run.push(column),
                _ => runs.push(vec![column]),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_double_and_keep_their_extremes() {
        let mut columns = Columns::new(100.0, 1.0);
        for second in 0..5000 {
            let second = f64::from(second);
            columns.push(100.0 + second, if second == 700.0 { -3.0 } else { second });
        }
        let all: Vec<_> = columns.iter().collect();
        assert_eq!((columns.width(), all.len()), (8.0, 625));
        assert_eq!(all.get(87), Some(&(796.0, Extent { lowest: -3.0, highest: 703.0, last: 703.0 })));
        assert_eq!(all.last(), Some(&(5092.0, Extent { lowest: 4992.0, highest: 4999.0, last: 4999.0 })));
    }

    #[test]
    fn gaps_end_a_run_and_the_end_of_time_does_no_harm() {
        let mut columns = Columns::new(0.0, 1.0);
        [0.0, 1.0, 2.0, 50.0, 51.0].iter().for_each(|at| columns.push(*at, 1.0));
        assert_eq!(columns.runs(5.0).iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
        columns.push(f64::MAX, 2.0);
        assert!(columns.iter().count() <= 2, "{columns:?}");
    }
}
