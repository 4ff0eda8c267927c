//! Clean series whose level moves, but goes nowhere.

use super::load::{DAY, HOUR};
use super::service::{Made, Saw, Service};
use crate::random::Random;

/// Nothing but noise, requests in flight and a collector's sawtooth.
pub(super) fn steady(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    let height = service.room() * random.between(0.1, 0.5);
    service.saw = Some(Saw { height, period: random.scaled(120.0, 6.0 * HOUR) });
    service.clean(random, |_| Box::new(|_, _| 0.0))
}

/// The old generation of a JVM fills between full collections 5 to 40 hours apart, each of which finds the same live set.
pub(super) fn old_generation(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    service.runtime = Some("jvm");
    let height = service.room() * random.between(0.2, 0.8);
    let period = random.scaled(5.0 * HOUR, 40.0 * HOUR);
    service.saw = Some(Saw { height: 0.1 * height, period: random.scaled(120.0, HOUR) });
    let mean = service.load.mean;
    service.clean(random, move |random| {
        let mut filled = random.between(0.0, 0.5);
        Box::new(move |tick, random| {
            filled += tick.work / mean / period;
            if filled >= 1.0 {
                filled = random.between(0.0, 0.05);
            }
            height * filled
        })
    })
}

fn follows_load(random: &mut Random, mut service: Service, daily: f64, weekend: f64) -> Made {
    service.load.daily = daily;
    service.load.weekend = weekend;
    let each = service.room() * random.between(0.15, 0.6) / (1.0 + daily);
    let lag = random.scaled(120.0, 2.0 * HOUR);
    service.clean(random, move |_| {
        let mut level = None;
        Box::new(move |tick, _| {
            let level = level.get_or_insert(tick.load);
            *level += (tick.load - *level) * (tick.step / lag).min(1.0);
            each * *level
        })
    })
}

/// Sessions follow the day.
pub(super) fn daily(random: &mut Random) -> Made {
    let (service, daily) = (Service::usual(random), random.between(0.4, 0.9));
    follows_load(random, service, daily, 1.0)
}

/// Sessions follow the day and the working week.
pub(super) fn weekly(random: &mut Random) -> Made {
    let (service, daily, weekend) = (Service::usual(random), random.between(0.3, 0.7), random.between(0.2, 0.6));
    follows_load(random, service, daily, weekend)
}

/// Load ramps to 1.5 to 4 times over 8 hours to 3 days, for good; memory follows it.
pub(super) fn ramp_to_plateau(random: &mut Random) -> Made {
    ramp(random, f64::INFINITY)
}

/// The same, and the load falls back when the campaign is over.
pub(super) fn ramp_and_drop(random: &mut Random) -> Made {
    let plateau = random.between(0.0, 12.0) * HOUR;
    ramp(random, plateau)
}

fn ramp(random: &mut Random, plateau: f64) -> Made {
    let mut service = Service::usual(random);
    let (from, long, factor) =
        (random.between(0.5, 3.0) * DAY, random.scaled(8.0 * HOUR, 72.0 * HOUR), random.between(1.5, 4.0));
    service.load.ramp = Some((from, from + long, factor));
    service.load.falls_back_at = from + long + plateau;
    let daily = random.between(0.05, 0.3);
    let highest = factor * (1.0 + daily);
    service.base = service.base.min(0.6 * service.limit);
    let each = service.room() * random.between(0.4, 0.8) / highest;
    let lag = random.scaled(120.0, HOUR);
    service.load.daily = daily;
    service.clean(random, move |_| {
        let mut level = None;
        Box::new(move |tick, _| {
            let level = level.get_or_insert(tick.load);
            *level += (tick.load - *level) * (tick.step / lag).min(1.0);
            each * *level
        })
    })
}

/// Tenants or indexes are loaded and dropped: the level steps up and down, 4 to 36 hours apart.
pub(super) fn steps(random: &mut Random) -> Made {
    let service = Service::usual(random);
    let (room, apart) = (service.room(), random.scaled(4.0 * HOUR, 36.0 * HOUR));
    service.clean(random, move |random| {
        let (mut level, mut next) = (random.between(0.1, 0.5), random.exponential() * apart);
        Box::new(move |tick, random| {
            while tick.age >= next {
                level = random.between(0.05, 0.7);
                next += random.exponential() * apart;
            }
            room * level
        })
    })
}

/// A queue's depth: a random walk between two walls.
pub(super) fn random_walk(random: &mut Random) -> Made {
    let service = Service::usual(random);
    let width = service.room() * random.between(0.1, 0.6);
    // Crosses its width in half a day to four days.
    let crossing = random.scaled(0.5 * DAY, 4.0 * DAY);
    service.clean(random, move |random| {
        let mut place = random.unit();
        Box::new(move |tick, random| {
            place += random.normal() * (tick.step / crossing).sqrt();
            place = if place < 0.0 { -place } else { place };
            place = if place > 1.0 { 2.0 - place } else { place };
            width * place.clamp(0.0, 1.0)
        })
    })
}

/// Work in progress that comes and goes: AR(1) with a memory of 20 minutes to 8 hours.
pub(super) fn autoregressive(random: &mut Random) -> Made {
    let service = Service::usual(random);
    let deviation = service.room() * random.between(0.02, 0.12);
    let memory = random.scaled(1200.0, 8.0 * HOUR);
    service.clean(random, move |random| {
        let mut state = random.normal();
        Box::new(move |tick, random| {
            let kept = (-tick.step / memory).exp();
            state = kept * state + (1.0 - kept * kept).sqrt() * random.normal();
            deviation * (state + 4.0).max(0.0)
        })
    })
}
