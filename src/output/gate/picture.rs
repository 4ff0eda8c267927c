//! What a picture of a run shows, over seconds since the load began: memory, the window that was judged, its floors, and the line
//! of each slope.

use crate::analysis::gate::judge::Growth;
use crate::analysis::gate::report::{GateReport, Part};
use crate::analysis::gate::series::Point;
use crate::analysis::gate::window::Window;
use crate::output::chart::Scale;
use crate::units::{Bytes, count_as_f64, length_as_count};

/// A bound above so many times the highest memory is not drawn to scale: little would be seen of what is below.
const NEAR: f64 = 2.0;

/// One place of a slope's line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OnLine {
    /// Seconds.
    pub(super) seconds: f64,
    /// Bytes on the line, and on those of its bounds.
    pub(super) bytes: Growth,
}

/// Floors of one part, and the line through them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub(super) part: Part,
    pub(super) growth: Growth,
    /// (seconds, bytes).
    pub(super) floors: Vec<(f64, f64)>,
    /// At each floor.
    pub(super) line: Vec<OnLine>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    points: &'a [Point],
    /// Seconds from the beginning of the load to the right edge, more than zero.
    pub(super) span: f64,
    /// The window that was judged, in seconds.
    pub(super) judged: Option<(f64, f64)>,
    pub(super) courses: Vec<Course>,
    pub(super) scale: Scale,
    /// The highest of all that is drawn, in bytes.
    pub(super) top: f64,
    /// The most memory that is allowed, in bytes, where that is on the scale.
    pub(super) bound: Option<f64>,
}

impl<'a> Picture<'a> {
    /// Of a run; `None` where no memory was seen.
    pub(super) fn of(report: &'a GateReport) -> Option<Self> {
        let first = report.curve.partition_point(|point| point.seconds < 0.0);
        let points = report.curve.get(first..).filter(|points| !points.is_empty())?;
        let span = points.last().map_or(1.0, |last| last.seconds).max(1e-3);
        let windows = || report.parts.iter().filter_map(|judged| Some((judged.part, judged.finding.window()?)));
        let longest = windows().map(|(_, window)| window.seconds).fold(0.0, f64::max);
        let from = report.stages.judged_from.map(|from| (from - report.load_began).clamp(0.0, span));
        let courses: Vec<Course> = windows().map(|(part, window)| course(points, part, window)).collect();
        let floors = || courses.iter().flat_map(|course| &course.floors).map(|(_, bytes)| *bytes);
        let ends = courses.iter().filter_map(|course| course.line.last()).map(|end| end.bytes.rate);
        let bytes = || points.iter().map(|point| point.bytes);
        let highest = bytes().fold(1.0, f64::max);
        let lowest = bytes().chain(floors()).fold(highest, f64::min).max(0.0);
        let further = ends.chain(floors()).fold(0.0, f64::max);
        let near = |most: &Bytes| most.as_f64() <= NEAR * highest.max(further);
        let bound = report.most_memory.filter(near).map(Bytes::as_f64);
        let scale = Scale::new(lowest, highest, bound.unwrap_or(0.0), further);
        Some(Self {
            points,
            span,
            judged: from.map(|from| (from, (from + longest).min(span))),
            scale,
            top: highest.max(further).max(bound.unwrap_or(0.0)),
            bound,
            courses,
        })
    }

    /// Lowest and highest memory in each of so many columns from the left edge to the right one. Where no look falls into a column
    /// it lies between its neighbours.
    pub(super) fn columns(&self, count: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let width = self.span / count_as_f64(length_as_count(count.max(1)));
        let mut rest = self.points;
        (1..=count).map(move |column| {
            let end = if column == count { f64::INFINITY } else { width * count_as_f64(length_as_count(column)) };
            let (these, later) = rest.split_at(rest.partition_point(|point| point.seconds < end));
            rest = later;
            let middle = width * (count_as_f64(length_as_count(column)) - 0.5);
            let between = between(self.points, middle, |point| (point.seconds, point.bytes));
            let bytes = || these.iter().map(|point| point.bytes);
            (bytes().reduce(f64::min).unwrap_or(between), bytes().reduce(f64::max).unwrap_or(between))
        })
    }

    /// Work that was done by a time.
    pub(super) fn work_at(&self, seconds: f64) -> f64 {
        between(self.points, seconds, |point| (point.seconds, point.work))
    }
}

/// The floors of a window by the time at which so much work was done, and the line of its slope, which passes through the median of
/// what is left of them without it, as Theil-Sen's does; those of the bounds turn about its middle.
fn course(points: &[Point], part: Part, window: &Window) -> Course {
    let growth = window.growth;
    let seconds_at = |work: f64| between(points, work, |point| (point.work, point.seconds));
    let middle = window.floors.get(window.floors.len() / 2).map_or(0.0, |(work, _)| *work);
    let mut rests: Vec<f64> = window.floors.iter().map(|(work, bytes)| bytes - growth.rate * (work - middle)).collect();
    rests.sort_unstable_by(f64::total_cmp);
    let level = rests.get(rests.len() / 2).copied().unwrap_or(0.0);
    let on_line = |&(work, _): &(f64, f64)| {
        let [rate, one, other] = [growth.rate, growth.lower, growth.upper].map(|rate| level + rate * (work - middle));
        OnLine { seconds: seconds_at(work), bytes: Growth { rate, lower: one.min(other), upper: one.max(other) } }
    };
    Course {
        part,
        growth,
        floors: window.floors.iter().map(|(work, bytes)| (seconds_at(*work), *bytes)).collect(),
        line: window.floors.iter().map(on_line).collect(),
    }
}

/// The value at a place between looks, on a straight line from one to the next; beyond them that of the nearest.
fn between(points: &[Point], place: f64, of: fn(&Point) -> (f64, f64)) -> f64 {
    let next = points.partition_point(|point| of(point).0 < place);
    let before = next.checked_sub(1).and_then(|index| points.get(index)).map(of);
    match (before, points.get(next).map(of)) {
        (Some((from, low)), Some((to, high))) if to > from => low + (high - low) * (place - from) / (to - from),
        (Some((_, value)), None) | (None, Some((_, value))) | (Some(_), Some((_, value))) => value,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::*;

    #[test]
    fn floors_lie_on_their_line_at_the_time_of_their_work() {
        let report = fixture::leak();
        let picture = Picture::of(&report).unwrap();
        let [course] = &picture.courses[..] else { panic!() };
        let (from, to) = picture.judged.unwrap();
        assert!((from - 20.5).abs() < 0.1 && (to - picture.span).abs() < 0.1, "{from} {to}");
        for ((seconds, bytes), line) in course.floors.iter().zip(&course.line) {
            assert!((from - 0.2..=to).contains(seconds) && *seconds == line.seconds);
            assert!((bytes - line.bytes.rate).abs() < 1e6, "{bytes} {line:?}");
            assert!(line.bytes.lower <= line.bytes.rate && line.bytes.rate <= line.bytes.upper);
        }
    }

    #[test]
    fn columns_hold_what_was_seen_and_are_filled_between() {
        let mut report = fixture::leak();
        let point = |seconds, bytes| Point { seconds, work: seconds * 10.0, bytes };
        report.curve = vec![point(0.0, 10.0), point(0.5, 14.0), point(4.0, 20.0)];
        report.parts.clear();
        let picture = Picture::of(&report).unwrap();
        assert_eq!(
            picture.columns(4).collect::<Vec<_>>(),
            [(10.0, 14.0), (14.0 + 6.0 / 3.5, 14.0 + 6.0 / 3.5), (14.0 + 12.0 / 3.5, 14.0 + 12.0 / 3.5), (20.0, 20.0)]
        );
        assert_eq!((picture.work_at(2.0), picture.work_at(9.0)), (20.0, 40.0));
        report.curve.clear();
        assert!(Picture::of(&report).is_none());
    }
}
