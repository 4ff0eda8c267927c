//! One pass over the world: the order of the readers, and what their findings add up to.

mod access;
mod cgroups;
mod kills;
mod observing;

use super::applications::{Applications, Selection};
use super::cgroup::{Ancestors, Hierarchies, Parents};
use super::clock::{page_size, ticks_per_second};
use super::descriptors::Allowance;
use super::node::NodeReader;
use super::oom::Link;
use super::own::read_own;
use super::process::table::ProcessTable;
use super::read_error::Tally;
use super::roots::Roots;
use crate::analysis::sample::{Identity, Outcome, Sample, Source};
use crate::units::Clock;
pub(crate) use access::{Census, Home, Member};
use cgroups::GroupReader;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

/// The machine as memtrend sees it; kept from pass to pass.
#[derive(Debug)]
pub struct World {
    page_size: u64,
    ticks_per_second: f64,
    hierarchies: Hierarchies,
    allowance: Allowance,
    buffer: Vec<u8>,
    node: NodeReader,
    processes: ProcessTable,
    applications: Applications,
    ancestors: Ancestors,
    parents: Parents,
    /// Boxed: a table of them is half empty.
    readers: HashMap<Arc<Identity>, Box<GroupReader>>,
    /// Those of which it was said that their cgroup cannot be read.
    told: HashSet<Arc<Identity>>,
    /// Waits for kills between the passes.
    kills: Option<Link>,
    is_grouped: bool,
    /// Whether the cgroup of every application that has one could be read.
    are_cgroups_read: bool,
    /// When it was first read, in seconds since boot.
    began: Option<f64>,
    roots: Roots,
}

impl World {
    /// The world below these roots.
    pub fn new(roots: &Roots, selection: Selection) -> Self {
        let allowance = Allowance::of_this_process();
        Self {
            page_size: page_size(),
            ticks_per_second: ticks_per_second(),
            hierarchies: Hierarchies::new(roots),
            buffer: Vec::new(),
            node: NodeReader::new(roots),
            processes: ProcessTable::new(roots, allowance.clone()),
            applications: Applications::new(roots, selection),
            ancestors: Ancestors::default(),
            parents: Parents::default(),
            readers: HashMap::new(),
            told: HashSet::new(),
            kills: None,
            is_grouped: false,
            are_cgroups_read: true,
            began: None,
            roots: roots.clone(),
            allowance,
        }
    }

    /// One pass.
    pub fn read(&mut self, clock: Clock) -> Sample {
        let mut outcomes = Vec::with_capacity(Source::ALL.len());
        // The node's count of kills first: see `Sample::node_oom_kills`.
        let mut stage = Stage::begin(Source::Node);
        let node = self.node.read(&mut self.buffer, &self.allowance, &mut stage.tally);
        let boot_time = self.node.boot_time(&mut stage.tally);
        outcomes.push(stage.end(node.memory.is_some()));

        let mut stage = Stage::begin(Source::Processes);
        let since_boot = node.uptime_seconds.unwrap_or(clock.moment.0);
        self.began.get_or_insert(since_boot);
        let changed = self.processes.refresh(since_boot, &mut self.buffer, &mut stage.tally);
        outcomes.push(stage.end(self.processes.succeeded()));

        let mut stage = Stage::begin(Source::Applications);
        if changed || !self.is_grouped || self.applications.must_look_at(since_boot) {
            self.applications.regroup(&self.processes, since_boot, &mut stage.tally);
            self.is_grouped = false;
        }
        outcomes.push(stage.end(true));

        let mut stage = Stage::begin(Source::Cgroups);
        let readings = self.read_cgroups(&mut stage.tally);
        if !self.is_grouped {
            let wanted = observing::wanted_processes(&self.applications.groups, &readings);
            self.processes.measure_only(&wanted, &mut self.buffer, &mut stage.tally);
            self.follow_kills();
            self.is_grouped = true;
        }
        let applications = self.observe_all(clock, &node, boot_time, &readings);
        outcomes.push(stage.end(true));
        Sample {
            clock,
            applications,
            missing: self.applications.missing.clone(),
            node_oom_kills: node.oom_kills,
            node_oom_kills_after: self.node.oom_kills(&mut self.buffer, &self.allowance),
            parents: self.parents.end_pass(&mut self.buffer, &self.allowance),
            kill_sources: self.kill_sources(&readings, node.oom_kills.is_some()),
            outcomes,
            own_process: read_own(boot_time),
        }
    }
}

/// Times one reader and counts its errors.
struct Stage {
    source: Source,
    begun: Instant,
    tally: Tally,
}

impl Stage {
    fn begin(source: Source) -> Self {
        Self { source, begun: Instant::now(), tally: Tally::default() }
    }

    fn end(self, success: bool) -> Outcome {
        let duration_seconds = self.begun.elapsed().as_secs_f64();
        Outcome { source: self.source, duration_seconds, errors: self.tally.counts, success }
    }
}
