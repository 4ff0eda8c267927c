//! When requests are due: request k of a schedule at its start + k / rate, whatever becomes of those before. What waits because all
//! connections are busy is a difference of two numbers: it costs no memory, and nothing of it is dropped.

use super::plan::{MOST_MEASURED_RATE, Rate, TRIAL};
use crate::units::count_as_f64;
use std::time::{Duration, Instant};

pub(super) struct Schedule {
    course: Course,
    state: State,
}

#[derive(Clone, Copy)]
enum Course {
    /// Requests follow one another at once.
    Trial {
        since: Instant,
        completed: u64,
    },
    Steady {
        rate: f64,
        since: Instant,
        completed: u64,
        taken: u64,
    },
}

#[derive(Clone, Copy)]
enum State {
    Running,
    Paused { at: Instant, completed: u64 },
    Stopped,
}

/// What a free connection is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Send a request when it is due, which may be over; in a trial nothing is ever late.
    Send { due: Instant, is_trial: bool },
    /// Wait for a change.
    Wait,
    /// End.
    Stop,
}

impl Schedule {
    /// Begins now, after `completed` answers.
    pub(super) fn new(rate: Rate, now: Instant, completed: u64) -> Self {
        Self { course: Course::new(rate, now, completed), state: State::Running }
    }

    /// Gives the next request to a free connection.
    pub(super) fn next(&mut self, now: Instant, completed: u64) -> Step {
        match self.state {
            State::Stopped => return Step::Stop,
            State::Paused { .. } => return Step::Wait,
            State::Running => {}
        }
        self.course = self.course.judged(now, completed);
        match &mut self.course {
            Course::Trial { .. } => Step::Send { due: now, is_trial: true },
            Course::Steady { rate, since, taken, .. } => {
                let due = due(*since, *taken, *rate);
                *taken += 1;
                Step::Send { due, is_trial: false }
            }
        }
    }

    /// Nothing more is due.
    pub(super) fn pause(&mut self, now: Instant, completed: u64) {
        if matches!(self.state, State::Running) {
            self.state = State::Paused { at: now, completed };
        }
    }

    /// Begins anew at the same rate after a pause.
    pub(super) fn resume(&mut self, now: Instant, completed: u64) {
        if matches!(self.state, State::Paused { .. }) {
            self.course = Course::new(self.rate().map_or(Rate::Measured, Rate::PerSecond), now, completed);
            self.state = State::Running;
        }
    }

    /// Begins anew at another rate.
    pub(super) fn set_rate(&mut self, rate: Rate, now: Instant, completed: u64) {
        self.course = Course::new(rate, now, completed);
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Stopped;
    }

    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Requests a second that are to be sent; `None` while that is being found out.
    pub(super) fn rate(&self) -> Option<f64> {
        match self.course {
            Course::Trial { .. } => None,
            Course::Steady { rate, .. } => Some(rate),
        }
    }

    /// Answers a second since the schedule began, up to a pause; `None` before there is time to divide by.
    pub(super) fn achieved(&self, now: Instant, completed: u64) -> Option<f64> {
        let (now, completed) = match self.state {
            State::Paused { at, completed } => (at, completed),
            _ => (now, completed),
        };
        let (Course::Trial { since, completed: before } | Course::Steady { since, completed: before, .. }) =
            self.course;
        per_second(completed.saturating_sub(before), now.saturating_duration_since(since))
    }

    /// How long the next request has been due that no connection was free for.
    pub(super) fn lag(&self, now: Instant) -> Duration {
        match (self.state, self.course) {
            (State::Running, Course::Steady { rate, since, taken, .. }) => {
                now.saturating_duration_since(due(since, taken, rate))
            }
            _ => Duration::ZERO,
        }
    }
}

impl Course {
    fn new(rate: Rate, now: Instant, completed: u64) -> Self {
        match rate {
            Rate::Measured => Self::Trial { since: now, completed },
            Rate::PerSecond(rate) => Self::Steady { rate, since: now, completed, taken: 0 },
        }
    }

    /// A trial ends when its time is over and there was an answer.
    fn judged(self, now: Instant, completed: u64) -> Self {
        let Self::Trial { since, completed: before } = self else { return self };
        let elapsed = now.saturating_duration_since(since);
        if elapsed < TRIAL {
            return self;
        }
        match per_second(completed.saturating_sub(before), elapsed) {
            Some(capacity) if capacity > 0.0 => {
                let rate = (capacity / 2.0).min(MOST_MEASURED_RATE);
                Self::Steady { rate, since: now, completed, taken: 0 }
            }
            _ => self,
        }
    }
}

fn per_second(count: u64, elapsed: Duration) -> Option<f64> {
    (!elapsed.is_zero()).then(|| count_as_f64(count) / elapsed.as_secs_f64())
}

/// A time that cannot be told never comes.
fn due(since: Instant, taken: u64, rate: f64) -> Instant {
    let far = Duration::from_secs(100 * 366 * 86_400);
    let after = Duration::try_from_secs_f64(count_as_f64(taken) / rate).unwrap_or(far).min(far);
    since.checked_add(after).unwrap_or(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    fn at(due: Instant) -> Step {
        Step::Send { due, is_trial: false }
    }

    #[test]
    fn requests_are_due_whatever_the_answers() {
        let start = Instant::now();
        let mut schedule = Schedule::new(Rate::PerSecond(4.0), start, 0);
        // Asked late and in a lump: due when they were due.
        let late = after(start, 10.0);
        for k in 0..4 {
            assert_eq!(schedule.next(late, 0), at(after(start, f64::from(k) / 4.0)));
        }
        assert_eq!(schedule.lag(late), Duration::from_secs(9));
        assert_eq!(schedule.lag(after(start, 0.5)), Duration::ZERO);
        assert_eq!(schedule.achieved(late, 20), Some(2.0));
    }

    #[test]
    fn a_pause_ends_the_schedule_and_the_next_begins_anew() {
        let start = Instant::now();
        let mut schedule = Schedule::new(Rate::PerSecond(1.0), start, 0);
        schedule.pause(after(start, 2.0), 3);
        schedule.pause(after(start, 3.0), 3);
        let later = after(start, 100.0);
        assert_eq!((schedule.next(later, 3), schedule.lag(later)), (Step::Wait, Duration::ZERO));
        assert_eq!(schedule.achieved(later, 3), Some(1.5));
        schedule.resume(later, 3);
        schedule.resume(after(later, 1.0), 3);
        assert_eq!(schedule.next(after(later, 5.0), 3), at(later));
        schedule.set_rate(Rate::PerSecond(2.0), after(later, 6.0), 4);
        assert_eq!(schedule.next(later, 4), at(after(later, 6.0)));
        assert_eq!(schedule.next(later, 4), at(after(later, 6.5)));
        schedule.stop();
        assert_eq!(schedule.next(later, 4), Step::Stop);
    }

    #[test]
    fn a_trial_gives_half_of_the_capacity_and_never_more_than_the_most() {
        let start = Instant::now();
        for (completed, rate) in [(1, 0.25), (400, 100.0), (400_000, 1000.0)] {
            let mut schedule = Schedule::new(Rate::Measured, start, 50);
            let early = after(start, 1.9);
            assert_eq!(schedule.next(early, 50 + completed), Step::Send { due: early, is_trial: true });
            assert_eq!(schedule.rate(), None);
            // Nothing has come: the trial goes on.
            let end = after(start, 2.0);
            assert_eq!(schedule.next(end, 50), Step::Send { due: end, is_trial: true });
            assert_eq!(schedule.next(end, 50 + completed), at(end));
            assert_eq!(schedule.rate(), Some(rate));
        }
    }

    #[test]
    fn no_rate_makes_it_panic() {
        let start = Instant::now();
        let mut schedule = Schedule::new(Rate::PerSecond(f64::MIN_POSITIVE), start, 0);
        assert_eq!(schedule.next(start, 0), at(start));
        assert!(matches!(schedule.next(start, 0), Step::Send { due, .. } if due > after(start, 1e9)));
    }
}
