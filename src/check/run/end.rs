//! Ends all that was started.

use super::super::event::Event;
use super::super::keeper::{Keeper, Told};
use super::{Count, Progress, Run};
use crate::analysis::gate::trouble::Trouble;
use std::time::Instant;

impl Run<'_> {
    /// Ends all that was started.
    pub(super) fn end(&mut self) {
        (self.tell)(&Progress::Ending);
        if self.tool.is_some() || matches!(self.count, Count::Load(_)) {
            let ended = self.end_load();
            self.facts.troubles.extend(ended.err());
        }
        if let Some(mut program) = self.program.take() {
            match self.end_keeper(&mut program, |event| matches!(event, Event::Program(Told::Lost))) {
                Ok(true) => {}
                Ok(false) => {
                    let seconds = self.settings.stop_timeout.as_secs_f64();
                    self.facts.notes.push(format!("it did not end within {seconds} s after SIGTERM, and was killed"));
                }
                Err(trouble) => self.facts.troubles.push(trouble),
            }
        }
    }

    /// Asks what a keeper keeps to end, then kills what is left; whether it ended in time.
    ///
    /// # Errors
    /// What went wrong meanwhile. Whoever tells memtrend to stop does not want to wait: then it is killed at once.
    pub(super) fn end_keeper(
        &mut self,
        keeper: &mut Keeper,
        is_over: impl Fn(&Event) -> bool,
    ) -> Result<bool, Trouble> {
        let deadline = Instant::now() + self.settings.stop_timeout;
        let mut has_ended = !keeper.end();
        let mut trouble = None;
        while !has_ended {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) if is_over(&event) => has_ended = true,
                Ok(event) => {
                    trouble = trouble.or(self.take(event).err());
                    if matches!(trouble, Some(Trouble::Interrupted(_))) {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        keeper.kill();
        trouble.map_or(Ok(has_ended), Err)
    }

    /// What has been asked of memtrend to the last.
    pub(super) fn take_last_signals(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            if let Event::Signal(name) = event {
                self.facts.troubles.push(Trouble::Interrupted(name.to_owned()));
            }
        }
    }
}
