//! How fast each kind of memory grows: says where it grows, not whether.

use super::floors::{Points, Ring};
use super::sample::{ByKind, Kind};
use super::trend::{MINIMUM_POINTS, median_slope};
use crate::units::{BytesPerSecond, count_as_f64, narrowed};
use std::cell::OnceCell;

/// Growth by kind, in bytes a block; NaN where not known.
type Rates = [f32; Kind::ALL.len()];

/// Floors of each kind over the shortest window: they say where it grows, not whether.
#[derive(Debug)]
pub(super) struct KindFloors {
    rings: Vec<(Kind, Ring)>,
    open: Option<(u64, ByKind)>,
    /// Slopes per block, once they are asked for.
    rates: OnceCell<Rates>,
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

    fn rates_of_rings(&self) -> Rates {
        let mut rates = [f32::NAN; Kind::ALL.len()];
        for (kind, ring) in &self.rings {
            let mut points = Points::default();
            ring.blocks().for_each(|(index, floor)| points.push((count_as_f64(index), floor)));
            if let Some(rate) = rates.get_mut(kind.index()).filter(|_| ring.count() >= MINIMUM_POINTS) {
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
    pub(super) fn rates(&self, block_seconds: f64) -> [Option<BytesPerSecond>; Kind::ALL.len()] {
        let rates = self.rates.get_or_init(|| self.rates_of_rings());
        rates.map(|rate| (!rate.is_nan()).then(|| BytesPerSecond(f64::from(rate) / block_seconds)))
    }
}
