//! What was seen of one kind of memory, look by look, in bounded room.

/// The most looks that are kept.
const MOST_POINTS: usize = 8192;

/// One look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Seconds since the load began.
    pub seconds: f64,
    /// Units of work done until then: requests, iterations or hours.
    pub work: f64,
    /// Bytes held.
    pub bytes: f64,
}

/// Looks in the order of time. When there are too many, of every two neighbours the lower is kept: floors stay what they are.
#[derive(Clone, Debug, Default)]
pub struct Series {
    points: Vec<Point>,
    /// Looks that make up one point.
    stride: u32,
    /// The lowest of those that are not yet as many.
    open: Option<(u32, Point)>,
}

impl Series {
    /// Adds a look; one that is not later than the last, or not finite, is left out.
    pub fn push(&mut self, point: Point) {
        let is_later = self.points.last().is_none_or(|last| point.seconds > last.seconds && point.work >= last.work);
        if !(is_later && point.seconds.is_finite() && point.work.is_finite() && point.bytes.is_finite()) {
            return;
        }
        let (count, lowest) = match self.open {
            Some((count, lowest)) => (count + 1, if lowest.bytes <= point.bytes { lowest } else { point }),
            None => (1, point),
        };
        if count < self.stride.max(1) {
            self.open = Some((count, lowest));
            return;
        }
        self.open = None;
        self.points.push(lowest);
        if self.points.len() >= MOST_POINTS {
            self.points = self.points.chunks(2).filter_map(lower).collect();
            self.stride = self.stride.max(1) * 2;
        }
    }

    /// The looks that are kept.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// At most `most` of them for a picture, the first and the last among them.
    pub fn thinned(&self, most: usize) -> Vec<Point> {
        let size = self.points.len().div_ceil(most.max(2) - 1).max(1);
        let mut thinned: Vec<Point> = self.points.chunks(size).filter_map(|chunk| chunk.first().copied()).collect();
        if let Some(last) = self.points.last().filter(|last| thinned.last() != Some(last)) {
            thinned.push(*last);
        }
        thinned
    }
}

/// The lowest of several looks.
pub(super) fn lower(points: &[Point]) -> Option<Point> {
    points.iter().copied().reduce(|lowest, point| if point.bytes < lowest.bytes { point } else { lowest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(seconds: f64, bytes: f64) -> Point {
        Point { seconds, work: seconds, bytes }
    }

    #[test]
    fn room_is_bounded_and_floors_stay() {
        let mut series = Series::default();
        for second in 0..100_000_u32 {
            let bytes = if second % 1000 == 999 { 5.0 } else { 10.0 };
            series.push(point(f64::from(second), bytes));
        }
        assert!(series.points().len() < MOST_POINTS);
        assert_eq!(series.points().iter().filter(|point| point.bytes < 10.0).count(), 100);
        assert!(series.thinned(100).len() <= 101);
    }

    #[test]
    fn what_is_out_of_order_or_not_finite_is_left_out() {
        let mut series = Series::default();
        for (seconds, bytes) in [(1.0, 1.0), (0.5, 2.0), (1.0, 3.0), (2.0, f64::NAN), (3.0, 4.0)] {
            series.push(point(seconds, bytes));
        }
        assert_eq!(series.points(), [point(1.0, 1.0), point(3.0, 4.0)]);
    }
}
