//! Scales in units that people read: bytes in powers of two, time since the left edge.

use super::frame::{BOTTOM, Frame, LEFT, RIGHT, TOP};
use crate::units::count_as_f64;
use std::fmt::Write;

/// Most ticks on the axis of time.
const MOST_TIMES: f64 = 8.0;

/// Steps of time in seconds, with the unit that they are told in.
const TIMES: [(f64, f64, &str); 26] = [
    (1.0, 1.0, "s"),
    (2.0, 1.0, "s"),
    (5.0, 1.0, "s"),
    (10.0, 1.0, "s"),
    (30.0, 1.0, "s"),
    (60.0, 60.0, "min"),
    (120.0, 60.0, "min"),
    (300.0, 60.0, "min"),
    (600.0, 60.0, "min"),
    (900.0, 60.0, "min"),
    (1800.0, 60.0, "min"),
    (3600.0, 3600.0, "h"),
    (7200.0, 3600.0, "h"),
    (10_800.0, 3600.0, "h"),
    (21_600.0, 3600.0, "h"),
    (43_200.0, 3600.0, "h"),
    (86_400.0, 86_400.0, "d"),
    (172_800.0, 86_400.0, "d"),
    (432_000.0, 86_400.0, "d"),
    (604_800.0, 86_400.0, "d"),
    (1_209_600.0, 86_400.0, "d"),
    (2_592_000.0, 86_400.0, "d"),
    (5_184_000.0, 86_400.0, "d"),
    (15_552_000.0, 86_400.0, "d"),
    (31_104_000.0, 86_400.0, "d"),
    (62_208_000.0, 86_400.0, "d"),
];

/// A round step of time with at most `most` of them over `span` seconds, and the unit that it is told in with its size.
pub(in crate::output) fn time_step(span: f64, most: f64) -> (f64, f64, &'static str) {
    let fitting = TIMES.iter().find(|(step, ..)| span / step <= most).copied();
    fitting.unwrap_or_else(|| ((span / most / 86_400.0).ceil() * 86_400.0, 86_400.0, "d"))
}

/// Draws both; `caption` is below that of time.
pub(in crate::output) fn draw(page: &mut String, frame: &Frame, caption: &str) {
    page.push_str("<g class=\"axis bytes\">\n");
    for (value, name) in frame.scale.ticks() {
        let (x, y) = (LEFT - 10.0, frame.y(value));
        let _ = writeln!(page, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
        let _ = writeln!(page, "<text x=\"{x}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>", y + 4.0);
    }
    page.push_str("</g>\n<g class=\"axis time\">\n");
    let (step, size, unit) = time_step(frame.span, MOST_TIMES);
    let mut tick = 0_u32;
    loop {
        let seconds = f64::from(tick) * step;
        if seconds > frame.span || count_as_f64(tick.into()) > MOST_TIMES + 1.0 {
            break;
        }
        let x = frame.x(frame.begin + seconds);
        let _ = writeln!(page, "<path class=\"tick\" d=\"M{x:.1} {BOTTOM}v6\"/>");
        let y = BOTTOM + 22.0;
        let _ = writeln!(page, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{} {unit}</text>", seconds / size);
        tick += 1;
    }
    let (x, y) = ((LEFT + RIGHT) / 2.0, BOTTOM + 42.0);
    let _ = writeln!(page, "<text class=\"faint\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{caption}</text>");
    let _ = writeln!(page, "</g>\n<path class=\"frame\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(time_step(6.0 * 3600.0, 8.0), (3600.0, 3600.0, "h"));
        assert_eq!(time_step(24.0 * 3600.0, 8.0), (10_800.0, 3600.0, "h"));
        assert_eq!(time_step(90.0 * 86_400.0, 8.0), (1_209_600.0, 86_400.0, "d"));
        let (step, size, unit) = time_step(1e12, 8.0);
        assert!(1e12 / step <= MOST_TIMES && step % size == 0.0 && unit == "d");
    }
}
