//! A group kill (`memory.oom.group`) ends all processes of a cgroup at one stroke: it is one incident.
//!
//! The kernel counts each of its processes, and the first of them twice (6.1: 3 for a group of two), one after the other.

use super::figures::Walk;
use crate::units::Moment;

/// Kills of a group that are counted within so many seconds are of one stroke.
const STROKE_SECONDS: f64 = 2.0;

/// Incidents in one cgroup.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Incidents {
    single: u64,
    strokes: u64,
    last_stroke: Option<Moment>,
}

impl Incidents {
    /// Takes in `kills` more processes; `is_grouped` tells whether a kill there takes the whole group, `group_kills` how
    /// many strokes the cgroup has counted by itself. Returns the incidents that are new.
    pub(super) fn add(&mut self, kills: u64, is_grouped: bool, group_kills: u64, at: Moment) -> u64 {
        let before = self.total();
        if kills > 0 && is_grouped {
            if self.last_stroke.is_none_or(|last| at.0 - last.0 > STROKE_SECONDS) {
                self.strokes = self.strokes.saturating_add(1);
            }
            self.last_stroke = Some(at);
        } else {
            self.single = self.single.saturating_add(kills);
        }
        self.strokes = self.strokes.max(group_kills);
        self.total().saturating_sub(before)
    }

    /// Goes through its figures.
    pub(super) fn walk(&mut self, walk: &mut Walk<'_>) {
        walk.count("place.single", &mut self.single);
        walk.count("place.strokes", &mut self.strokes);
    }

    fn total(&self) -> u64 {
        self.single.saturating_add(self.strokes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_that_is_counted_bit_by_bit_is_one_incident() {
        let mut incidents = Incidents::default();
        assert_eq!(incidents.add(1, true, 0, Moment(0.0)), 1);
        assert_eq!(incidents.add(2, true, 1, Moment(0.01)), 0, "the rest of it, and then its own counter");
        assert_eq!(incidents.add(3, true, 2, Moment(60.0)), 1);
        assert_eq!(incidents.add(3, true, 4, Moment(61.0)), 2, "the counter knows of two strokes at once");
    }

    #[test]
    fn a_group_of_a_cgroup_above_has_no_counter_here_and_single_kills_add_up() {
        let mut incidents = Incidents::default();
        assert_eq!(incidents.add(5, true, 0, Moment(0.0)), 1);
        assert_eq!(incidents.add(5, true, 0, Moment(60.0)), 1);
        assert_eq!(incidents.add(2, false, 0, Moment(61.0)), 2, "no longer grouped");
        assert_eq!(incidents.add(0, true, 0, Moment(90.0)), 0);
    }
}
