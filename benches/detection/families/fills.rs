//! Clean series that grow and then stop: what fills up.

use super::load::{DAY, HOUR};
use super::service::{Held, Made, Service};
use crate::random::Random;

/// A service from its start, and how much is filled: a fifth to seven tenths of the room.
fn fresh(random: &mut Random) -> (Service, f64) {
    let mut service = Service::usual(random);
    service.is_fresh = true;
    let full = service.room() * random.between(0.2, 0.7);
    (service, full)
}

/// A cache whose entries come ever more rarely: an exponential with a time constant of half an hour to a day.
pub(super) fn exponential(random: &mut Random) -> Made {
    let (service, full) = fresh(random);
    let time = random.scaled(0.5 * HOUR, 24.0 * HOUR);
    service.clean(random, |_| Box::new(move |tick, _| full * (1.0 - (-tick.age / time).exp())))
}

/// Fragmentation that grows with the logarithm of the age.
pub(super) fn logarithmic(random: &mut Random) -> Made {
    let (service, full) = fresh(random);
    let time = random.scaled(600.0, 3.0 * HOUR);
    let whole = (1.0 + 7.0 * DAY / time).ln();
    service.clean(random, |_| Box::new(move |tick, _| full * (1.0 + tick.age / time).ln() / whole))
}

/// Growth with the root of the age, until all is filled after half a day to four days.
pub(super) fn square_root(random: &mut Random) -> Made {
    let (service, full) = fresh(random);
    let time = random.scaled(0.5 * DAY, 4.0 * DAY);
    service.clean(random, |_| Box::new(move |tick, _| full * (tick.age / time).min(1.0).sqrt()))
}

/// Different keys among requests whose keys follow Zipf's law, by the expectation over ranks in bands.
struct Zipf(Vec<(f64, f64)>);

impl Zipf {
    fn new(keys: f64, exponent: f64) -> Self {
        const BANDS: i32 = 120;
        let ranks: Vec<f64> = (0..=BANDS).map(|band| keys.powf(f64::from(band) / f64::from(BANDS))).collect();
        let bands = ranks.windows(2).map(|pair| (pair[1] - pair[0], (pair[0] * pair[1]).sqrt().powf(-exponent)));
        let bands: Vec<_> = bands.collect();
        let total: f64 = bands.iter().map(|(count, weight)| count * weight).sum();
        Self(bands.into_iter().map(|(count, weight)| (count, weight / total)).collect())
    }

    /// How many keys there are when this share of them is seen within so many requests: by bisection of the logarithm.
    fn keys(requests: f64, exponent: f64, share: f64) -> f64 {
        let (mut few, mut many) = (1.0_f64, requests.max(2.0) / share);
        for _ in 0..50 {
            let middle = (few * many).sqrt();
            let seen = Self::new(middle, exponent).different(requests) / middle;
            if seen > share { few = middle } else { many = middle }
        }
        many.max(1000.0)
    }

    fn different(&self, requests: f64) -> f64 {
        self.0.iter().map(|(count, share)| count * -(-share * requests).exp_m1()).sum()
    }
}

/// What is held of `full` bytes by the number of requests, once it is full with a little churn.
fn table(full: f64, different: impl Fn(f64) -> f64 + 'static, capacity: f64) -> Held {
    let (mut requests, mut churn) = (0.0, 0.0);
    Box::new(move |tick, random| {
        requests += tick.work;
        churn = 0.95 * churn + 0.3 * random.normal();
        let filled = (different(requests) / capacity).min(1.0);
        full * filled * (1.0 + 0.003 * churn * filled)
    })
}

/// Requests of this life after so many seconds, at mean load.
fn requests(service: &Service, seconds: f64) -> f64 {
    service.load.mean * seconds
}

/// In what time the caches of most services are full.
const USUAL_FILLING: (f64, f64) = (0.5 * HOUR, 6.0 * HOUR);

/// In what time some are: for so long and longer they grow as a leak does.
const SLOW_FILLING: (f64, f64) = (6.0 * HOUR, 48.0 * HOUR);

/// An LRU cache under Zipf-distributed keys, full within half an hour to six hours.
pub(super) fn lru_zipf(random: &mut Random) -> Made {
    zipf_filled_within(random, USUAL_FILLING)
}

/// The same, full within six hours to two days.
pub(super) fn lru_zipf_slow(random: &mut Random) -> Made {
    zipf_filled_within(random, SLOW_FILLING)
}

/// A tenth to six tenths of all keys fit.
fn zipf_filled_within(random: &mut Random, (least, most): (f64, f64)) -> Made {
    let (service, full) = fresh(random);
    let filling = requests(&service, random.scaled(least, most));
    let (exponent, fits) = (random.between(0.7, 1.1), random.between(0.1, 0.6));
    let keys = Zipf::keys(filling, exponent, fits);
    service.clean(random, |_| {
        let zipf = Zipf::new(keys, exponent);
        table(full, move |requests| zipf.different(requests), keys * fits)
    })
}

/// An LRU cache under uniform keys, full within half an hour to six hours: it fills nearly in a straight line.
pub(super) fn lru_uniform(random: &mut Random) -> Made {
    uniform_filled_within(random, USUAL_FILLING)
}

/// The same, full within six hours to two days.
pub(super) fn lru_uniform_slow(random: &mut Random) -> Made {
    uniform_filled_within(random, SLOW_FILLING)
}

fn uniform_filled_within(random: &mut Random, (least, most): (f64, f64)) -> Made {
    let (service, full) = fresh(random);
    let fits: f64 = random.between(0.3, 0.95);
    // Filled when keys * -ln(1 - fits) requests have come.
    let keys = requests(&service, random.scaled(least, most)) / -(1.0 - fits).ln();
    service.clean(random, |_| table(full, move |requests| -keys * (-requests / keys).exp_m1(), keys * fits))
}

/// A table of interned words: all of a vocabulary that follows Zipf's law, the rare ones after days.
pub(super) fn interning(random: &mut Random) -> Made {
    let (service, full) = fresh(random);
    let words = requests(&service, random.scaled(600.0, 6.0 * HOUR)).max(1000.0);
    let exponent = random.between(0.8, 1.05);
    service.clean(random, |_| {
        let zipf = Zipf::new(words, exponent);
        table(full, move |requests| zipf.different(requests), words)
    })
}

/// Resident memory that never falls: the highest of noisy peaks, one each 10 to 60 minutes.
pub(super) fn high_water(random: &mut Random) -> Made {
    let (service, full) = fresh(random);
    let (apart, spread) = (random.scaled(600.0, HOUR), random.between(0.2, 0.6));
    service.clean(random, |random| {
        let (mut highest, mut next) = (0.0_f64, random.exponential() * apart);
        Box::new(move |tick, random| {
            while tick.age >= next {
                // A peak of 4 deviations is the whole.
                highest = highest.max((spread * (random.normal() - 4.0)).exp());
                next += random.exponential() * apart;
            }
            full * highest.min(1.0)
        })
    })
}

/// A new version every 10 to 40 hours, whose caches fill anew each time.
pub(super) fn deploys(random: &mut Random) -> Made {
    let (mut service, full) = fresh(random);
    let (time, apart) = (random.scaled(0.5 * HOUR, 6.0 * HOUR), random.between(10.0, 40.0) * HOUR);
    let mut at = random.between(0.3, 1.0) * apart;
    while at < 7.0 * DAY {
        service.deploys.push(at);
        at += apart * random.between(0.7, 1.3);
    }
    service.clean(random, |_| Box::new(move |tick, _| full * (1.0 - (-tick.age / time).exp())))
}
