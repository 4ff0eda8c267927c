//! Loads the program until the verdict is known; watches it at rest.

use super::super::event::Event;
use super::super::keeper::{Keeper, Kept, Told};
use super::super::load::command::RequestCounter;
use super::super::load::{Counts, Load};
use super::super::probe::Prober;
use super::super::recorder::Recorder;
use super::super::settings::Drive;
use super::streams::{on_standard_error, piped};
use super::{Count, Progress, Run};
use crate::analysis::gate::doubt::Doubt;
use crate::analysis::gate::judge::Finding;
use crate::analysis::gate::report::{Judged, Processes, Work};
use crate::analysis::gate::trouble::Trouble;
use crate::analysis::gate::verdict::Verdict;
use crate::units::count_as_f64;
use std::fmt::Display;
use std::time::{Duration, Instant};

/// Between two judgements.
const JUDGE: Duration = Duration::from_millis(500);

/// Without a single answer the load has failed.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// Requests before failures are held against their number.
const FEWEST_REQUESTS: u64 = 20;

/// After so many times the time that it took to find, a leak is told though not all parts of the memory can be told yet, and that there
/// is none when it has been so since.
const LONGEST_WAIT: f64 = 4.0 / 3.0;

/// The same, while a part of the memory surely grows by more than the limit, but by how much is uncertain.
const LONGEST_WAIT_FOR_PARTS: f64 = 2.5;

/// A load that has not been answered for longer stands still.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A load that lags by more has asked for too much.
const LONGEST_LAG: Duration = Duration::from_secs(1);

/// The same, as a share of the time since the load began: the program answers so much less than is asked.
const LARGEST_LAG: f64 = 0.2;

impl Run<'_> {
    /// Loads it until the verdict is known.
    pub(super) fn load(&mut self) -> Result<(), Trouble> {
        let began = Instant::now();
        self.load_began = Some(began);
        self.facts.load_began = self.begun.elapsed().as_secs_f64();
        self.begin_load()?;
        let prober = self.hook.clone().map(|hook| Prober::start(hook, self.sender.clone())).transpose();
        // Without the thread all of the memory is judged.
        let prober = prober.unwrap_or(None);
        if let Some(look) = &self.last {
            self.recorder = Some(Recorder::new(prober.is_some(), look, self.settings.bounds.rules.warm_up_seconds));
        }
        let settled = self.load_until_settled(began, prober.as_ref());
        let ended = self.end_load();
        self.facts.levels.end = self.held();
        self.facts.stages.verdict = self.begun.elapsed().as_secs_f64();
        self.note_replaced();
        settled.and(ended)
    }

    /// Processes that come and go take with them what they have leaked.
    fn note_replaced(&mut self) {
        let Processes { most, begun, ended } = self.facts.processes;
        if begun > 0 && ended.saturating_mul(2) >= most {
            self.facts.notes.push(format!(
                "{ended} processes ended under load, of at most {most} at a time: what leaked in them went with them; let workers live for longer than the run"
            ));
        }
    }

    pub(super) fn begin_load(&mut self) -> Result<(), Trouble> {
        let failed = |what: &dyn Display| Trouble::LoadFailed(format!("the load could not be started: {what}"));
        let counter = self.settings.counter.clone();
        let counter = counter.map(|from| RequestCounter::start(from, self.settings.trust)).transpose();
        let counter = counter.map_err(|error| failed(&error))?;
        match self.settings.drive.clone() {
            Drive::Http(plan) => self.count = Count::Load(Load::start(*plan).map_err(|error| failed(&error))?),
            Drive::Tool(command) => {
                let streams = counter.as_ref().map(|counter| [counter.output(), counter.output()]);
                let output = match streams {
                    Some([Some(mut output), Some(mut errors)]) => {
                        let [output, _] = piped(move |text| output.push(text)).map_err(|error| failed(&error))?;
                        let [errors, _] = piped(move |text| errors.push(text)).map_err(|error| failed(&error))?;
                        [output, errors]
                    }
                    _ => on_standard_error().map_err(|error| failed(&error))?,
                };
                let events = self.sender.clone();
                let kept = Kept { command: &command, environment: &[], output };
                let keeper = Keeper::start(kept, move |told| drop(events.send(Event::Tool(told))));
                self.tool = Some(keeper.map_err(|error| failed(&error))?);
            }
            Drive::Nothing => {}
        }
        if let Some(counter) = counter {
            self.count = Count::Counter(counter);
        }
        Ok(())
    }

    pub(super) fn load_until_settled(&mut self, began: Instant, prober: Option<&Prober>) -> Result<(), Trouble> {
        let mut judge_at = began + JUDGE;
        let mut silence = (0.0, began);
        let mut known_since: Option<Duration> = None;
        let mut turn = 0;
        loop {
            turn += 1;
            // A look that took too long makes the next one wait for its turn.
            while began + self.settings.interval * turn < Instant::now() {
                turn += 1;
            }
            self.wait(began + self.settings.interval * turn)?;
            self.look()?;
            if let (Some(prober), Some(look)) = (prober, &self.last) {
                prober.tell(look.members.iter().map(|member| member.pid).collect());
            }
            self.check_load(&mut silence)?;
            if Instant::now() < judge_at {
                continue;
            }
            judge_at += JUDGE;
            let elapsed = began.elapsed();
            let (parts, verdict) = self.facts.judged();
            let held = self.held().unwrap_or_default();
            let (seconds, longest) = (elapsed.as_secs_f64(), self.settings.max_time.as_secs_f64());
            (self.tell)(&Progress::Load { seconds, longest, held, verdict });
            // Not while requests wait for their answers: what the program does then is not its work.
            let is_answered = silence.1.elapsed() < LONGEST_PAUSE && self.lag() < LONGEST_LAG;
            let is_known = verdict.is_settled() && elapsed >= self.settings.min_time && is_answered;
            known_since = known_since.or(Some(elapsed)).filter(|_| is_known);
            // A leak is told as soon as all parts of the memory can be told. What is looked at again and again comes below the limit
            // by chance, too: it must stay there.
            let is_whole =
                matches!(verdict, Verdict::Leak(_)) && parts.iter().all(|judged| judged.finding.is_settled());
            let patience = if grows_besides(&parts) { LONGEST_WAIT_FOR_PARTS } else { LONGEST_WAIT };
            let is_enough = known_since.is_some_and(|since| is_whole || elapsed >= since.mul_f64(patience));
            if is_enough || elapsed >= self.settings.max_time {
                return Ok(());
            }
            // Whose load has ended by itself has been waited for.
            if self.is_load_over {
                let ended = if self.is_job() { Trouble::Done(seconds) } else { Trouble::LoadEnded(seconds) };
                return if verdict.is_settled() { Ok(()) } else { Err(ended) };
            }
            self.check_pace(elapsed)?;
        }
    }

    /// That requests are answered as they should be.
    pub(super) fn check_load(&mut self, silence: &mut (f64, Instant)) -> Result<(), Trouble> {
        let work = self.work();
        let is_first = work > 0.0 && silence.0 == 0.0;
        if work > silence.0 || is_first {
            *silence = (work, Instant::now());
        }
        let is_silent = silence.1.elapsed() > LONGEST_SILENCE;
        match &self.count {
            Count::Load(load) => {
                let counts = load.counts();
                if counts.sent >= FEWEST_REQUESTS || is_silent {
                    let example = load.first_failures().into_iter().next().map(|(_, text)| text).unwrap_or_default();
                    self.too_many(&counts, &example)?;
                }
                if is_silent {
                    let seconds = LONGEST_SILENCE.as_secs();
                    return Err(Trouble::LoadFailed(format!("no request was answered for {seconds} s")));
                }
            }
            Count::Counter(counter) => {
                if let Some((_, first)) = counter.resets() {
                    return Err(Trouble::NotCounted(format!("what counts them fell: {first}")));
                }
                if is_silent {
                    let seconds = LONGEST_SILENCE.as_secs();
                    let from = self.settings.counter.as_ref().map(ToString::to_string).unwrap_or_default();
                    let why = counter.error().unwrap_or_else(|| format!("{from}, for {seconds} s"));
                    return Err(Trouble::NotCounted(why));
                }
            }
            Count::Time => {}
        }
        Ok(())
    }

    /// That the program can answer what is asked of it: what is late by a large part of the run is not caught up with.
    fn check_pace(&self, elapsed: Duration) -> Result<(), Trouble> {
        let Count::Load(load) = &self.count else { return Ok(()) };
        let counts = load.counts();
        if elapsed < self.settings.min_time || counts.lag < LONGEST_LAG.max(elapsed.mul_f64(LARGEST_LAG)) {
            return Ok(());
        }
        let answered = count_as_f64(counts.completed) / elapsed.as_secs_f64();
        let asked = counts.rate.unwrap_or(0.0);
        Err(Trouble::LoadFailed(format!(
            "the program answers {answered:.0} of {asked:.0} requests a second: ask for fewer by --rate, or leave it out"
        )))
    }

    /// That no more requests failed than may.
    fn too_many(&self, counts: &Counts, example: &str) -> Result<(), Trouble> {
        let failed = counts.failed.total();
        let all = counts.completed + failed - counts.failed.status;
        if count_as_f64(failed) > self.settings.most_failures * count_as_f64(all) {
            return Err(Trouble::LoadFailed(format!("{failed} of {all} requests failed: {example}")));
        }
        Ok(())
    }

    /// How far the built-in load is behind.
    fn lag(&self) -> Duration {
        match &self.count {
            Count::Load(load) => load.counts().lag,
            Count::Counter(_) | Count::Time => Duration::ZERO,
        }
    }

    /// Ends the load, of whatever kind it is.
    ///
    /// # Errors
    /// What went wrong meanwhile.
    pub(super) fn end_load(&mut self) -> Result<(), Trouble> {
        let seconds = self.load_began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        let done = self.work();
        let mut failures = Ok(());
        self.facts.work =
            Work { done, per_second: if seconds > 0.0 { done / seconds } else { 0.0 }, ..Work::default() };
        if let Count::Load(load) = std::mem::replace(&mut self.count, Count::Time) {
            let example = load.first_failures().into_iter().next().map(|(_, text)| text).unwrap_or_default();
            let counts = load.stop();
            failures = self.too_many(&counts, &example);
            self.facts.work.failed = Some(counts.failed.total());
            self.facts.work.latency =
                counts.latency.map(|latency| [latency.p50, latency.p99].map(|time| time.as_secs_f64()));
            if counts.lag > LONGEST_LAG {
                let asked = counts.rate.unwrap_or(0.0);
                self.facts.notes.push(format!(
                    "the program was too slow for {asked:.0} requests a second: the last were {:.1} s late; ask for fewer by --rate",
                    counts.lag.as_secs_f64()
                ));
            }
        }
        let Some(mut tool) = self.tool.take() else { return failures };
        let is_over = |event: &Event| matches!(event, Event::Tool(Told::Ended(..) | Told::Lost | Told::Refused(_)));
        self.end_keeper(&mut tool, is_over).map(drop)
    }

    /// Watches it without load.
    pub(super) fn rest(&mut self) -> Result<(), Trouble> {
        let until = Instant::now() + self.settings.idle_after;
        if self.settings.idle_after.is_zero() {
            return Ok(());
        }
        self.recorder = None;
        while Instant::now() < until {
            (self.tell)(&Progress::Resting((until - Instant::now()).as_secs_f64()));
            self.wait((Instant::now() + self.settings.interval).min(until))?;
            self.look()?;
        }
        self.facts.levels.idle = self.held();
        Ok(())
    }
}

/// Whether a part that cannot be told yet grows all the same.
fn grows_besides(parts: &[Judged]) -> bool {
    parts.iter().any(|judged| {
        matches!(
            &judged.finding,
            Finding::Open(Doubt::Wide | Doubt::SlowsDown(_) | Doubt::Step(_) | Doubt::Falls(_), _)
        )
    })
}
