//! A trace as a picture (SVG): heap, floor, slopes, limit, verdicts. Bounded in memory and in size, whatever its length.

pub(super) mod axes;
mod columns;
pub(super) mod frame;
pub(super) mod legend;
mod plot;
mod ribbon;
mod scale;
mod sketch;
pub(super) mod style;
pub(super) mod text;

pub(super) use axes::time_step;
pub(super) use scale::Scale;
pub use sketch::{Sketch, Window};

use crate::analysis::verdict::Verdict;
use crate::output::chart::plot::Plot;
use crate::output::markup::Safe;
use std::fmt::Write;

/// Width of the picture.
const WIDTH: f64 = 1200.0;

/// Its height.
const HEIGHT: f64 = 640.0;

/// What is told beside the curves.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Name of the trace: untrusted.
    pub title: String,
    /// The verdict at the end with its evidence.
    pub conclusion: String,
    /// When it was, where that is known.
    pub period: Option<String>,
    /// Growth that a verdict was given for.
    pub windows: Vec<Window>,
    /// Changes of the verdict with their time in seconds, on the trace's clock; the first is that of the first row.
    pub changes: Vec<(f64, Verdict)>,
}

/// The picture.
pub fn svg(chart: &Chart, sketch: &Sketch) -> String {
    let plot = Plot::new(sketch, &chart.windows);
    let mut page = String::with_capacity(1 << 16);
    begin(&mut page, &chart.title, &chart.conclusion);
    if let Some(period) = &chart.period {
        let x = WIDTH - 24.0;
        let _ = writeln!(page, "<text class=\"faint\" x=\"{x}\" y=\"36\" text-anchor=\"end\">{}</text>", Safe(period));
    }
    axes::draw(&mut page, &plot.frame, "time since the first row");
    plot.draw(&mut page, sketch);
    ribbon::draw(&mut page, &plot.frame, &chart.changes);
    legend::draw(&mut page, sketch, chart);
    page.push_str("</svg>\n");
    page
}

/// Begins a picture: its names, which are untrusted, its style, its paper and its heading.
pub(super) fn begin(page: &mut String, title: &str, conclusion: &str) {
    // Writing to a String cannot fail, here and in the parts.
    let _ = write!(
        page,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-labelledby=\"name what\">\n<title id=\"name\">{}</title>\n<desc id=\"what\">{}</desc>\n",
        Safe(title),
        Safe(conclusion)
    );
    style::draw(page);
    let _ = writeln!(page, "<rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>");
    let title = text::shortened(title, 100);
    let _ = writeln!(page, "<text class=\"title\" x=\"24\" y=\"36\">{}</text>", Safe(&title));
    for (line, y) in text::lines(conclusion, 165, 2).iter().zip([58.0, 75.0]) {
        let _ = writeln!(page, "<text class=\"note\" x=\"24\" y=\"{y}\">{}</text>", Safe(line));
    }
}
