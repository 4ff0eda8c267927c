//! The sampling thread: one pass at a time, on a fixed cadence, each ending in a published report; and between the passes
//! what is seen of kills, as soon as it is seen.

use super::keeper::Keeper;
use super::questions::Question;
use crate::analysis::engine::Engine;
use crate::analysis::oom::Evidence;
use crate::analysis::report::Report;
use crate::output::instruments::Instruments;
use crate::source::{World, now};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The report that is current; `None` before the first pass.
pub(super) type Published = watch::Sender<Option<Arc<Report>>>;

/// What the thread is woken by.
pub(super) enum Wake {
    /// Something was seen of kills.
    Seen(Evidence),
    /// Somebody wants to know something of the engine.
    Asked(Question),
    /// It is to end.
    Stop,
}

/// An application that has ended is looked at by a pass of its own so long after that.
const AFTER_AN_END: Duration = Duration::from_secs(1);

/// A cgroup that has come is looked at by passes of its own: when its program may have begun, and again until it has.
const AFTER_A_BIRTH: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(300), Duration::from_secs(1)];

/// Between passes there is at least so many times the time that the last one took: they take a twentieth of a core at the most.
const REST_PER_PASS: u32 = 19;

/// What a wait has ended with.
enum Waited {
    Due,
    /// What there was to do is done, and nothing is new.
    Done,
    Told(Learnt),
    Stopped,
}

/// All that the thread holds.
pub(super) struct Sampler {
    pub(super) world: World,
    pub(super) engine: Engine,
    pub(super) instruments: Instruments,
    pub(super) published: Published,
    pub(super) keeper: Option<Keeper>,
    /// When what has changed is to be kept.
    pub(super) to_keep: Option<Instant>,
    /// What waits for an answer.
    pub(super) questions: VecDeque<Question>,
}

impl Sampler {
    /// Samples until it is stopped, and keeps what is to outlive it.
    pub(super) fn run(mut self, interval: Duration, wakes: &Receiver<Wake>) {
        self.sample_until_stopped(interval, wakes);
        if let Some(keeper) = self.keeper.take() {
            keeper.end(&mut self.engine);
        }
    }

    /// A pass that takes longer than the interval makes the next one wait for its turn: passes are skipped, never stacked.
    fn sample_until_stopped(&mut self, interval: Duration, wakes: &Receiver<Wake>) {
        let begun = Instant::now();
        let mut turn: u32 = 0;
        // Passes that are asked for out of turn.
        let mut asked: Vec<Instant> = Vec::new();
        loop {
            let pass = Instant::now();
            let learnt = self.pass(pass, wakes);
            if !learnt.goes_on {
                return;
            }
            let now = Instant::now();
            let last = turn;
            while turn < u32::MAX && begun + interval * turn <= now {
                turn += 1;
            }
            // One of them is the pass that was made.
            self.instruments.record_skipped(u64::from((turn - last).saturating_sub(1)));
            asked.retain(|at| *at > now);
            learnt.ask(&mut asked, now);
            let earliest = now + (now - pass) * REST_PER_PASS;
            loop {
                let due = asked.iter().copied().min().map(|at| at.max(earliest)).unwrap_or(begun + interval * turn);
                match self.wait(due.min(begun + interval * turn), wakes) {
                    Waited::Due => break,
                    Waited::Done => {}
                    Waited::Stopped => return,
                    Waited::Told(learnt) => learnt.ask(&mut asked, Instant::now()),
                }
            }
        }
    }

    /// One pass; what was learnt meanwhile.
    fn pass(&mut self, begun: Instant, wakes: &Receiver<Wake>) -> Learnt {
        let sample = self.world.read(now());
        self.instruments.record(begun.elapsed().as_secs_f64(), &sample.outcomes);
        // What was seen during the pass is told first: the pass draws conclusions from what nobody has told.
        let learnt = self.learn_all(wakes.try_iter());
        self.engine.observe(sample);
        self.publish();
        learnt
    }

    fn publish(&mut self) {
        self.published.send_replace(Some(Arc::new(self.engine.report())));
        self.keep();
    }

    fn keep(&mut self) {
        let rest = self.keeper.as_mut().and_then(|keeper| keeper.keep(&mut self.engine));
        self.to_keep = rest.map(|rest| Instant::now() + rest);
    }

    /// Waits for what comes first. Evidence goes before passes, and these before questions, however many are asked.
    fn wait(&mut self, due: Instant, wakes: &Receiver<Wake>) -> Waited {
        let now = Instant::now();
        if due <= now {
            return Waited::Due;
        }
        if self.to_keep.is_some_and(|at| at <= now) {
            self.keep();
            return Waited::Done;
        }
        let next = self.to_keep.map_or(due, |to_keep| to_keep.min(due));
        let at_most = if self.questions.is_empty() { next.saturating_duration_since(now) } else { Duration::ZERO };
        match wakes.recv_timeout(at_most) {
            Err(RecvTimeoutError::Timeout) => {
                if let Some(question) = self.questions.pop_front() {
                    question(&self.engine);
                }
                Waited::Done
            }
            Err(RecvTimeoutError::Disconnected) => Waited::Stopped,
            Ok(first) => {
                let learnt = self.learn_all(std::iter::once(first).chain(wakes.try_iter()));
                if learnt.is_news {
                    self.publish();
                }
                match learnt {
                    Learnt { goes_on: false, .. } => Waited::Stopped,
                    Learnt { is_news: false, .. } => Waited::Done,
                    learnt => Waited::Told(learnt),
                }
            }
        }
    }

    fn learn_all(&mut self, wakes: impl Iterator<Item = Wake>) -> Learnt {
        let mut learnt = Learnt { goes_on: true, is_news: false, has_end: false, has_birth: false };
        for wake in wakes {
            match wake {
                Wake::Seen(evidence) => {
                    self.engine.learn(&evidence);
                    learnt.is_news = true;
                    learnt.has_end |= evidence.tells_of_an_end();
                    learnt.has_birth |= evidence.has_births;
                }
                // No more than their places, which are theirs until they are answered.
                Wake::Asked(question) => self.questions.push_back(question),
                Wake::Stop => learnt.goes_on = false,
            }
        }
        learnt
    }
}

/// What evidence asks of the thread.
struct Learnt {
    goes_on: bool,
    is_news: bool,
    has_end: bool,
    has_birth: bool,
}

impl Learnt {
    /// Asks for passes out of turn; many at a time are looked at together.
    fn ask(&self, asked: &mut Vec<Instant>, now: Instant) {
        asked.extend(self.has_end.then_some(now + AFTER_AN_END));
        asked.extend(AFTER_A_BIRTH.iter().filter(|_| self.has_birth).map(|after| now + *after));
        asked.sort_unstable();
        asked.dedup_by(|later, earlier| *later - *earlier < AFTER_A_BIRTH[0] / 2);
    }
}
