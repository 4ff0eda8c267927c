//! The chart of one application: its floor as far back as is remembered, the limit, the growth, and where that leads.
//!
//! Places across are percentages, so that text has one size on every screen; curves lie in a picture within the picture that
//! is stretched, and strokes are not. No style within: the page's own policy forbids it.

use super::figures::{extremes, heap_at_limit};
use super::steps::steps;
use super::time::tick;
use crate::analysis::history::Block;
use crate::analysis::report::{ApplicationReport, Present};
use crate::output::chart::{Scale, time_step};
use crate::units::{Bytes, Span, Timestamp, whole};
use std::fmt::Write;

/// Height of the curves in pixels, and of all.
const HEIGHT: f64 = 240.0;
const WHOLE: f64 = 264.0;

/// Width of the curves in units of their own.
const WIDTH: f64 = 1000.0;

/// Most ticks on the axis of time: on a telephone there is room for so many.
const MOST_TICKS: u8 = 6;

/// The future takes this share of the past at the most.
const MOST_FUTURE: f64 = 0.35;

/// Seconds at the left edge, now, and at the right edge.
struct Times {
    begin: f64,
    now: f64,
    end: f64,
}

impl Times {
    fn share(&self, at: f64) -> f64 {
        ((at - self.begin) / (self.end - self.begin)).clamp(0.0, 1.0)
    }

    fn x(&self, at: f64) -> f64 {
        self.share(at) * WIDTH
    }
}

/// A straight line, its ends as (seconds, bytes).
type Line = ((f64, f64), (f64, f64));

/// Draws it; nothing where there is no floor yet.
pub(super) fn draw(page: &mut String, application: &ApplicationReport, course: &[Block], now: Timestamp) {
    let (Some((lowest, highest)), Some(first)) = (extremes(course.iter().map(|block| block.floor)), course.first())
    else {
        return;
    };
    let present = application.present.as_ref();
    let left = present.and_then(|present| present.time_to_limit).map(|time| time.expected);
    let past = (now.0 - first.begin.0).max(1.0);
    let future = left.map_or(0.0, |left| (left * 1.05).min(past * MOST_FUTURE));
    let times = Times { begin: first.begin.0, now: now.0, end: first.begin.0 + past + future };
    let growth = growth(application, course);
    let limit = present.and_then(heap_at_limit).map(|heap| heap.as_f64());
    // The growth as it goes on up to the right edge.
    let ahead =
        growth.map(|((x1, y1), (x2, y2))| ((x2, y2), (times.end, y2 + (y2 - y1) / (x2 - x1) * (times.end - x2))));
    let further = growth.into_iter().chain(ahead).map(|(_, (_, bytes))| bytes).fold(0.0, f64::max);
    let scale = Scale::new(lowest, highest, limit.unwrap_or(0.0), further);
    let y = |bytes: f64| HEIGHT - scale.share(bytes) * HEIGHT;
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        page,
        "<svg class=\"chart\" width=\"100%\" height=\"{WHOLE}\" role=\"img\" aria-labelledby=\"chart-title chart-desc\">\
         <title id=\"chart-title\">Floor of the heap over {}</title><desc id=\"chart-desc\">{}</desc>",
        Span(past),
        description((lowest, highest), limit, present)
    );
    for (value, _) in scale.ticks() {
        let _ = write!(page, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{0:.0}\" y2=\"{0:.0}\"/>", y(value));
    }
    let _ = write!(
        page,
        "<svg width=\"100%\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\">"
    );
    let ahead = ahead.filter(|_| future > 0.0).map(|line| ("ahead", line));
    for (class, ((x1, y1), (x2, y2))) in growth.map(|line| ("slope", line)).into_iter().chain(ahead) {
        let [x1, x2, y1, y2] = [times.x(x1), times.x(x2), y(y1), y(y2)];
        let _ = write!(page, "<path class=\"{class}\" d=\"M{x1:.0} {y1:.0}L{x2:.0} {y2:.0}\"/>");
    }
    let _ = write!(page, "<path class=\"floor\" d=\"{}\"/>", steps(course, |at| times.x(at), y));
    if let Some(limit) = limit.filter(|_| scale.limit_fits) {
        let _ = write!(page, "<path class=\"limit\" d=\"M0 {:.0}H{WIDTH}\"/>", y(limit));
    }
    if let Some(onset) = application.onset.filter(|onset| onset.0 > times.begin && onset.0 < times.now) {
        let _ = write!(page, "<path class=\"mark\" d=\"M{:.0} 0V{HEIGHT}\"/>", times.x(onset.0));
    }
    if future > 0.0 {
        let _ = write!(page, "<path class=\"now\" d=\"M{:.0} 0V{HEIGHT}\"/>", times.x(times.now));
    }
    page.push_str("</svg>");
    labels(page, &scale, &times, future > 0.0);
    if let Some(limit) = limit {
        name_limit(page, &scale, limit);
    }
    page.push_str("</svg>");
}

fn description((lowest, highest): (f64, f64), limit: Option<f64>, present: Option<&Present>) -> String {
    let amount = |bytes: f64| Bytes(whole(bytes));
    let mut text = format!("The floor is between {} and {}.", amount(lowest), amount(highest));
    let Some(present) = present else { return text };
    match limit {
        Some(limit) => drop(write!(text, " The limit is hit at a heap of {}", amount(limit))),
        None if present.memory.ceiling.is_some() => text.push_str(" The limit is exceeded"),
        None => text.push_str(" No limit"),
    }
    match present.time_to_limit.filter(|_| limit.is_some()) {
        Some(time) => drop(write!(text, ", in about {}.", Span(time.expected))),
        None => text.push('.'),
    }
    text
}

/// The line of the growth behind the verdict through the floors since it began, as Theil-Sen's line lies: through the median of
/// what is left of them without their slope.
fn growth(application: &ApplicationReport, course: &[Block]) -> Option<Line> {
    let seen = application.evidence.growth()?;
    let end = course.last()?.end();
    let began = application.onset.map_or(f64::NEG_INFINITY, |onset| onset.0).max(end - seen.seconds);
    let from = began.max(course.first()?.begin.0);
    let rate = seen.slope.rate.0;
    let inside = course.iter().filter(|block| block.end() > from);
    let mut rests: Vec<f64> = inside.map(|block| block.floor - rate * (block.begin.0.max(from) - from)).collect();
    rests.sort_unstable_by(f64::total_cmp);
    let level = *rests.get(rests.len() / 2)?;
    (end > from).then_some(((from, level), (end, level + rate * (end - from))))
}

/// Amounts at the left, times below.
fn labels(page: &mut String, scale: &Scale, times: &Times, has_future: bool) {
    for (value, name) in scale.ticks() {
        // Above its line, and within the picture.
        let y = (HEIGHT - scale.share(value) * HEIGHT - 4.0).max(11.0);
        let _ = write!(page, "<text x=\"4\" y=\"{y:.0}\">{name}</text>");
    }
    let (step, ..) = time_step(times.end - times.begin, MOST_TICKS.into());
    let first = (times.begin / step).ceil() * step;
    for number in (0..=MOST_TICKS).map(f64::from) {
        let at = first + number * step;
        // No half words at the edges.
        let percent = times.share(at) * 100.0;
        if at < times.end && (4.0..=96.0).contains(&percent) {
            let _ = write!(
                page,
                "<line class=\"tick\" x1=\"{percent:.1}%\" x2=\"{percent:.1}%\" y1=\"{HEIGHT}\" y2=\"{}\"/>\
                 <text class=\"middle\" x=\"{percent:.1}%\" y=\"{}\">{}</text>",
                HEIGHT + 5.0,
                HEIGHT + 19.0,
                tick(at, step)
            );
        }
    }
    if has_future {
        let (percent, y) = (times.share(times.now) * 100.0, HEIGHT - 5.0);
        let _ = write!(page, "<text class=\"end\" x=\"{percent:.1}%\" y=\"{y}\" dx=\"-5\">now</text>");
    }
}

/// The limit by name, above its line at the right.
fn name_limit(page: &mut String, scale: &Scale, limit: f64) {
    let amount = Bytes(whole(limit));
    let (y, note) = match scale.limit_fits {
        true => ((HEIGHT - scale.share(limit) * HEIGHT - 4.0).max(10.0), ""),
        false => (14.0, ", above this chart ↑"),
    };
    let _ = write!(page, "<text class=\"end\" x=\"100%\" y=\"{y:.0}\" dx=\"-4\">limit at {amount}{note}</text>");
}
