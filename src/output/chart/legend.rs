//! What each line and pattern means, with the figures of the slopes.

use super::Chart;
use super::frame::{BOTTOM, LEFT, RIGHT};
use super::sketch::Sketch;
use crate::analysis::verdict::Verdict;
use std::fmt::Write;

/// Room of an entry's sign, and of a letter.
const SIGN: f64 = 34.0;
const LETTER: f64 = 6.6;

/// What an entry shows.
pub(in crate::output) enum Sign {
    /// A line of this class.
    Line(&'static str),
    /// An area of this class.
    Area(&'static str),
    /// A verdict's colour and pattern.
    Verdict(&'static str),
}

pub(super) fn draw(page: &mut String, sketch: &Sketch, chart: &Chart) {
    let mut entries = vec![
        (Sign::Area("heap"), "heap, lowest to highest".to_owned()),
        (Sign::Line("floor"), "floor: lowest of each minute, or column".to_owned()),
    ];
    if sketch.last_limit.is_some() {
        entries.push((Sign::Line("limit"), "limit".to_owned()));
    }
    for window in &chart.windows {
        let (class, when) = match window.is_of_call {
            true => ("slope call", "slope when called"),
            false => ("slope end", "slope at the end"),
        };
        entries.push((Sign::Line(class), format!("{when}: {}", window.rate)));
    }
    let seen = Verdict::ALL.iter().filter(|verdict| chart.changes.iter().any(|(_, change)| change == *verdict));
    entries.extend(seen.map(|verdict| (Sign::Verdict(verdict.name()), verdict.name().to_owned())));
    lay_out(page, &entries);
}

/// Draws entries below the picture, in as many lines as it takes; their texts are trusted.
pub(in crate::output) fn lay_out(page: &mut String, entries: &[(Sign, String)]) {
    let (mut x, mut y) = (LEFT, BOTTOM + 70.0);
    page.push_str("<g class=\"legend\">\n");
    for (sign, text) in entries {
        let length = f64::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX));
        let width = SIGN + length * LETTER + 16.0;
        if x + width > RIGHT && x > LEFT {
            (x, y) = (LEFT, y + 22.0);
        }
        entry(page, sign, x, y);
        let _ = writeln!(page, "<text x=\"{:.1}\" y=\"{y}\">{text}</text>", x + SIGN);
        x += width;
    }
    page.push_str("</g>\n");
}

fn entry(page: &mut String, sign: &Sign, x: f64, y: f64) {
    let (middle, top) = (y - 4.0, y - 11.0);
    let _ = match sign {
        Sign::Line(class) => {
            writeln!(
                page,
                "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\"/>",
                x + 27.0
            )
        }
        Sign::Area(class) => writeln!(page, "<path class=\"{class}\" d=\"M{x:.1} {top}h27v14h-27z\"/>"),
        Sign::Verdict(name) => writeln!(
            page,
            "<rect class=\"{name}\" x=\"{x:.1}\" y=\"{top}\" width=\"27\" height=\"14\"/>\
             <rect fill=\"url(#p-{name})\" x=\"{x:.1}\" y=\"{top}\" width=\"27\" height=\"14\"/>"
        ),
    };
}
