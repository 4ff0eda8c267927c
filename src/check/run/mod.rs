//! One run, stage by stage: start, wait until it is ready, load, rest, end. Whatever happens, it ends with all that it has started
//! ended, and with a report.

mod end;
mod events;
mod load;
mod look;
mod start;
mod streams;

use super::event::{Event, tell_signals};
use super::keeper::{Keeper, adopt_orphans, end_all};
use super::load::Load;
use super::load::command::RequestCounter;
use super::recorder::{Recorder, held};
use super::settings::{Settings, Target};
use super::watch::{Look, Watcher};
use crate::analysis::gate::facts::Facts;
use crate::analysis::gate::report::{GateReport, Levels, Processes, Stages, Work};
use crate::analysis::gate::series::Series;
use crate::analysis::gate::trouble::Trouble;
use crate::analysis::gate::verdict::Verdict;
use crate::source::process::descendants;
use crate::source::runtime::NodeHook;
use crate::units::Bytes;
use std::cell::OnceCell;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// How far the run has come, for those who wait.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Waits until it is ready, for what.
    Waiting(String),
    /// Load, for so many seconds of at most so many; what is held, and what is known.
    Load { seconds: f64, longest: f64, held: Bytes, verdict: Verdict },
    /// One look, in the order of their times.
    Looked(Looked),
    /// Watches it without load, for so many seconds more.
    Resting(f64),
    /// Ends it.
    Ending,
}

/// One look under load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looked {
    /// Seconds since the load began.
    pub(crate) seconds: f64,
    /// Work done.
    pub(crate) work: f64,
    /// What was held; absent in a round of probes.
    pub(crate) held: Option<Bytes>,
    /// What was live in collected heaps, and what was held outside of them; absent elsewhere.
    pub(crate) probed: Option<(Bytes, Option<f64>)>,
}

/// What the work is counted by.
#[derive(Debug)]
enum Count {
    Load(Load),
    Counter(RequestCounter),
    Time,
}

/// What is kept while it runs.
struct Run<'a> {
    settings: Settings,
    tell: &'a mut dyn FnMut(&Progress),
    events: Receiver<Event>,
    sender: Sender<Event>,
    begun: Instant,
    watcher: Option<Watcher>,
    program: Option<Keeper>,
    tool: Option<Keeper>,
    recorder: Option<Recorder>,
    count: Count,
    load_began: Option<Instant>,
    facts: Facts,
    last: Option<Look>,
    has_logged: bool,
    /// Whether the program has ended well and has left others behind, which go on.
    is_in_background: bool,
    /// Kills on this machine that nobody is known to own, when it was seen last.
    unattributed_kills: u64,
    hook: Option<Arc<NodeHook>>,
    /// Whether the load has ended by itself.
    is_load_over: bool,
    /// What the counter began at.
    first_count: OnceCell<u64>,
}

/// Runs it.
///
/// # Errors
/// When the system refuses what memtrend itself needs: threads, descriptors.
pub(crate) fn run(settings: Settings, tell: &mut dyn FnMut(&Progress)) -> io::Result<GateReport> {
    // What runs already is not ours to end, nor what it leaves behind.
    let is_started = matches!(settings.target, Target::Command(_));
    if is_started {
        adopt_orphans()?;
    }
    let not_ours = descendants(std::process::id());
    let (sender, events) = channel();
    tell_signals(sender.clone())?;
    let facts = Facts {
        subject: settings.subject.clone(),
        bounds: settings.bounds.clone(),
        parts: Vec::new(),
        kinds: Vec::new(),
        total: Series::default(),
        troubles: Vec::new(),
        levels: Levels::default(),
        stages: Stages::default(),
        load_began: 0.0,
        work: Work::default(),
        processes: Processes::default(),
        notes: Vec::new(),
    };
    let mut run = Run {
        settings,
        tell,
        events,
        sender,
        begun: Instant::now(),
        watcher: None,
        program: None,
        tool: None,
        recorder: None,
        count: Count::Time,
        load_began: None,
        facts,
        last: None,
        has_logged: false,
        is_in_background: false,
        unattributed_kills: 0,
        hook: None,
        is_load_over: false,
        first_count: OnceCell::new(),
    };
    if let Err(trouble) = run.through() {
        run.facts.troubles.push(trouble);
    }
    run.end();
    let left = if is_started { end_all(&not_ours) } else { Vec::new() };
    if !left.is_empty() {
        run.facts.notes.push(format!(
            "{} processes could not be ended, pid {} first",
            left.len(),
            left.iter().map(|one| one.pid).min().unwrap_or(0)
        ));
    }
    run.take_last_signals();
    Ok(run.facts.report())
}

impl Run<'_> {
    /// What it holds, as last seen.
    fn held(&self) -> Option<Bytes> {
        self.last.as_ref()?.memory.as_ref().map(held)
    }

    fn through(&mut self) -> Result<(), Trouble> {
        self.start()?;
        self.await_ready()?;
        self.load()?;
        self.rest()
    }
}
