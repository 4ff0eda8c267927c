//! Series that leak; the truth is exact.

use super::load::{DAY, HOUR};
use super::service::{Made, Saw, Service};
use crate::random::Random;

/// Bytes a second that fill the room in a time between two, in seconds.
fn rate(service: &Service, random: &mut Random, least: f64, most: f64) -> f64 {
    service.room() / random.scaled(least, most)
}

fn linear(random: &mut Random, least_days: f64, most_days: f64) -> Made {
    let service = Service::usual(random);
    let rate = rate(&service, random, least_days * DAY, most_days * DAY);
    service.leak(random, 0.0, rate, move |_| Box::new(move |tick, _| rate * tick.age))
}

/// A listener or a map entry too many a request, at even load: the limit is 10 to 40 days away.
pub(super) fn linear_slow(random: &mut Random) -> Made {
    linear(random, 10.0, 40.0)
}

/// The same, 3 to 10 days away.
pub(super) fn linear_medium(random: &mut Random) -> Made {
    linear(random, 3.0, 10.0)
}

/// The same, 18 hours to 3 days away; killed at the limit and started again.
pub(super) fn linear_fast(random: &mut Random) -> Made {
    linear(random, 0.75, 3.0)
}

/// A leak under a collector whose sawtooth is 3 to 10 times an hour's growth.
pub(super) fn under_collector(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    let rate = rate(&service, random, 3.0 * DAY, 14.0 * DAY);
    let height = (rate * HOUR * random.between(3.0, 10.0)).min(0.4 * service.room());
    service.saw = Some(Saw { height, period: random.scaled(300.0, 4.0 * HOUR) });
    service.leak(random, 0.0, rate, move |_| Box::new(move |tick, _| rate * tick.age))
}

/// A leak in a service whose memory breathes with the day, by half to twice a day's growth.
pub(super) fn under_daily_load(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    service.load.daily = random.between(0.4, 0.8);
    let rate = rate(&service, random, 3.0 * DAY, 12.0 * DAY);
    let swing = (rate * DAY * random.between(0.5, 2.0)).min(0.3 * service.room());
    let daily = service.load.daily;
    let follows = move |load: f64| swing * (load - 1.0 + daily) / (2.0 * daily);
    service.leak(random, 0.0, rate, move |_| Box::new(move |tick, _| rate * tick.age + follows(tick.load)))
}

/// Each batch or each reload keeps something, at random times half an hour to six hours apart.
pub(super) fn staircase(random: &mut Random) -> Made {
    let service = Service::usual(random);
    let rate = rate(&service, random, 3.0 * DAY, 12.0 * DAY);
    let apart = random.scaled(0.5 * HOUR, 6.0 * HOUR);
    service.leak(random, 0.0, rate, move |random| {
        let (mut held, mut next) = (0.0, random.exponential() * apart);
        Box::new(move |tick, random| {
            while tick.age >= next {
                held += rate * apart * random.between(0.5, 1.5);
                next += random.exponential() * apart;
            }
            held
        })
    })
}

/// Calm for one to four days; then a feature is switched on, and it leaks for 1.5 to 8 days to the limit.
pub(super) fn after_calm(random: &mut Random) -> Made {
    let service = Service::usual(random);
    let rate = rate(&service, random, 1.5 * DAY, 8.0 * DAY);
    let onset = random.between(1.0, 4.0) * DAY;
    let mut life = 0;
    service.leak(random, onset, rate, move |_| {
        life += 1;
        let from = if life == 1 { onset } else { 0.0 };
        Box::new(move |tick, _| rate * (if life == 1 { tick.at } else { tick.age } - from).max(0.0))
    })
}

/// A new version is deployed after one to four days: caches are empty and fill again within hours, and it leaks.
pub(super) fn after_deploy(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    let rate = rate(&service, random, 1.5 * DAY, 8.0 * DAY);
    let deploy = (random.between(1.0, 4.0) * DAY / 60.0).floor() * 60.0;
    service.deploys.push(deploy);
    let (cache, filling) = (service.base * random.between(0.1, 0.3), random.between(0.3, 2.0) * HOUR);
    service.base -= cache;
    service.is_fresh = false;
    let mut life = 0;
    service.leak(random, deploy, rate, move |_| {
        life += 1;
        let is_old = life == 1;
        Box::new(
            move |tick, _| {
                if is_old { cache } else { cache * (1.0 - (-tick.age / filling).exp()) + rate * tick.age }
            },
        )
    })
}

/// Deployed at the beginning, dead at the limit after 6 to 30 hours; in half of the cases nobody starts it again.
pub(super) fn cold(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    service.is_fresh = true;
    service.most_deaths = if random.happens(0.5) { 1 } else { 2 };
    let rate = rate(&service, random, 6.0 * HOUR, 30.0 * HOUR);
    service.leak(random, 0.0, rate, move |_| Box::new(move |tick, _| rate * tick.age))
}

/// So many bytes a request stay: the rate follows the load through day and weekend.
pub(super) fn per_request(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    service.load.daily = random.between(0.4, 0.85);
    service.load.weekend = random.between(0.3, 1.0);
    let mean = {
        let load = &service.load;
        (0..7 * 24 * 6).map(|step| load.relative(f64::from(step) * 600.0)).sum::<f64>() / f64::from(7 * 24 * 6)
    };
    let rate = rate(&service, random, 2.0 * DAY, 10.0 * DAY);
    let each = rate / (service.load.mean * mean);
    service.leak(random, 0.0, rate, move |_| {
        let mut held = 0.0;
        Box::new(move |tick, _| {
            held += each * tick.work;
            held
        })
    })
}

/// Killed at the limit after 30 to 80 hours, started again, killed again.
pub(super) fn oom_loop(random: &mut Random) -> Made {
    let mut service = Service::usual(random);
    service.is_fresh = true;
    service.most_deaths = 2;
    let rate = rate(&service, random, 30.0 * HOUR, 80.0 * HOUR);
    service.leak(random, 0.0, rate, move |_| Box::new(move |tick, _| rate * tick.age))
}
