//! The lives of applications with their floors and verdicts: what is kept once a minute. The form has no names in it, so that it is
//! small: a change of what is kept needs another [`VERSION`].

use super::sealed::{Damage, seal, unseal};
use crate::analysis::engine::Engine;
use crate::analysis::lives::Lives;
use crate::analysis::sample::Identity;
use crate::units::{Clock, Moment, Timestamp};
use serde::{Deserialize, Serialize};

const KIND: &str = "trends";

const VERSION: u32 = 1;

/// What stands before the applications.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    /// Of which boot of the kernel the moments are.
    boot: Box<str>,
    /// When it was written.
    moment: Moment,
    wall: Timestamp,
    block_seconds: f64,
}

/// The lives of all applications at one time.
#[derive(Debug)]
pub struct Trends {
    head: Head,
    lives: Vec<(Identity, Lives)>,
}

/// As they are kept.
pub(super) fn encode(engine: &Engine, boot: &str, clock: Clock) -> Result<Vec<u8>, postcard::Error> {
    let block_seconds = engine.settings().block_seconds;
    let head = Head { boot: boot.into(), moment: clock.moment, wall: clock.wall, block_seconds };
    let mut body = postcard::to_extend(&head, Vec::new())?;
    for (identity, lives) in engine.lives() {
        body = postcard::to_extend(&(&**identity, lives), body)?;
    }
    Ok(seal(KIND, VERSION, &body))
}

/// Reads what is kept.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode(sealed: &[u8]) -> Result<Trends, Damage> {
    let told = |error: postcard::Error| Damage::Body(error.to_string());
    let body = unseal(KIND, VERSION, sealed)?;
    let (head, mut rest) = postcard::take_from_bytes::<Head>(body).map_err(told)?;
    let mut lives = Vec::new();
    while !rest.is_empty() {
        let (one, after) = postcard::take_from_bytes(rest).map_err(told)?;
        lives.push(one);
        rest = after;
    }
    Ok(Trends { head, lives })
}

impl Trends {
    /// Seconds between when it was written and `now`, at least 0, by the clock that goes on without the machine.
    pub fn age_seconds(&self, now: Clock) -> f64 {
        (now.wall.0 - self.head.wall.0).max(0.0)
    }

    /// When it was written.
    pub(super) fn clock(&self) -> Clock {
        Clock { moment: self.head.moment, wall: self.head.wall }
    }

    /// Of which boot of the kernel it is.
    pub(super) fn boot(&self) -> &str {
        &self.head.boot
    }

    /// Length of the base block of its floors, in seconds.
    pub fn block_seconds(&self) -> f64 {
        self.head.block_seconds
    }

    /// The lives as of `now`: of an earlier boot, which is no longer `boot`, they have ended.
    pub fn into_lives(self, boot: &str, now: Clock) -> Vec<(Identity, Lives)> {
        let Self { head, mut lives } = self;
        let is_same_boot = !boot.is_empty() && *head.boot == *boot && head.moment <= now.moment;
        if !is_same_boot {
            // Between the beginnings of both; where the wall's clock has been set back meanwhile, nothing is later than now.
            let between = (now.wall.0 - now.moment.0) - (head.wall.0 - head.moment.0);
            let seconds = between.max(head.moment.0 - now.moment.0);
            lives.iter_mut().for_each(|(_, lives)| lives.begin_boot(seconds));
        }
        lives
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::engine::Settings;
    use crate::analysis::report::ApplicationReport;
    use crate::analysis::sample::{
        About, Basis, ByKind, Ceiling, Kind, Lifetime, LimitSource, LoadCounters, Memory, Observation, Population,
        Sample,
    };
    use crate::analysis::verdict::Verdict;
    use crate::units::{Bytes, count_as_f64, length_as_count, whole};
    use std::sync::Arc;

    const STEP: f64 = 5.0;

    fn clock(at: f64) -> Clock {
        Clock { moment: Moment(at), wall: Timestamp(1e9 + at) }
    }

    /// A heap with a saw that grows from the fourth hour on, in lives of eight hours; a day has more load than a night.
    fn seen(name: &str, at: f64) -> Observation {
        let life = (at / 28_800.0).floor();
        let age = at - life * 28_800.0;
        let heap = 2e8
            + 1e7 * (at / 20.0).fract()
            + 2e3 * (age - 14_400.0).max(0.0)
            + count_as_f64(length_as_count(name.len())) * 1e6;
        let mut by_kind = ByKind::default();
        by_kind.set(Kind::Anon, Bytes(whole(heap)));
        let ceiling =
            Ceiling { source: LimitSource::Own, limit: Bytes(1 << 30), used: Bytes(whole(heap)), swap_included: false };
        Observation {
            identity: Arc::new(Identity { application: name.into(), namespace: None, pod: None, container: None }),
            about: Arc::new(About {
                version: Some(format!("{}", 1.0 + (life / 2.0).floor()).into()),
                ..About::default()
            }),
            lifetime: Lifetime { pid: 7, start_ticks: 100 + whole(life) },
            started: Timestamp(1e9 + life * 28_800.0),
            age_seconds: age,
            memory: Some(Memory { by_kind, ceiling: Some(ceiling), basis: Basis::CgroupV2 }),
            live_heap: name.ends_with('j').then_some(Bytes(whole(heap * 0.8))),
            load: LoadCounters { requests: None, cpu_seconds: Some(age * 0.1 * (2.0 + (at / 13_750.0).sin())) },
            counters: None,
            population: Population { processes: 1, ..Population::default() },
        }
    }

    fn observe(engine: &mut Engine, at: f64) {
        let applications = ["one", "two j"].map(|name| seen(name, at)).to_vec();
        engine.observe(Sample { clock: clock(at), applications, ..Sample::default() });
    }

    /// All that is told, and all that is kept.
    fn told(engine: &Engine) -> (String, Vec<u8>) {
        (format!("{:?}", engine.report().applications), encode(engine, "", Clock::default()).unwrap())
    }

    #[test]
    fn what_is_kept_goes_on_as_if_memtrend_had_never_been_away() {
        let mut engine = Engine::new(Settings::default());
        let mut is_leak = false;
        for step in 0..12 * 60 * 30_u32 {
            let at = f64::from(step) * STEP;
            observe(&mut engine, at);
            // At odd times: within blocks, lives and versions.
            if step % 1777 == 1234 {
                let kept = encode(&engine, "boot", clock(at)).unwrap();
                let mut other = Engine::new(Settings::default());
                other.restore_kills(&engine.save_kills(), true, Moment(at + 1.0));
                other.resume(decode(&kept).unwrap().into_lives("boot", clock(at + 1.0)), Moment(at + 1.0));
                observe(&mut other, at + STEP);
                observe(&mut engine, at + STEP);
                assert!(told(&engine) == told(&other), "after {at} s");
                engine = other;
            }
            is_leak |= engine.report().applications.iter().any(|one| one.leak_lifetimes > 1);
        }
        assert!(is_leak, "nothing worth keeping was seen");
    }

    #[test]
    fn a_boot_ends_lives_and_a_leak_is_carried_over_it_with_its_onset() {
        let mut engine = Engine::new(Settings::default());
        let end = 28_700.0;
        for step in 0..=5740_u32 {
            observe(&mut engine, f64::from(step) * STEP);
        }
        let leaks = |engine: &Engine| {
            let of =
                |one: &ApplicationReport| (one.verdict, one.leak_lifetimes, one.onset.map(|onset| onset.0.round()));
            engine.report().applications.iter().map(of).collect::<Vec<_>>()
        };
        let before = leaks(&engine);
        assert!(before.iter().all(|leak| *leak == (Verdict::Leaking, 1, before[0].2)), "{before:?}");
        let kept = encode(&engine, "boot", clock(end)).unwrap();
        // Ten minutes later the machine has been up for one, and the same pid has the same start.
        let now = Clock { moment: Moment(60.0), wall: Timestamp(1e9 + end + 600.0) };
        for boot in ["another boot", ""] {
            let mut other = Engine::new(Settings::default());
            other.resume(decode(&kept).unwrap().into_lives(boot, now), now.moment);
            other.observe(Sample { clock: now, applications: vec![seen("one", 28_795.0)], ..Sample::default() });
            assert_eq!(leaks(&other)[0], (Verdict::Leaking, 2, before[0].2));
        }
    }

    #[test]
    fn an_application_takes_less_than_eight_kibibytes() {
        let mut engine = Engine::new(Settings::default());
        // Two weeks, in lives of eight hours.
        for step in 0..1440 * 14_u32 {
            observe(&mut engine, f64::from(step) * 60.0);
        }
        let kept = encode(&engine, "boot", Clock::default()).unwrap();
        assert!(kept.len() < 2 * 8192, "{} bytes", kept.len());
        eprintln!("{} bytes for two applications, one with its live heap", kept.len());
    }
}
