//! The finding on one series: it leaks, it does not, or that cannot be told yet.

use super::doubt::Doubt;
use super::series::Point;
use super::window::Window;
use crate::detect::pace;

/// Growth in bytes for each unit of work, with its 95 % bounds; `lower` ≤ `rate` ≤ `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The slope.
    pub rate: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Growth {
    /// From bound to bound.
    pub fn width(self) -> f64 {
        self.upper - self.lower
    }

    /// Of two parts together, whose errors are independent: bounds add up as the root of their squares.
    pub fn plus(self, other: Self) -> Self {
        let rate = self.rate + other.rate;
        let below = (self.rate - self.lower).hypot(other.rate - other.lower);
        let above = (self.upper - self.rate).hypot(other.upper - other.rate);
        Self { rate, lower: rate - below, upper: rate + above }
    }

    /// How much more than `other`, with the bounds of both.
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { rate: -other.rate, lower: -other.upper, upper: -other.lower })
    }
}

/// What the judgement rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Bytes for each unit of work above which growth is a leak.
    pub most_growth: f64,
    /// Seconds of load before which nothing is judged: of the program's warm-up.
    pub warm_up_seconds: f64,
    /// The shortest window in which growth is called a leak, in seconds: what fills up in less has stopped growing before.
    pub shortest_leak_seconds: f64,
    /// The shortest window in which growth is ruled out, in seconds.
    pub shortest_pass_seconds: f64,
    /// From bound to bound, the largest share of the growth of a leak: while it can be waited for, a leak is told when it is known.
    pub widest: f64,
}

impl Rules {
    /// When nothing more will be seen: a leak is one though its bounds are wide.
    pub fn at_last(self) -> Self {
        Self { widest: f64::INFINITY, ..self }
    }

    /// The usual ones, with this bound.
    pub fn with(most_growth: f64) -> Self {
        Self {
            most_growth,
            warm_up_seconds: 5.0,
            shortest_leak_seconds: 20.0,
            shortest_pass_seconds: 15.0,
            widest: WIDEST,
        }
    }
}

/// The usual [`Rules::widest`]. Memory that a JVM holds outside of its heap wavers for a minute by what its compilers take, and its
/// bounds with it.
pub const WIDEST: f64 = 0.5;

/// What a series says.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It grows by more than the bound, straight on.
    Leak(Window),
    /// It grows by less than the bound.
    NoLeak(Window),
    /// That cannot be told, and why.
    Open(Doubt, Option<Window>),
}

impl Finding {
    /// The window that it rests on.
    pub fn window(&self) -> Option<&Window> {
        match self {
            Self::Leak(window) | Self::NoLeak(window) => Some(window),
            Self::Open(_, window) => window.as_ref(),
        }
    }
}

/// The least share of the first half's pace that the second must keep. Over the later half of what was seen a logarithm keeps
/// 0.71, a square root 0.85: with that one it has to be lived.
const LEAST_PACE: f64 = 0.75;

/// One block may make up this share of the growth of all: of eight alike each has a seventh.
const LARGEST_STEP: f64 = 0.4;

/// What is given back by itself may be this share of the growth.
const LARGEST_FALL: f64 = 0.34;

/// Judges what was seen so far, in its later half.
pub fn judge(points: &[Point], rules: &Rules) -> Finding {
    let Some(last) = points.last() else { return Finding::Open(Doubt::NothingSeen, None) };
    let from = rules.warm_up_seconds.max(last.seconds / 2.0);
    let Some(window) = Window::over(points, from) else {
        let moved = points.first().is_some_and(|first| last.work > first.work);
        return Finding::Open(if moved { Doubt::Short } else { Doubt::NoWork }, None);
    };
    let doubt = doubt(&window, rules);
    match doubt {
        None if window.growth.upper <= rules.most_growth => Finding::NoLeak(window),
        None => Finding::Leak(window),
        Some(doubt) => Finding::Open(doubt, Some(window)),
    }
}

/// What speaks against either answer.
fn doubt(window: &Window, rules: &Rules) -> Option<Doubt> {
    let growth = window.growth;
    if growth.upper <= rules.most_growth {
        if window.seconds < rules.shortest_pass_seconds {
            return Some(Doubt::Short);
        }
        return (growth.upper < -rules.most_growth).then_some(Doubt::Falling);
    }
    if growth.lower <= rules.most_growth {
        return Some(Doubt::Straddles);
    }
    let rise = window.rise();
    let pace = pace(&window.floors).filter(|pace| !pace.is_nan()).unwrap_or(0.0);
    if pace < LEAST_PACE {
        return Some(Doubt::SlowsDown(pace));
    }
    let step = window.largest_step() / rise;
    if step > LARGEST_STEP {
        return Some(Doubt::Step(step));
    }
    let fall = window.largest_fall() / rise;
    if fall > LARGEST_FALL {
        return Some(Doubt::Falls(fall));
    }
    if growth.width() > rules.widest * growth.rate {
        return Some(Doubt::Wide);
    }
    (window.seconds < rules.shortest_leak_seconds).then_some(Doubt::Short)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]
    use super::*;

    /// Looks each tenth of a second at 500 requests a second.
    fn looks(seconds: u32, bytes: impl Fn(f64) -> f64) -> Vec<Point> {
        let point = |tick: u32| {
            let seconds = f64::from(tick) / 10.0;
            Point { seconds, work: seconds * 500.0, bytes: bytes(seconds * 500.0) }
        };
        (0..seconds * 10).map(point).collect()
    }

    fn finding(seconds: u32, bytes: impl Fn(f64) -> f64) -> Finding {
        judge(&looks(seconds, bytes), &Rules::with(100.0))
    }

    #[test]
    fn a_straight_leak_is_called_with_its_rate() {
        let Finding::Leak(window) = finding(41, |work| 1e7 + 1024.0 * work) else { panic!() };
        assert!((window.growth.rate - 1024.0).abs() < 1.0);
        assert!(matches!(finding(30, |work| 1e7 + 1024.0 * work), Finding::Open(Doubt::Short, _)));
    }

    #[test]
    fn flat_memory_is_no_leak_and_early() {
        assert!(matches!(finding(31, |_| 1e7), Finding::NoLeak(_)));
        assert!(matches!(finding(31, |work| 1e7 - work), Finding::NoLeak(_)));
        assert!(matches!(finding(31, |work| 2e7 - 200.0 * work), Finding::Open(Doubt::Falling, _)));
        assert!(matches!(finding(15, |_| 1e7), Finding::Open(Doubt::Short, _)));
    }

    #[test]
    fn what_fills_up_in_the_first_half_is_no_leak() {
        assert!(matches!(finding(45, |work| 1e7 + 2048.0 * work.min(8000.0)), Finding::NoLeak(_)));
    }

    #[test]
    fn what_slows_down_steps_or_falls_is_open() {
        let fill = |work: f64| 1e7 + 2048.0 * work.min(15_000.0);
        assert!(matches!(finding(40, fill), Finding::Open(Doubt::SlowsDown(_) | Doubt::Straddles, _)));
        let logarithm = |work: f64| 1e7 + 4e6 * (1.0 + work / 500.0).ln();
        assert!(matches!(finding(60, logarithm), Finding::Open(Doubt::SlowsDown(_), _)));
        let steps = |work: f64| 1e7 + 8e6 * (work / 7000.0).floor() + work * 200.0;
        assert!(matches!(finding(60, steps), Finding::Open(Doubt::Step(_), _)));
    }

    #[test]
    fn near_the_bound_it_waits_for_narrower_bounds() {
        let noisy = |work: f64| 1e7 + 100.0 * work + 3e5 * (work / 3.0).sin().abs();
        assert!(matches!(finding(60, noisy), Finding::Open(Doubt::Straddles, _) | Finding::NoLeak(_)));
        assert!(matches!(judge(&[], &Rules::with(100.0)), Finding::Open(Doubt::NothingSeen, None)));
        let idle: Vec<Point> = looks(60, |_| 1e7).into_iter().map(|point| Point { work: 7.0, ..point }).collect();
        assert!(matches!(judge(&idle, &Rules::with(100.0)), Finding::Open(Doubt::NoWork, None)));
    }

    #[test]
    fn growth_of_parts_adds_up_with_the_bounds_of_independent_errors() {
        let one = Growth { rate: 10.0, lower: 7.0, upper: 13.0 };
        let other = Growth { rate: 5.0, lower: 1.0, upper: 9.0 };
        assert_eq!(one.plus(other), Growth { rate: 15.0, lower: 10.0, upper: 20.0 });
        assert_eq!(one.minus(other), Growth { rate: 5.0, lower: 0.0, upper: 10.0 });
    }
}
