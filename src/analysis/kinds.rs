//! How fast each kind of memory grows: says where it grows, not whether.

use super::floors::{Points, Ring};
use super::sample::{ByKind, Kind};
use super::trend::{MINIMUM_POINTS, median_slope};
use crate::units::{BytesPerSecond, count_as_f64, narrowed};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::fmt;

/// Growth by kind; with seven figures, and NaN where not known.
#[derive(Clone, Copy)]
pub struct RateByKind([f32; Kind::ALL.len()]);

impl RateByKind {
    /// Of no kind.
    const NONE: Self = Self([f32::NAN; Kind::ALL.len()]);

    /// Of one kind, where it is known.
    pub fn get(&self, kind: Kind) -> Option<BytesPerSecond> {
        let rate = self.0.get(kind.index()).copied().filter(|rate| !rate.is_nan());
        rate.map(|rate| BytesPerSecond(rate.into()))
    }
}

impl fmt::Debug for RateByKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(Kind::ALL.iter().filter_map(|kind| Some((kind, self.get(*kind)?)))).finish()
    }
}

/// Floors of each kind over the shortest window: they say where it grows, not whether.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct KindFloors {
    rings: Vec<(Kind, Ring)>,
    open: Option<(u64, ByKind)>,
    /// Slopes per block, once they are asked for.
    #[serde(skip)]
    rates: OnceCell<RateByKind>,
}

impl KindFloors {
    pub(super) fn new() -> Self {
        Self { rings: Vec::new(), open: None, rates: OnceCell::new() }
    }

    pub(super) fn push(&mut self, index: u64, amounts: &ByKind) {
        match &mut self.open {
            Some((current, lowest)) if index <= *current => lowest.lower(amounts),
            open => {
                if let Some((done, lowest)) = open.replace((index, *amounts)) {
                    self.complete(done, &lowest);
                }
            }
        }
    }

    fn complete(&mut self, index: u64, lowest: &ByKind) {
        for &kind in Kind::ALL {
            let Some(amount) = lowest.get(kind) else { continue };
            match self.rings.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, ring)) => ring.push(index, amount.as_f64()),
                None => {
                    let mut ring = Ring::default();
                    ring.push(index, amount.as_f64());
                    self.rings.reserve_exact(1);
                    self.rings.push((kind, ring));
                }
            }
        }
        self.rates.take();
    }

    fn rates_of_rings(&self) -> RateByKind {
        let mut rates = RateByKind::NONE;
        for (kind, ring) in &self.rings {
            let mut points = Points::default();
            ring.blocks().for_each(|(index, floor)| points.push((count_as_f64(index), floor)));
            if let Some(rate) = rates.0.get_mut(kind.index()).filter(|_| ring.count() >= MINIMUM_POINTS) {
                *rate = median_slope(points.as_slice()).map_or(f32::NAN, narrowed);
            }
        }
        rates
    }

    /// What it has allocated, in bytes.
    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.rings.capacity() * size_of::<(Kind, Ring)>()
    }

    /// Slopes per second; they are kept per block.
    pub(super) fn rates(&self, block_seconds: f64) -> RateByKind {
        let RateByKind(per_block) = self.rates.get_or_init(|| self.rates_of_rings());
        RateByKind(per_block.map(|rate| rate / narrowed(block_seconds)))
    }
}
