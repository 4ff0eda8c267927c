//! One series of one life: blocks in, a finding out.

use super::doubt::Doubt;
use super::falls::Falls;
use super::patience::{Circumstances, Waited};
use super::swing::Swing;
use super::window::{Seen, Series, Window};
use super::{falls, follows, gradual, lasting, load, material, patience, persistent, recent, straight, whole};
use crate::floors::{Completed, Ring, SCALES, Work};
use crate::growth::Growth;
use crate::trend::{MINIMUM_POINTS, may_reach};
use crate::units::{BytesPerSecond, Moment, count_as_f64, length_as_count, narrowed};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;

/// The fewest blocks of a window that may call a leak.
const LEAST_BLOCKS: f64 = 10.0;

/// The fewest blocks of a longer window that has something to tell.
const LEAST_LONGER_BLOCKS: f64 = 8.0;

/// What the series shows at present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// Too little data for a slope; the seconds still needed, infinite when samples come too seldom.
    Learning(f64),
    /// No growth.
    Steady,
    /// Growth, and what keeps it from being a leak.
    Growing(Seen, Doubt),
    /// Growth that has passed every test.
    Leak(Seen),
}

/// A finding without its numbers, in the order of what says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Stage {
    /// See [`Finding::Learning`].
    Learning,
    /// See [`Finding::Steady`].
    Steady,
    /// See [`Finding::Growing`].
    Growing,
    /// See [`Finding::Leak`].
    Leak,
}

/// The growth that a finding tells of, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    /// Slope over the window.
    pub rate: BytesPerSecond,
    /// How long growth has been seen, in seconds.
    pub seconds: f64,
}

/// Floors, slopes and test results of one series, at all scales. A block that is completed costs what its stage takes; the
/// numbers of the finding are made once they are asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Detector {
    series: Series,
    growth: Growth,
    falls: Falls,
    swing: Swing,
    /// Start of the first of the windows in succession that have passed every test but patience, by scale, in seconds
    /// since the series' origin.
    since: [Option<f32>; SCALES],
    /// Scales whose newest window passes every test, as bits.
    leaks: u16,
    stage: Stage,
    /// The scale of the window that shows it.
    scale: usize,
    /// As of the last completed block.
    known: Circumstances,
    #[serde(skip)]
    finding: OnceCell<Finding>,
    onset: Option<Moment>,
    /// The scale that the onset was last estimated at.
    onset_scale: Option<usize>,
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
            stage: Stage::Learning,
            scale: 0,
            known: Circumstances::default(),
            finding: OnceCell::new(),
            onset: None,
            onset_scale: None,
        }
    }

    /// Adds a value in bytes with the work since the last one; tells whether a block was completed by it, and with it a
    /// new finding.
    pub fn push(&mut self, at: Moment, value: f64, work: Work, known: &Circumstances) -> bool {
        let completed = self.growth.push(at, value, work);
        self.swing.push(value, completed.any());
        if completed.any() {
            self.look(completed, known);
        }
        completed.any()
    }

    fn look(&mut self, completed: Completed, known: &Circumstances) {
        self.known = *known;
        self.finding.take();
        for scale in (0..SCALES).filter(|scale| completed.contains(*scale)) {
            if let Some(ring) = self.growth.floors().ring(scale) {
                self.falls.observe(scale, ring);
            }
            let is_leak = self.growth.has_slope_at(scale) && self.test(scale);
            self.leaks = self.leaks & !(1 << scale) | (u16::from(is_leak) << scale);
        }
        let present = self.growth.present_scale();
        self.note_onset(present, completed);
        (self.stage, self.scale) = self.judge(present);
    }

    /// Counts time from `seconds` later on.
    pub fn shift(&mut self, seconds: f64) {
        self.growth.shift(seconds);
        self.onset.iter_mut().for_each(|onset| onset.0 -= seconds);
    }

    /// What was found when a block was last completed, without its numbers.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What was found when a block was last completed.
    pub fn finding(&self) -> &Finding {
        self.finding.get_or_init(|| self.explain())
    }

    /// The growth that was found, if any was.
    pub fn spell(&self) -> Option<Spell> {
        let slope = (self.stage >= Stage::Growing).then(|| self.growth.slope(self.scale)).flatten()?;
        Some(Spell { rate: slope.rate, seconds: self.seconds(self.scale) })
    }

    /// Estimated start of the present growth.
    pub fn onset(&self) -> Option<Moment> {
        self.onset
    }

    /// The estimate reaches back only as far as its window: the earliest is kept while the growth goes on.
    fn note_onset(&mut self, present: Option<usize>, completed: Completed) {
        let before = std::mem::replace(&mut self.onset_scale, present);
        let Some(scale) = present else {
            self.onset = None;
            return;
        };
        let is_same = before == present && !completed.contains(scale);
        let begin = self.growth.floors().begin(scale);
        let is_before = self.onset.zip(begin).is_some_and(|(earlier, begin)| earlier.0 <= begin.0);
        if is_same || is_before {
            return;
        }
        self.onset = match (self.onset, self.growth.floors().change_point(scale)) {
            (Some(earlier), Some(now)) if earlier.0 < now.0 => Some(earlier),
            (_, now) => now,
        };
    }

    /// Forgets the load so far: another counter is followed from now on.
    pub fn forget_loads(&mut self) {
        self.growth.forget_loads();
    }

    /// The growth below it.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// The most bytes that are likely to be given back by themselves, at a growth of `rate`: the largest fall of late, or a saw
    /// within a base block.
    pub fn gives_back(&self, rate: BytesPerSecond) -> f64 {
        let grown = rate.0 * self.growth.floors().seconds_per_block(0);
        self.falls.at(0).max(self.swing.height() - grown)
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
            .filter(|longer| self.count(*longer) >= LEAST_LONGER_BLOCKS)
            .filter_map(|longer| self.window(longer))
    }

    /// Completed blocks that a scale remembers.
    fn count(&self, scale: usize) -> f64 {
        count_as_f64(length_as_count(self.growth.floors().ring(scale).map_or(0, Ring::count)))
    }

    /// Tests one scale's window; notes for how long it has passed.
    fn test(&mut self, scale: usize) -> bool {
        // Most windows do not rise, and most that do rise by too little: they need no look.
        let is_of_note = self.growth.is_rising(scale) && self.may_be_enough(scale);
        let window = is_of_note.then(|| self.window(scale)).flatten();
        let fit = window.filter(|window| self.doubt_of_shape(scale, window).is_none());
        let start = fit.as_ref().and_then(|window| window.points().first()).map(|first| first.0);
        if let Some(since) = self.since.get_mut(scale) {
            *since = if fit.is_some() { since.or(start.map(narrowed)) } else { None };
        }
        // Patience is the cheapest, and says no most often.
        fit.is_some_and(|window| {
            patience::doubt(&window, scale, &self.waited(scale), &self.known).is_none()
                && self.doubt_of_time(scale, &window).is_none()
        })
    }

    /// Whether the growth over a window may pass the tests that ask for an amount of it: told without its slope.
    fn may_be_enough(&self, scale: usize) -> bool {
        let floors = self.growth.floors();
        let points = floors.points(scale);
        let (Some(first), Some(last)) = (points.as_slice().first(), points.as_slice().last()) else { return false };
        let is_load_known = !floors.loads(scale).iter().any(|load| load.is_nan());
        let least = material::least_growth(last.1).max(falls::least_growth(self.falls.at(scale), is_load_known));
        may_reach(points.as_slice(), least / (last.0 - first.0))
    }

    /// What only delays the call.
    fn doubt_of_time(&self, scale: usize, window: &Window) -> Option<Doubt> {
        let of_late = match self.series {
            Series::Heap => lasting::doubt(window, scale, &self.growth),
            // Told anew at full collections only, which may be hours apart.
            Series::LiveHeap => None,
        };
        let waited = self.waited(scale);
        of_late
            .or_else(|| whole::doubt(self.longer(scale), waited.block_seconds))
            .or_else(|| std::iter::once(*window).chain(self.longer(scale)).find_map(|any| follows::doubt(&any)))
            .or_else(|| falls::doubt_of_longer(window, waited.seconds, self.falls.beyond(scale)))
            .or_else(|| patience::doubt(window, scale, &waited, &self.known))
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

    fn waited(&self, scale: usize) -> Waited {
        let floors = self.growth.floors();
        let (start, last) = floors.ends(scale).unwrap_or_default();
        let since = self.since.get(scale).copied().flatten().map_or(start, f64::from);
        let span = last - start + floors.seconds_per_block(scale);
        Waited {
            seconds: span + (start - since) + self.known.earlier_seconds,
            block_seconds: floors.seconds_per_block(0),
            saw: self.swing.height(),
        }
    }

    /// How long growth has been seen in this life.
    fn seconds(&self, scale: usize) -> f64 {
        self.waited(scale).seconds - self.known.earlier_seconds
    }

    /// Whether half of what a window has gained is still there: it tells of a fall only when its block is completed, hours
    /// later.
    fn holds(&self, scale: usize) -> bool {
        let floors = self.growth.floors();
        let row = floors.ring(scale).map(Ring::floors).unwrap_or_default();
        let (Some(now), [first, .., last]) = (floors.last(), row) else { return false };
        now >= f64::from(f32::midpoint(*first, *last))
    }

    /// The stage and the scale that speaks; `present` is the scale of the present growth.
    fn judge(&self, present: Option<usize>) -> (Stage, usize) {
        if !self.growth.has_slope() {
            return (Stage::Learning, 0);
        }
        if let Some(longest) = (0..SCALES).rev().find(|scale| self.leaks & (1 << scale) != 0 && self.holds(*scale)) {
            return (Stage::Leak, longest);
        }
        let Some(present) = present else { return (Stage::Steady, 0) };
        // A window that is long but holds few blocks as yet has less to tell than a shorter one that is full and rises too.
        let full =
            (0..=present).rev().find(|scale| self.count(*scale) >= LEAST_BLOCKS && self.growth.is_rising(*scale));
        (Stage::Growing, full.unwrap_or(present))
    }

    fn explain(&self) -> Finding {
        let scale = self.scale;
        match (self.stage, self.window(scale)) {
            (Stage::Learning, _) => Finding::Learning(self.growth.floors().seconds_to(MINIMUM_POINTS)),
            (Stage::Steady, _) | (_, None) => Finding::Steady,
            (Stage::Leak, Some(window)) => Finding::Leak(self.seen(scale, &window)),
            (Stage::Growing, Some(window)) => {
                let doubt = self.doubt_of_shape(scale, &window).or_else(|| self.doubt_of_time(scale, &window));
                Finding::Growing(self.seen(scale, &window), doubt.unwrap_or(Doubt::Young(window.span_seconds())))
            }
        }
    }

    fn seen(&self, scale: usize, window: &Window) -> Seen {
        Seen {
            series: self.series,
            slope: window.slope,
            seconds: self.seconds(scale),
            ups: window.ups(),
            times_fall: (window.fall > 0.0).then(|| window.growth() / window.fall),
            load: load::explain(window),
        }
    }
}
