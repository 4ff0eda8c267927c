//! Made-up series of seven days, as services in production show them; each of a family is drawn by name and number.

mod fills;
mod leaks;
mod levels;
mod load;
mod service;

pub(crate) use service::Made;

use crate::random::Random;

/// A kind of series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    make: fn(&mut Random) -> Made,
}

impl Family {
    /// The series of a number.
    pub(crate) fn make(&self, number: u64) -> Made {
        let mut made = (self.make)(&mut Random::new(self.name, number));
        self.name.clone_into(&mut made.truth.kind);
        made
    }
}

/// Clean ones that grow for longer than anyone waits: told apart from the others.
pub(crate) const SLOW_FILLS: &[Family] = &[
    Family { name: "clean: slow LRU, Zipf keys", make: fills::lru_zipf_slow },
    Family { name: "clean: slow LRU, uniform keys", make: fills::lru_uniform_slow },
];

/// All others; leaks first.
pub(crate) const FAMILIES: &[Family] = &[
    Family { name: "leak: linear, slow", make: leaks::linear_slow },
    Family { name: "leak: linear, medium", make: leaks::linear_medium },
    Family { name: "leak: linear, fast", make: leaks::linear_fast },
    Family { name: "leak: under a collector", make: leaks::under_collector },
    Family { name: "leak: under daily load", make: leaks::under_daily_load },
    Family { name: "leak: staircase", make: leaks::staircase },
    Family { name: "leak: after days of calm", make: leaks::after_calm },
    Family { name: "leak: after a deploy", make: leaks::after_deploy },
    Family { name: "leak: cold", make: leaks::cold },
    Family { name: "leak: per request", make: leaks::per_request },
    Family { name: "leak: OOM loop", make: leaks::oom_loop },
    Family { name: "clean: exponential fill", make: fills::exponential },
    Family { name: "clean: logarithmic fill", make: fills::logarithmic },
    Family { name: "clean: square-root fill", make: fills::square_root },
    Family { name: "clean: LRU, Zipf keys", make: fills::lru_zipf },
    Family { name: "clean: LRU, uniform keys", make: fills::lru_uniform },
    Family { name: "clean: interning", make: fills::interning },
    Family { name: "clean: high-water mark", make: fills::high_water },
    Family { name: "clean: deploys", make: fills::deploys },
    Family { name: "clean: steady", make: levels::steady },
    Family { name: "clean: old generation", make: levels::old_generation },
    Family { name: "clean: daily load", make: levels::daily },
    Family { name: "clean: weekly load", make: levels::weekly },
    Family { name: "clean: load ramp", make: levels::ramp_to_plateau },
    Family { name: "clean: load ramp and drop", make: levels::ramp_and_drop },
    Family { name: "clean: level steps", make: levels::steps },
    Family { name: "clean: random walk", make: levels::random_walk },
    Family { name: "clean: AR(1)", make: levels::autoregressive },
];
