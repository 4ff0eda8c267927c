//! A run as a picture (SVG): memory since the load began, the window that was judged, its floors, and the slope with its bounds.

use super::picture::{Course, OnLine, Picture};
use super::told;
use crate::analysis::gate::amounts::growth;
use crate::analysis::gate::report::{GateReport, Part};
use crate::output::chart::frame::{BOTTOM, Frame, LEFT, RIGHT, TOP};
use crate::output::chart::legend::{Sign, lay_out};
use crate::output::chart::style::{Colour, rules};
use crate::output::chart::{axes, begin};
use crate::units::{Bytes, count_as_f64, length_as_count};
use std::fmt::Write;

/// Columns of the curve.
const COLUMNS: usize = 540;

/// What a picture of a trace has not, light and dark.
const COLOURS: [Colour; 11] = [
    (".held", "stroke", "#2b86bf", "#5fb2e6"),
    (".held,.below", "fill", "#56b4e9", "#2f7fb5"),
    (".judged", "fill", "#eef1f4", "#222931"),
    (".memory", "stroke", "#00568f", "#8ed0ff"),
    (".area.memory,.seen.memory", "fill", "#00568f", "#8ed0ff"),
    (".live", "stroke", "#8a2f6b", "#f2a6d6"),
    (".area.live,.seen.live", "fill", "#8a2f6b", "#f2a6d6"),
    (".outside", "stroke", "#6b5200", "#f0cf5c"),
    (".area.outside,.seen.outside", "fill", "#6b5200", "#f0cf5c"),
    (".seen", "stroke", "#fff", "#14181d"),
    (".area", "stroke", "none", "none"),
];

const SHAPES: &str = ".held{fill-opacity:.4;stroke-width:1.4;stroke-linejoin:round}.below{fill-opacity:.16}.area{fill-opacity:.2}.through{fill:none;stroke-width:2}.seen{stroke-width:1}\n";

/// The picture; one without a curve where no memory was seen.
pub fn render(report: &GateReport) -> String {
    let mut page = String::with_capacity(1 << 15);
    begin(&mut page, &report.subject, &format!("{}: {}", report.conclusion.name(), report.sentence));
    page.push_str("<style>\n");
    rules(&mut page, SHAPES, &COLOURS);
    page.push_str("</style>\n");
    // Writing to a String cannot fail, here and below.
    for ((name, text), y) in told::rest(report).iter().zip([102.0, 120.0]) {
        let _ = writeln!(page, "<text class=\"faint\" x=\"24\" y=\"{y}\">{name}: {text}</text>");
    }
    match Picture::of(report) {
        Some(picture) => draw(&mut page, report, &picture),
        None => page.push_str("<text class=\"faint\" x=\"24\" y=\"180\">its memory was not seen</text>\n"),
    }
    page.push_str("</svg>\n");
    page
}

fn draw(page: &mut String, report: &GateReport, picture: &Picture) {
    let frame = Frame { begin: 0.0, span: picture.span, scale: picture.scale };
    let mut entries = vec![(Sign::Area("held"), "memory of all processes".to_owned())];
    if let Some((from, to)) = picture.judged {
        let (x, width, height) = (frame.x(from), frame.x(to) - frame.x(from), BOTTOM - TOP);
        let _ = writeln!(
            page,
            "<rect class=\"judged\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>"
        );
        entries.push((Sign::Area("judged"), "window that was judged".to_owned()));
    }
    axes::draw(page, &frame, "time since the load began");
    curve(page, &frame, picture);
    for course in &picture.courses {
        let (class, line) = classes(course.part);
        slope(page, &frame, course, class, line);
        let (name, floors) = (course.part.name(), course.floors.len());
        let text = format!("{name}, slope of {floors} floors: {}", growth(course.growth, report.unit));
        entries.push((Sign::Line(line), text));
    }
    if let Some(most) = report.most_memory {
        bound(page, &frame, most, picture.bound);
    }
    lay_out(page, &entries);
}

/// The class of a part, and that of its line.
fn classes(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Memory => ("memory", "through memory"),
        Part::LiveHeap => ("live", "through live"),
        Part::OutsideHeap => ("outside", "through outside"),
    }
}

/// Memory between the lowest and the highest of each column, and the area below it.
fn curve(page: &mut String, frame: &Frame, picture: &Picture) {
    let width = (RIGHT - LEFT) / count_as_f64(length_as_count(COLUMNS));
    let columns: Vec<(f64, f64)> = picture.columns(COLUMNS).collect();
    let x = |column: usize| LEFT + (count_as_f64(length_as_count(column)) + 0.5) * width;
    let upper = columns.iter().enumerate().map(|(column, (_, highest))| (x(column), frame.y(*highest)));
    let lower = columns.iter().enumerate().rev().map(|(column, (lowest, _))| (x(column), frame.y(*lowest)));
    let around: Vec<(f64, f64)> = upper.chain(lower).collect();
    let (_, lower) = around.split_at(columns.len());
    let ends = [LEFT + width / 2.0, RIGHT - width / 2.0].map(|x| (x, BOTTOM));
    polygon(page, "below", &[lower, &ends].concat());
    polygon(page, "held", &around);
}

/// The line of a slope between those of its bounds, and the floors that it is of.
fn slope(page: &mut String, frame: &Frame, course: &Course, class: &str, line: &str) {
    let place = |at: &OnLine, bytes: f64| (frame.x(at.seconds), frame.y(bytes));
    let upper = course.line.iter().map(|at| place(at, at.bytes.upper));
    let lower = course.line.iter().rev().map(|at| place(at, at.bytes.lower));
    polygon(page, &format!("area {class}"), &upper.chain(lower).collect::<Vec<_>>());
    let _ = write!(page, "<polyline class=\"{line}\" points=\"");
    for (x, y) in course.line.iter().map(|at| place(at, at.bytes.rate)) {
        let _ = write!(page, "{x:.1},{y:.1} ");
    }
    page.push_str("\"/>\n");
    for (seconds, bytes) in &course.floors {
        let (x, y) = (frame.x(*seconds), frame.y(*bytes));
        // Told apart by shape too.
        let _ = match course.part {
            Part::Memory => writeln!(page, "<circle class=\"seen {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"),
            Part::LiveHeap => {
                writeln!(page, "<path class=\"seen {class}\" d=\"M{x:.1} {y:.1}m-3.5 -3.5h7v7h-7z\"/>")
            }
            Part::OutsideHeap => {
                writeln!(page, "<path class=\"seen {class}\" d=\"M{x:.1} {y:.1}m0 -5l5 5l-5 5l-5 -5z\"/>")
            }
        };
    }
}

fn polygon(page: &mut String, class: &str, points: &[(f64, f64)]) {
    let _ = write!(page, "<polygon class=\"{class}\" points=\"");
    for (x, y) in points {
        let _ = write!(page, "{x:.1},{y:.1} ");
    }
    page.push_str("\"/>\n");
}

/// The most memory that is allowed.
fn bound(page: &mut String, frame: &Frame, most: Bytes, on_scale: Option<f64>) {
    let (y, gap, note) = match on_scale {
        Some(bytes) => (frame.y(bytes), -7.0, ""),
        None => (TOP, 16.0, ", above this scale ↑"),
    };
    let (x, beside) = (RIGHT - 6.0, y + gap);
    let _ = writeln!(page, "<path class=\"limit\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
    let _ = writeln!(
        page,
        "<text class=\"limit\" x=\"{x}\" y=\"{beside:.1}\" text-anchor=\"end\">allowed {most}{note}</text>"
    );
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::*;
    use roxmltree::Document;

    fn count(document: &Document, class: &str) -> usize {
        document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    }

    #[test]
    fn any_run_is_a_small_well_formed_picture() {
        for report in fixture::all() {
            let page = render(&report);
            let document = Document::parse(&page).unwrap();
            assert!(page.len() < 60_000 && document.root_element().has_tag_name("svg"), "{}", page.len());
            assert_eq!(count(&document, "held"), 2);
            assert!(!page.contains("NaN") && !page.contains("inf") && !page.contains("<img"));
        }
        let mut nothing = fixture::killed();
        nothing.curve.clear();
        assert!(Document::parse(&render(&nothing)).unwrap().descendants().all(|node| !node.has_tag_name("polygon")));
    }

    #[test]
    fn floors_and_slopes_of_each_part_are_in_it() {
        let (page, parts) = (render(&fixture::leak()), render(&fixture::in_parts()));
        let (one, two) = (Document::parse(&page).unwrap(), Document::parse(&parts).unwrap());
        let floors = fixture::leak().parts[0].finding.window().unwrap().floors.len();
        let area = one.descendants().find(|node| node.attribute("class") == Some("area memory")).unwrap();
        assert_eq!(area.attribute("points").unwrap().split_whitespace().count(), 2 * floors);
        assert_eq!((count(&one, "seen memory"), count(&one, "area memory"), count(&one, "judged")), (floors, 1, 2));
        assert_eq!(
            [count(&two, "through live"), count(&two, "through outside"), count(&two, "through memory")],
            [2, 2, 0]
        );
        assert!(parts.contains(">allowed 96.0 MiB</text>") && !page.contains(">allowed"));
        assert!(render(&fixture::killed()).contains(">allowed 192 MiB</text>"));
    }

    #[test]
    fn a_bound_far_above_is_told_at_the_upper_edge() {
        let mut report = fixture::leak();
        report.most_memory = Some(Bytes(2 << 30));
        assert!(render(&report).contains("allowed 2.0 GiB, above this scale ↑"));
    }
}
