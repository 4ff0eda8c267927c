//! A small chart: the floor from zero up, as steps, with the limit where that is near enough to be seen.

use super::figures::extremes;
use super::steps::steps;
use crate::analysis::history::Block;
use crate::output::chart::Scale;
use crate::units::{Bytes, Span, whole};
use std::fmt::Write;

/// The most blocks that a small chart is made of.
pub const MOST_BLOCKS: usize = 30;

/// Its size in units of its own; on the page it is half as large.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 64.0;

/// Free above the highest and below the lowest: half a line's width.
const MARGIN: f64 = 3.0;

/// Without a limit to be seen the highest floor stands at two thirds of the height.
const CLEAR_OF_EDGE: f64 = 1.5;

/// Draws the floor up to `now` (seconds since the Unix epoch); `limit` is the heap at which the limit is hit.
pub(super) fn beside_limit(page: &mut String, course: &[Block], limit: Option<f64>, now: f64) {
    let Some((lowest, highest)) = extremes(course.iter().map(|block| block.floor)) else { return };
    let scale = Scale::new(0.0, highest.max(1.0), limit.unwrap_or(0.0), 0.0);
    let limit = limit.map(|limit| (limit, scale.limit_fits));
    let is_near = limit.is_some_and(|(_, fits)| fits);
    // At the upper edge it would look as if it were at a limit.
    let top = if is_near { scale.high } else { highest.max(1.0) * CLEAR_OF_EDGE };
    draw(page, course, |bytes| bytes / top, limit, (lowest, highest), now);
}

/// Draws the floor of one window as large as it fits: its shape, not its level.
pub(super) fn alone(page: &mut String, blocks: &[Block]) {
    let Some((lowest, highest)) = extremes(blocks.iter().map(|block| block.floor)) else { return };
    let Some(last) = blocks.last() else { return };
    // Noise of less than a hundredth is no shape.
    let height = (highest - lowest).max(0.01 * highest).max(1.0);
    let share = |bytes: f64| 0.5 + (bytes - f64::midpoint(lowest, highest)) / height;
    draw(page, blocks, share, None, (lowest, highest), last.end());
}

fn draw(
    page: &mut String,
    blocks: &[Block],
    share: impl Fn(f64) -> f64,
    limit: Option<(f64, bool)>,
    (lowest, highest): (f64, f64),
    now: f64,
) {
    let Some(begin) = blocks.first().map(|block| block.begin.0) else { return };
    let seconds = (now - begin).max(1.0);
    let x = |at: f64| ((at - begin) / seconds).clamp(0.0, 1.0) * WIDTH;
    let y = |bytes: f64| HEIGHT - MARGIN - share(bytes).clamp(0.0, 1.0) * (HEIGHT - 2.0 * MARGIN);
    let amount = |bytes: f64| Bytes(whole(bytes));
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        page,
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>Floor over {}</title><desc>{} to {}",
        Span(seconds),
        amount(lowest),
        amount(highest)
    );
    let line = match limit {
        Some((limit, true)) => {
            let _ = write!(page, "; the limit is hit at {}", amount(limit));
            format!("<path class=\"limit\" d=\"M0 {:.0}H{WIDTH}\"/>", y(limit))
        }
        Some((limit, false)) => {
            let _ = write!(page, "; the limit is hit at {}, far above", amount(limit));
            String::new()
        }
        None => String::new(),
    };
    let _ = write!(page, "</desc><path class=\"floor\" d=\"{}\"/>{line}</svg>", steps(blocks, x, y));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    fn drawn(limit: Option<f64>) -> String {
        let block = |number: u32| {
            let at = f64::from(number);
            Block { begin: Timestamp(1.7e9 + at * 60.0), seconds: 60.0, floor: 1e8 + at * 1e7 }
        };
        let course: Vec<Block> = (0..30).map(block).collect();
        let mut page = String::new();
        beside_limit(&mut page, &course, limit, 1.7e9 + 1800.0);
        page
    }

    #[test]
    fn the_limit_is_drawn_where_it_is_near() {
        let near = drawn(Some(5e8));
        assert!(near.contains("<desc>95.4 MiB to 372 MiB; the limit is hit at 477 MiB</desc>"), "{near}");
        assert!(near.contains("<path class=\"limit\" d=\"M0 6H240\"/>"), "{near}");
        let far = drawn(Some(5e9));
        assert!(
            far.contains("; the limit is hit at 4.7 GiB, far above</desc>") && !far.contains("class=\"limit\""),
            "{far}"
        );
        assert!(!drawn(None).contains("limit"));
    }

    #[test]
    fn it_is_small_and_of_a_bounded_number_of_points() {
        let chart = drawn(Some(5e8));
        assert!(chart.len() < 600, "{}: {chart}", chart.len());
        assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>"));
    }

    #[test]
    fn without_a_block_there_is_no_chart() {
        let mut page = String::new();
        beside_limit(&mut page, &[], Some(1.0), 0.0);
        alone(&mut page, &[]);
        assert_eq!(page, "");
    }
}
