//! The program's memory, its processes and its kills, look by look: the readers and the engine of `serve`, on one application.

use crate::analysis::engine::{self, Engine};
use crate::analysis::oom::Evidence;
use crate::analysis::sample::{Identity, Memory};
use crate::source::applications::{Filter, Selection, Selector, Wanted};
use crate::source::{Member, Roots, World, now};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What it is called in here.
const NAME: &str = "program";

/// One look.
#[derive(Debug)]
pub(super) struct Look {
    /// Absent when there is no process, or none can be read.
    pub(super) memory: Option<Memory>,
    /// Its processes, the oldest first.
    pub(super) members: Vec<Member>,
}

/// Looks at one application.
#[derive(Debug)]
pub(super) struct Watcher {
    world: World,
    engine: Engine,
    identity: Arc<Identity>,
}

impl Watcher {
    /// Of what a selector holds; what is seen of kills is told as it is seen.
    ///
    /// # Errors
    /// When the system refuses a thread or a descriptor.
    pub(super) fn new(
        selector: Selector,
        interval: Duration,
        tell: impl Fn(Evidence) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let wanted = Wanted { name: NAME.into(), version: None, selector };
        let selection = Selection {
            wanted: vec![wanted],
            automatic: false,
            filter: Filter::default(),
            shortest_program_seconds: 0.0,
            version_variable: None,
        };
        let mut world = World::new(&Roots::default(), selection);
        world.watch_kills(tell)?;
        let block_seconds = interval.as_secs_f64().max(1.0);
        let engine = Engine::new(engine::Settings { block_seconds, ..engine::Settings::default() });
        let identity = Arc::new(Identity { application: NAME.into(), namespace: None, pod: None, container: None });
        Ok(Self { world, engine, identity })
    }

    /// Looks once.
    pub(super) fn look(&mut self) -> Look {
        let sample = self.world.read(now());
        let own = sample.applications.iter().find(|one| one.identity == self.identity);
        let memory = own.filter(|own| own.is_alive()).and_then(|own| own.memory);
        self.engine.observe(sample);
        Look { memory, members: self.world.members(&self.identity) }
    }

    /// Takes in what was seen of kills.
    pub(super) fn learn(&mut self, evidence: &Evidence) {
        self.engine.learn(evidence);
    }

    /// Processes of it that were killed for want of memory, and those of the machine that nobody is known to own.
    pub(super) fn kills(&self) -> (u64, u64) {
        let report = self.engine.report();
        let own = report.applications.iter().find(|one| one.identity == self.identity);
        (own.map_or(0, |own| own.totals.kills.iter().sum()), report.kills.node.unattributed().unwrap_or(0))
    }
}
