//! One series of one life: blocks in, a finding out.

use super::doubt::Doubt;
use super::falls::Falls;
use super::patience::{Circumstances, Waited};
use super::swing::Swing;
use super::window::{Seen, Series, Window};
use super::{falls, follows, gradual, lasting, load, material, patience, persistent, recent, straight, whole};
use crate::analysis::floors::{SCALES, Work};
use crate::analysis::growth::Growth;
use crate::analysis::trend::MINIMUM_POINTS;
use crate::units::{Moment, count_as_f64, length_as_count};

/// The fewest blocks of a window that may call a leak.
const LEAST_BLOCKS: f64 = 10.0;

/// The fewest blocks of a longer window that has something to tell.
const LEAST_LONGER_BLOCKS: f64 = 8.0;

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

impl Finding {
    /// How much it says: more for what is worse.
    pub fn weight(&self) -> u8 {
        match self {
            Self::Learning(_) => 0,
            Self::Steady => 1,
            Self::Growing(..) => 2,
            Self::Leak(_) => 3,
        }
    }
}

/// Floors, slopes and test results of one series, at all scales.
#[derive(Clone, Debug)]
pub struct Detector {
    series: Series,
    growth: Growth,
    falls: Falls,
    swing: Swing,
    /// Start of the first of the windows in succession that have passed every test but patience, by scale, in seconds
    /// since the series' origin.
    since: [Option<f64>; SCALES],
    /// Scales whose newest window passes every test, as bits.
    leaks: u16,
    finding: Finding,
    onset: Option<Moment>,
}

impl Detector {
    /// Begins at the instant of the first sample; `falls` are those of the life before.
    pub fn new(series: Series, block_seconds: f64, origin: Moment, falls: Falls) -> Self {
        Self {
            series,
            growth: Growth::new(block_seconds, origin),
            falls,
            swing: Swing::default(),
            since: [None; SCALES],
            leaks: 0,
            finding: Finding::Learning(count_as_f64(length_as_count(MINIMUM_POINTS + 1)) * block_seconds),
            onset: None,
        }
    }

    /// Adds a value in bytes with the work since the last one; tells whether a block was completed by it, and with it a
    /// new finding.
    pub fn push(&mut self, at: Moment, value: f64, work: Work, known: &Circumstances) -> bool {
        let completed = self.growth.push(at, value, work);
        self.swing.push(value, completed.any());
        if !completed.any() {
            return false;
        }
        for scale in (0..SCALES).filter(|scale| completed.contains(*scale)) {
            if let Some(ring) = self.growth.floors().ring(scale) {
                self.falls.observe(scale, ring);
            }
            let is_leak = self.window(scale).is_some_and(|window| self.test(scale, &window, known));
            self.leaks = self.leaks & !(1 << scale) | (u16::from(is_leak) << scale);
        }
        self.finding = self.judge(known);
        self.note_onset();
        true
    }

    /// What was found when a block was last completed.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Estimated start of the present growth.
    pub fn onset(&self) -> Option<Moment> {
        self.onset
    }

    /// The estimate reaches back only as far as its window: the earliest is kept while the growth goes on.
    fn note_onset(&mut self) {
        let estimate = self.growth.present().and_then(|(scale, _)| self.growth.floors().change_point(scale));
        self.onset = match (self.onset, estimate) {
            (Some(earlier), Some(now)) if earlier.0 < now.0 => Some(earlier),
            (_, now) => now,
        };
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

    /// The windows of longer scales that hold enough to have something to tell.
    fn longer(&self, scale: usize) -> impl Iterator<Item = Window> {
        (scale + 1..SCALES)
            .filter_map(|longer| self.window(longer))
            .filter(|window| window.count() >= LEAST_LONGER_BLOCKS)
    }

    /// Tests one scale's window; notes for how long it has passed.
    fn test(&mut self, scale: usize, window: &Window, known: &Circumstances) -> bool {
        let shape = self.doubt_of_shape(scale, window);
        let start = window.points().first().map(|first| first.0);
        if let Some(since) = self.since.get_mut(scale) {
            *since = if shape.is_none() { since.or(start) } else { None };
        }
        shape.is_none() && self.doubt_of_time(scale, window, known).is_none()
    }

    /// What only delays the call.
    fn doubt_of_time(&self, scale: usize, window: &Window, known: &Circumstances) -> Option<Doubt> {
        let of_late = match self.series {
            Series::Heap => lasting::doubt(window, scale, &self.growth),
            // Told anew at full collections only, which may be hours apart.
            Series::LiveHeap => None,
        };
        let waited = self.waited(scale, window, known);
        of_late
            .or_else(|| whole::doubt(self.longer(scale), waited.block_seconds))
            .or_else(|| follows::doubt(window))
            .or_else(|| self.longer(scale).find_map(|longer| follows::doubt(&longer)))
            .or_else(|| falls::doubt_of_longer(window, waited.seconds, self.falls.beyond(scale)))
            .or_else(|| patience::doubt(window, scale, &waited, known))
    }

    fn doubt_of_shape(&self, scale: usize, window: &Window) -> Option<Doubt> {
        if window.slope.lower.0 <= 0.0 {
            return Some(Doubt::Wavering);
        }
        if window.count() < LEAST_BLOCKS {
            return Some(Doubt::Young(window.span_seconds()));
        }
        material::doubt(window)
            .or_else(|| persistent::doubt(window, self.series))
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
            ratio: straight::pace(window.points()).unwrap_or(f64::INFINITY),
        }
    }

    fn judge(&self, known: &Circumstances) -> Finding {
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
        let Some((present, _)) = self.growth.present() else { return Finding::Steady };
        // A window that is long but holds few blocks as yet has less to tell than a shorter one that is full.
        let full = |scale: &usize| self.window(*scale).is_some_and(|window| window.count() >= LEAST_BLOCKS);
        let scale = (0..=present).rev().find(full).unwrap_or(present);
        let Some(window) = self.window(scale) else { return Finding::Steady };
        let doubt = self.doubt_of_shape(scale, &window).or_else(|| self.doubt_of_time(scale, &window, known));
        Finding::Growing(self.seen(scale, &window, known), doubt.unwrap_or(Doubt::Young(window.span_seconds())))
    }

    fn seen(&self, scale: usize, window: &Window, known: &Circumstances) -> Seen {
        Seen {
            series: self.series,
            slope: window.slope,
            seconds: self.waited(scale, window, known).seconds - known.earlier_seconds,
            ups: window.ups(),
            times_fall: (window.fall > 0.0).then(|| window.growth() / window.fall),
            load: load::explain(window),
        }
    }
}
