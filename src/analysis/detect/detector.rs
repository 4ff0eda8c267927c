//! One series of one life: blocks in, a finding out.

use super::doubt::Doubt;
use super::falls::Falls;
use super::patience::{Circumstances, Waited};
use super::swing::Swing;
use super::window::{Seen, Window};
use super::{falls, gradual, load, material, patience, persistent, recent, straight};
use crate::analysis::floors::{SCALES, Work};
use crate::analysis::growth::Growth;
use crate::analysis::trend::MINIMUM_POINTS;
use crate::units::{Moment, count_as_f64, length_as_count};

/// The fewest blocks of a window that may call a leak.
const LEAST_BLOCKS: f64 = 10.0;

/// What the series shows at present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// Too little data for a slope; the seconds still needed.
    Learning(f64),
    /// No growth.
    Steady,
    /// Growth, and what keeps it from being a leak.
    Growing(Seen, Doubt),
    /// Growth that has passed every test.
    Leak(Seen),
}

/// Floors, slopes and test results of one series, at all scales.
#[derive(Clone, Debug)]
pub struct Detector {
    growth: Growth,
    falls: Falls,
    swing: Swing,
    /// Start of the first of the windows in succession that have passed every test but patience, by scale, in seconds
    /// since the series' origin.
    since: [Option<f64>; SCALES],
    /// Scales whose newest window passes every test, as bits.
    leaks: u16,
}

impl Detector {
    /// Begins at the instant of the first sample; `falls` are those of the life before.
    pub fn new(block_seconds: f64, origin: Moment, falls: Falls) -> Self {
        Self {
            growth: Growth::new(block_seconds, origin),
            falls,
            swing: Swing::default(),
            since: [None; SCALES],
            leaks: 0,
        }
    }

    /// Adds a value in bytes with the work since the last one; a finding when a block was completed by it.
    pub fn push(&mut self, at: Moment, value: f64, work: Work, known: &Circumstances) -> Option<Finding> {
        let completed = self.growth.push(at, value, work);
        self.swing.push(value, completed.any());
        if !completed.any() {
            return None;
        }
        for scale in (0..SCALES).filter(|scale| completed.contains(*scale)) {
            self.falls.observe(scale, self.growth.floors().ring(scale)?);
            let is_leak = self.window(scale).is_some_and(|window| self.test(scale, &window, known));
            self.leaks = self.leaks & !(1 << scale) | (u16::from(is_leak) << scale);
        }
        Some(self.finding(known))
    }

    /// The growth below it.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// What the series has given back by itself.
    pub fn falls(&self) -> &Falls {
        &self.falls
    }

    fn window(&self, scale: usize) -> Option<Window> {
        let slope = self.growth.slope(scale)?;
        Some(Window::new(self.growth.floors(), scale, slope, self.falls.at(scale)))
    }

    /// Tests one scale's window; notes for how long it has passed.
    fn test(&mut self, scale: usize, window: &Window, known: &Circumstances) -> bool {
        let shape = self.doubt_of_shape(scale, window);
        let start = window.points().first().map(|first| first.0);
        if let Some(since) = self.since.get_mut(scale) {
            *since = if shape.is_none() { since.or(start) } else { None };
        }
        let waited = self.waited(scale, window, known);
        shape.is_none() && patience::doubt(window, scale, &waited, known).is_none()
    }

    fn doubt_of_shape(&self, scale: usize, window: &Window) -> Option<Doubt> {
        if window.slope.lower.0 <= 0.0 {
            return Some(Doubt::Wavering);
        }
        if window.count() < LEAST_BLOCKS {
            return Some(Doubt::Young(window.span_seconds()));
        }
        material::doubt(window)
            .or_else(|| persistent::doubt(window))
            .or_else(|| gradual::doubt(window))
            .or_else(|| straight::doubt(window))
            .or_else(|| falls::doubt(window))
            .or_else(|| recent::doubt(window, scale, &self.growth))
            .or_else(|| load::doubt(load::explain(window)))
    }

    fn waited(&self, scale: usize, window: &Window, known: &Circumstances) -> Waited {
        let start = window.points().first().map_or(0.0, |first| first.0);
        let since = self.since.get(scale).copied().flatten().unwrap_or(start);
        Waited {
            seconds: window.span_seconds() + (start - since) + known.earlier_seconds,
            block_seconds: self.growth.floors().seconds_per_block(0),
            saw: self.swing.height(),
            ratio: straight::ratio(window).unwrap_or(f64::INFINITY),
        }
    }

    fn finding(&self, known: &Circumstances) -> Finding {
        let floors = self.growth.floors();
        if !self.growth.has_slope() {
            let seen = floors.ring(0).map_or(0, crate::analysis::floors::Ring::count);
            let missing = count_as_f64(length_as_count((MINIMUM_POINTS + 1).saturating_sub(seen)));
            return Finding::Learning(missing * floors.seconds_per_block(0));
        }
        let longest = (0..SCALES).rev().find(|scale| self.leaks & (1 << scale) != 0);
        if let Some((scale, window)) = longest.and_then(|scale| Some((scale, self.window(scale)?))) {
            return Finding::Leak(self.seen(scale, &window, known));
        }
        let present = self.growth.present().and_then(|(scale, _)| Some((scale, self.window(scale)?)));
        let Some((scale, window)) = present else { return Finding::Steady };
        let doubt = self
            .doubt_of_shape(scale, &window)
            .or_else(|| patience::doubt(&window, scale, &self.waited(scale, &window, known), known));
        Finding::Growing(self.seen(scale, &window, known), doubt.unwrap_or(Doubt::Young(window.span_seconds())))
    }

    fn seen(&self, scale: usize, window: &Window, known: &Circumstances) -> Seen {
        Seen {
            slope: window.slope,
            seconds: self.waited(scale, window, known).seconds - known.earlier_seconds,
            ups: window.ups(),
            times_fall: (window.fall > 0.0).then(|| window.growth() / window.fall),
            load: load::explain(window),
        }
    }
}
