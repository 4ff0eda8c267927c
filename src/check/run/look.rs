//! One look at the program, and how much work it has done until then.

use super::super::recorder::{Now, held};
use super::{Count, Looked, Progress, Run};
use crate::analysis::gate::trouble::Trouble;
use crate::units::count_as_f64;

impl Run<'_> {
    /// Looks once.
    pub(super) fn look(&mut self) -> Result<(), Trouble> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        let look = watcher.look();
        let (kills, unattributed) = watcher.kills();
        let now = self.now();
        let recorded = match &mut self.recorder {
            Some(recorder) => recorder.look(&mut self.facts, &look, now),
            None => Ok(()),
        };
        if let (Some(memory), Some(_)) = (&look.memory, &self.recorder) {
            let looked = Looked { seconds: now.seconds, work: now.work, held: Some(held(memory)), probed: None };
            (self.tell)(&Progress::Looked(looked));
        }
        let held = look.memory.as_ref().map(held);
        self.facts.levels.peak = self.facts.levels.peak.max(held);
        let is_gone = look.members.is_empty() && self.load_began.is_some();
        self.last = Some(look);
        if !is_gone {
            self.unattributed_kills = unattributed;
        }
        if kills > 0 {
            return Err(Trouble::OutOfMemory(kills));
        }
        if let Some((held, most)) = held.zip(self.facts.bounds.most_memory).filter(|(held, most)| held > most) {
            return Err(Trouble::TooLarge(held, most));
        }
        if let Err(seen @ (Trouble::Restarted(_) | Trouble::NearLimit(..))) = recorded {
            return self.told_instead_of(seen);
        }
        recorded?;
        // Of what was started here the keeper tells, unless it went into the background.
        let is_told = self.program.is_some() && !self.is_in_background;
        if is_gone && !is_told { Err(self.gone("and is gone".to_owned(), false)) } else { Ok(()) }
    }

    pub(super) fn now(&self) -> Now {
        let seconds = self.load_began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        Now { seconds, work: self.work_at(seconds) }
    }

    pub(super) fn work(&self) -> f64 {
        self.work_at(self.load_began.map_or(0.0, |began| began.elapsed().as_secs_f64()))
    }

    pub(super) fn work_at(&self, seconds: f64) -> f64 {
        match &self.count {
            Count::Load(load) => count_as_f64(load.counts().completed),
            Count::Counter(counter) => counter.count().map_or(0.0, |count| {
                count_as_f64(count.saturating_sub(self.first_count.get_or_init(|| count).to_owned()))
            }),
            Count::Time => seconds / 3600.0,
        }
    }
}
