//! Verdicts over time: a ribbon above the curves, told by name, pattern and colour, and a line where one changes.

use super::frame::{BOTTOM, Frame, RIGHT};
use crate::analysis::verdict::Verdict;
use crate::units::Span;
use std::fmt::Write;

/// Its place.
const TOP: f64 = 116.0;
const HEIGHT: f64 = 22.0;

/// Width of a letter, about.
const LETTER: f64 = 7.0;

/// Pieces narrower than this in pixels are drawn as part of the one before: there may be thousands.
const NARROWEST: f64 = 1.5;

/// Draws it; `changes` are in order of time.
pub(super) fn draw(page: &mut String, frame: &Frame, changes: &[(f64, Verdict)]) {
    // Up to where each of the rows of times is taken, the lower first.
    let mut taken = [f64::NEG_INFINITY; 2];
    for (index, (at, verdict)) in visible(frame, changes).iter().enumerate() {
        let (seconds, name) = (at.seconds, verdict.name());
        let (x, width) = (at.x, at.width);
        let since = Span((seconds - frame.begin).max(0.0));
        let _ = writeln!(
            page,
            "<g class=\"verdict {name}\"><title>{name} from {since}</title>\
             <rect class=\"{name}\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{HEIGHT}\"/>\
             <rect fill=\"url(#p-{name})\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{HEIGHT}\"/>"
        );
        let letters = f64::from(u8::try_from(name.len()).unwrap_or(u8::MAX));
        if width > letters * LETTER + 12.0 {
            let (x, y) = (x + width / 2.0, TOP + 15.5);
            let _ = writeln!(page, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{name}</text>");
        }
        if index > 0 {
            let _ = writeln!(page, "<path class=\"change\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/>");
            let label = since.to_string();
            let half = f64::from(u8::try_from(label.len()).unwrap_or(u8::MAX)) * LETTER / 2.0;
            let middle = x.min(RIGHT - half);
            if let Some((row, taken)) = (0_u8..).zip(&mut taken).find(|(_, taken)| middle - half > **taken) {
                let y = TOP - 6.0 - 14.0 * f64::from(row);
                let _ = writeln!(
                    page,
                    "<text class=\"when\" x=\"{middle:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>"
                );
                *taken = middle + half + 8.0;
            }
        }
        page.push_str("</g>\n");
    }
}

struct Piece {
    seconds: f64,
    x: f64,
    width: f64,
}

/// The pieces that can be seen.
fn visible(frame: &Frame, changes: &[(f64, Verdict)]) -> Vec<(Piece, Verdict)> {
    let mut pieces: Vec<(Piece, Verdict)> = Vec::new();
    for (index, (at, verdict)) in changes.iter().enumerate() {
        let x = frame.x(*at);
        let end = changes.get(index + 1).map_or(RIGHT, |next| frame.x(next.0));
        let width = end - x;
        match pieces.last_mut() {
            Some((last, what)) if width < NARROWEST && index + 1 < changes.len() || *what == *verdict => {
                last.width = end - last.x;
            }
            _ => pieces.push((Piece { seconds: *at, x, width }, *verdict)),
        }
    }
    pieces
}
