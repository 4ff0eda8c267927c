//! What happens between the looks, and what it means.

use super::super::event::Event;
use super::super::keeper::{Ended, Told};
use super::super::settings::Drive;
use super::{Looked, Progress, Run};
use crate::analysis::gate::trouble::Trouble;
use rustix::process::Signal;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// What is told of a kill comes after the end that it is the reason of: how long is waited for it.
const AFTER_AN_END: Duration = Duration::from_secs(1);

/// Whether shells and runtimes end with this code when a signal ends them: 128 and its number.
fn is_of_signal(code: i32) -> bool {
    (129..=128 + 64).contains(&code)
}

impl Run<'_> {
    /// Takes events until a moment has come.
    pub(super) fn wait(&mut self, until: Instant) -> Result<(), Trouble> {
        loop {
            match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(event) => self.take(event)?,
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                // This holds a sender itself.
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::KeeperLost),
            }
        }
    }

    pub(super) fn take(&mut self, event: Event) -> Result<(), Trouble> {
        match event {
            Event::Killed(evidence) => {
                if let Some(watcher) = &mut self.watcher {
                    watcher.learn(&evidence);
                }
                Ok(())
            }
            Event::Logged => {
                self.has_logged = true;
                Ok(())
            }
            Event::Probed(probed) => {
                let now = self.now();
                if let Some(recorder) = &mut self.recorder {
                    if let Some(probed) = probed.sum() {
                        let looked = Looked { seconds: now.seconds, work: now.work, held: None, probed: Some(probed) };
                        (self.tell)(&Progress::Looked(looked));
                    }
                    recorder.probed(&mut self.facts, &probed, now);
                }
                Ok(())
            }
            Event::Signal(name) => Err(Trouble::Interrupted(name.to_owned())),
            // What was ended on purpose is no news.
            Event::Program(_) if self.program.is_none() => Ok(()),
            Event::Tool(_) if self.tool.is_none() => Ok(()),
            Event::Program(told) => self.told_of_program(told),
            Event::Tool(told) => self.told_of_tool(told),
        }
    }

    pub(super) fn told_of_program(&mut self, told: Told) -> Result<(), Trouble> {
        match told {
            Told::Started(_) => Ok(()),
            Told::Refused(why) => Err(Trouble::NotStarted(why)),
            Told::Ended(Ended::Code(0), left) if left > 0 => {
                self.is_in_background = true;
                Ok(())
            }
            // A job that is done.
            Told::Ended(Ended::Code(0), _) if self.is_job() && self.load_began.is_some() => {
                self.is_load_over = true;
                Ok(())
            }
            Told::Ended(Ended::Code(code), _) => {
                let seconds = self.begun.elapsed().as_secs_f64();
                Err(match self.gone(format!("with exit code {code}"), false) {
                    Trouble::Ended(..) if is_of_signal(code) => Trouble::Stopped(code, seconds),
                    trouble => trouble,
                })
            }
            Told::Ended(Ended::Signal(signal), _) => {
                let seconds = self.begun.elapsed().as_secs_f64();
                Err(match self.gone(String::new(), signal == Signal::KILL.as_raw()) {
                    killed @ Trouble::OutOfMemory(_) => killed,
                    _ => Trouble::Signalled(signal, seconds),
                })
            }
            Told::Lost => Err(Trouble::KeeperLost),
        }
    }

    /// Whether it works by itself, so that it may come to its end.
    pub(super) fn is_job(&self) -> bool {
        matches!(self.settings.drive, Drive::Nothing) && self.settings.counter.is_none()
    }

    pub(super) fn told_of_tool(&mut self, told: Told) -> Result<(), Trouble> {
        match told {
            Told::Started(_) => Ok(()),
            Told::Lost if self.is_load_over => Ok(()),
            Told::Refused(why) => Err(Trouble::LoadFailed(format!("the load tool could not be started: {why}"))),
            Told::Ended(Ended::Code(0), _) => {
                self.is_load_over = true;
                Ok(())
            }
            // Of what a shell runs.
            Told::Ended(Ended::Code(code), _) if is_of_signal(code) => {
                Err(Trouble::LoadKilled(code.saturating_sub(128)))
            }
            Told::Ended(Ended::Code(code), _) => {
                Err(Trouble::LoadFailed(format!("the load tool ended with exit code {code}")))
            }
            Told::Ended(Ended::Signal(signal), _) => Err(Trouble::LoadKilled(signal)),
            Told::Lost => Err(Trouble::KeeperLost),
        }
    }

    /// That a process is gone may be seen before its end is told, and the reason of that: these say more.
    pub(super) fn told_instead_of(&mut self, restarted: Trouble) -> Result<(), Trouble> {
        let until = Instant::now() + AFTER_AN_END;
        while Instant::now() < until {
            self.wait((Instant::now() + self.settings.interval).min(until))?;
            if let Some(watcher) = &mut self.watcher {
                let _ = watcher.look();
                let (kills, _) = watcher.kills();
                if kills > 0 {
                    return Err(Trouble::OutOfMemory(kills));
                }
            }
        }
        let is_done = self.is_load_over && self.tool.is_none();
        if is_done { Ok(()) } else { Err(restarted) }
    }

    /// Why it is gone: killed for want of memory, as it may have been when it was killed at all; or `how`.
    pub(super) fn gone(&mut self, how: String, is_killed: bool) -> Trouble {
        let until = Instant::now() + AFTER_AN_END;
        let seconds = self.begun.elapsed().as_secs_f64();
        while let Some(watcher) = &mut self.watcher {
            let (kills, unattributed) = watcher.kills();
            if kills > 0 {
                return Trouble::OutOfMemory(kills);
            }
            if Instant::now() >= until {
                // The machine has counted one meanwhile that nobody else had.
                let meanwhile = unattributed.saturating_sub(self.unattributed_kills);
                if is_killed && meanwhile > 0 {
                    return Trouble::OutOfMemory(meanwhile);
                }
                break;
            }
            match self.events.recv_timeout(self.settings.interval) {
                Ok(Event::Killed(evidence)) => watcher.learn(&evidence),
                // Without its keeper the program is not found where it was.
                Ok(Event::Program(Told::Lost)) => return Trouble::KeeperLost,
                _ => {}
            }
            let _ = watcher.look();
        }
        Trouble::Ended(how, seconds)
    }
}
