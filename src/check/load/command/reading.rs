//! What a counter has said so far: a number that never falls, though the counter may begin anew.

/// A count, and what went wrong with it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What the counter said last.
    last: Option<u64>,
    /// What it had reached each time that it began anew.
    before: u64,
    /// Told at the first time that it began anew.
    pub(super) reset: Option<String>,
    /// How often it began anew.
    pub(super) resets: u64,
    /// Of the last look, when that failed.
    pub(super) error: Option<String>,
}

impl Reading {
    pub(super) fn count(&self) -> Option<u64> {
        self.last.map(|last| self.before.saturating_add(last))
    }

    /// The counter says this.
    pub(super) fn total(&mut self, total: u64) {
        self.error = None;
        if let Some(last) = self.last.filter(|last| total < *last) {
            self.before = self.before.saturating_add(last);
            self.resets += 1;
            let told = || format!("the counter fell from {last} to {total}: what counts has begun anew");
            self.reset.get_or_insert_with(told);
        }
        self.last = Some(total);
    }

    /// So many more.
    pub(super) fn add(&mut self, more: u64) {
        self.error = None;
        self.last = Some(self.last.unwrap_or(0).saturating_add(more));
    }

    /// It says nothing of use.
    pub(super) fn fail(&mut self, error: String) {
        self.error = Some(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_begins_anew_is_told_and_counts_on() {
        let mut reading = Reading::default();
        assert_eq!(reading.count(), None);
        let counted: Vec<_> = [5, 9, 9, 2, 4, 1]
            .into_iter()
            .map(|total| {
                reading.total(total);
                reading.count()
            })
            .collect();
        assert_eq!(counted, [5, 9, 9, 11, 13, 14].map(Some));
        assert_eq!(reading.resets, 2);
        assert_eq!(reading.reset.as_deref(), Some("the counter fell from 9 to 2: what counts has begun anew"));
    }

    #[test]
    fn an_error_is_of_the_last_look_and_the_count_stays() {
        let mut reading = Reading::default();
        reading.add(3);
        reading.fail("nobody there".to_owned());
        assert_eq!((reading.count(), reading.error.as_deref()), (Some(3), Some("nobody there")));
        reading.add(4);
        assert_eq!((reading.count(), reading.error), (Some(7), None));
    }
}
