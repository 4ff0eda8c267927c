//! The curves of a trace.

use super::columns::Extent;
use super::frame::{BOTTOM, Frame, LEFT, RIGHT, TOP};
use super::scale::Scale;
use super::sketch::{Sketch, Window};
use crate::units::{Bytes, whole};
use std::fmt::Write;

/// Scales, and the lines that lie on them.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) frame: Frame,
    /// Lines of slopes, and whether each is that of the first call.
    lines: Vec<(bool, Ends)>,
}

/// A straight line: its ends as (seconds, bytes).
type Ends = ((f64, f64), (f64, f64));

impl Plot {
    /// Scales for a trace and its slopes.
    pub(super) fn new(sketch: &Sketch, windows: &[Window]) -> Self {
        let lines = windows.iter().filter_map(|window| Some((window.is_of_call, sketch.line(window)?)));
        let lines: Vec<(bool, Ends)> = lines.collect();
        let heap = || sketch.heap.iter().map(|(_, extent)| extent);
        let highest = heap().map(|extent| extent.highest).fold(1.0, f64::max);
        let lowest = heap().map(|extent| extent.lowest).fold(highest, f64::min);
        let limits = || sketch.limit.iter().map(|(_, extent)| extent);
        let limit = limits().map(|extent| extent.highest).fold(0.0, f64::max);
        let ends = lines.iter().map(|(_, (_, (_, value)))| *value).fold(0.0, f64::max);
        let scale = Scale::new(lowest, highest, limit, ends);
        // From the first row to the last, at least a second.
        let span = (sketch.end - sketch.begin).max(1.0);
        Self { frame: Frame { begin: sketch.begin, span, scale }, lines }
    }

    pub(super) fn draw(&self, page: &mut String, sketch: &Sketch) {
        self.heap(page, sketch);
        // Broad and pale, so that the floors that a slope is of can be seen on it; that of the call is the shorter, on top.
        for (is_of_call, ((x1, y1), (x2, y2))) in self.lines.iter().rev() {
            let class = if *is_of_call { "slope call" } else { "slope end" };
            let _ = writeln!(
                page,
                "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
                self.frame.x(*x1),
                self.frame.y(*y1),
                self.frame.x(*x2),
                self.frame.y(*y2)
            );
        }
        self.floor(page, sketch);
        self.limit(page, sketch);
        self.restarts(page, sketch);
    }

    /// Between the lowest and the highest value of each column.
    fn heap(&self, page: &mut String, sketch: &Sketch) {
        let half = sketch.heap.width() / 2.0;
        page.push_str("<path class=\"heap\" d=\"");
        for run in sketch.heap.runs(sketch.gap()) {
            let point = |(at, value): (f64, f64), letter: char| {
                format!("{letter}{:.1} {:.1}", self.frame.x(at + half), self.frame.y(value))
            };
            let mut letter = 'M';
            let highest = run.iter().map(|(at, extent)| (*at, extent.highest));
            let lowest = run.iter().rev().map(|(at, extent)| (*at, extent.lowest));
            for one in highest.chain(lowest) {
                page.push_str(&point(one, letter));
                letter = 'L';
            }
            page.push('Z');
        }
        page.push_str("\"/>\n");
    }

    fn floor(&self, page: &mut String, sketch: &Sketch) {
        let width = sketch.floor.width();
        page.push_str("<path class=\"floor\" d=\"");
        for run in sketch.floor.runs(sketch.gap()) {
            self.steps(page, &run, width, |extent| extent.lowest);
        }
        page.push_str("\"/>\n");
    }

    fn steps(&self, page: &mut String, run: &[(f64, Extent)], width: f64, value: impl Fn(&Extent) -> f64) {
        let mut last = None;
        for (at, extent) in run {
            let y = format!("{:.1}", self.frame.y(value(extent)));
            match &last {
                None => drop(write!(page, "M{:.1} {y}", self.frame.x(*at))),
                Some(before) if *before == y => {}
                Some(_) => drop(write!(page, "H{:.1}V{y}", self.frame.x(*at))),
            }
            last = Some(y);
        }
        if let Some((at, _)) = run.last() {
            let _ = write!(page, "H{:.1}", self.frame.x(at + width));
        }
    }

    fn limit(&self, page: &mut String, sketch: &Sketch) {
        let Some(limit) = sketch.last_limit else { return };
        let shown = Bytes(whole(limit));
        let (x, y) = (RIGHT - 6.0, if self.frame.scale.limit_fits { self.frame.y(limit) - 7.0 } else { TOP + 16.0 });
        let (line, note) = match self.frame.scale.limit_fits {
            true => (String::new(), String::new()),
            // Above the scale: the dashes lie on the upper edge.
            false => (format!("M{LEFT} {TOP}H{RIGHT}"), ", above this scale ↑".to_owned()),
        };
        let _ = write!(page, "<path class=\"limit\" d=\"{line}");
        if self.frame.scale.limit_fits {
            for run in sketch.limit.runs(sketch.gap()) {
                self.steps(page, &run, sketch.limit.width(), |extent| extent.last);
            }
        }
        let _ = writeln!(
            page,
            "\"/>\n<text class=\"limit\" x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">limit {shown}{note}</text>"
        );
    }

    fn restarts(&self, page: &mut String, sketch: &Sketch) {
        let mut last = f64::NEG_INFINITY;
        for (at, _) in sketch.restarts.iter() {
            let x = self.frame.x(at);
            let _ =
                writeln!(page, "<path class=\"restart\" d=\"M{x:.1} {BOTTOM}l-4 -8h8z\"><title>restart</title></path>");
            if x - last > 60.0 {
                let (x, y) = (x + 7.0, BOTTOM - 3.0);
                let _ = writeln!(page, "<text class=\"faint\" x=\"{x:.1}\" y=\"{y}\">restart</text>");
                last = x;
            }
        }
    }
}
