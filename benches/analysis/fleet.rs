//! Applications that are made up, and an engine that has watched them for long enough to know all windows.

use memtrend::analysis::engine::{Engine, Settings};
use memtrend::analysis::floors::PUBLISHED_SCALES;
use memtrend::analysis::sample::{
    About, Basis as MemoryBasis, ByKind, Ceiling, CgroupCounters, Identity, Kind, Lifetime, LimitSource, Memory,
    Observation, Population, Sample,
};
use memtrend::units::{Bytes, Clock, Moment, Timestamp};
use std::sync::Arc;

/// Where the figures come from, which says how many kinds of memory there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    Processes,
    Cgroup,
}

impl Basis {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Processes => "summed from processes (4 kinds)",
            Self::Cgroup => "of a pod's container (11 kinds)",
        }
    }

    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Processes => &[Kind::Anon, Kind::File, Kind::Shmem, Kind::Swap],
            Self::Cgroup => Kind::ALL,
        }
    }
}

/// The applications and their engine.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) engine: Engine,
    basis: Basis,
    identities: Vec<Arc<Identity>>,
    about: Arc<About>,
    at: f64,
}

impl Fleet {
    /// Has watched since so long that every published window has a slope.
    pub(crate) fn grown(applications: usize, basis: Basis) -> Self {
        let settings = Settings { maximum_applications: 2000, forget_after_seconds: 1e9, ..Settings::default() };
        let mut fleet = Self {
            engine: Engine::new(settings),
            basis,
            identities: (0..applications).map(|number| Arc::new(identity(number, basis))).collect(),
            about: Arc::default(),
            at: 0.0,
        };
        // Start-up, then a few blocks of each scale from the longest down: what lies between is left out.
        let shortest_last = PUBLISHED_SCALES.iter().rev().flat_map(|scale| [1 << scale; 16]);
        for blocks in [1; 16].into_iter().chain(shortest_last) {
            let sample = fleet.next_sample(settings.block_seconds * f64::from(blocks));
            fleet.engine.observe(sample);
        }
        let report = fleet.engine.report();
        let slopes = |present: &memtrend::analysis::report::Present| present.slopes.iter().all(Option::is_some);
        let knows_all = |application: &memtrend::analysis::report::ApplicationReport| {
            application.present.as_ref().is_some_and(slopes)
        };
        assert!(report.applications.iter().all(knows_all), "a window is missing");
        fleet
    }

    /// What is seen so many seconds later: every second application has grown.
    pub(crate) fn next_sample(&mut self, seconds: f64) -> Sample {
        self.at += seconds;
        let clock = Clock { moment: Moment(self.at), wall: Timestamp(1.7e9 + self.at) };
        let applications = self.identities.iter().enumerate().map(|(number, identity)| self.seen(number, identity));
        Sample { clock, applications: applications.collect(), ..Sample::default() }
    }

    fn seen(&self, number: usize, identity: &Arc<Identity>) -> Observation {
        let mut by_kind = ByKind::default();
        let grown = if number.is_multiple_of(2) { (self.at * 100.0) as u64 } else { 0 };
        let jitter = (self.at as u64).wrapping_mul(2_654_435_761) >> 7 & 0xf_ffff;
        for (place, &kind) in self.basis.kinds().iter().enumerate() {
            by_kind.set(kind, Bytes(((place + 1) << 22) as u64 + if kind == Kind::Anon { grown + jitter } else { 0 }));
        }
        let used = by_kind.resident_unreclaimable();
        let ceiling = Ceiling { source: LimitSource::Own, limit: Bytes(64 << 30), used, swap_included: false };
        let is_cgroup = self.basis == Basis::Cgroup;
        let basis = if is_cgroup { MemoryBasis::CgroupV2 } else { MemoryBasis::Processes };
        let counters = CgroupCounters {
            incarnation: 1,
            oom_kills: Some(0),
            own_limit_hits: Some(0),
            events: [Some(0); 5],
            pressure_microseconds: Some([1, 1]),
            ..CgroupCounters::default()
        };
        let four = Some(4);
        Observation {
            identity: Arc::clone(identity),
            about: Arc::clone(&self.about),
            lifetime: Lifetime { pid: number as u32 + 100, start_ticks: 1 },
            started: Timestamp(1.7e9),
            age_seconds: self.at,
            memory: Some(Memory { by_kind, basis, ceiling: Some(ceiling) }),
            live_heap: None,
            load: memtrend::analysis::sample::LoadCounters::default(),
            counters: is_cgroup.then_some(counters),
            population: Population { processes: 1, threads: four, open_fds: four, max_fds: four },
        }
    }
}

fn identity(number: usize, basis: Basis) -> Identity {
    let of_pod = |text: String| (basis == Basis::Cgroup).then(|| text.into_boxed_str());
    Identity {
        application: format!("application{number:04}").into(),
        namespace: of_pod("production".to_owned()),
        pod: of_pod(format!("application{number:04}-6d4b75cb6d-x7k2p")),
        container: of_pod("server".to_owned()),
    }
}
