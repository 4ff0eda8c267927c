//! Blocks of floors as a path of steps; where nothing was seen the path has a gap, never a zero.

use crate::analysis::history::Block;
use std::fmt::Write;

/// Rounding leaves so small a share of a block between it and the next.
const LEAST_GAP: f64 = 0.01;

/// The `d` of a path, in whole units: `x` and `y` place seconds and bytes.
pub(super) fn steps(blocks: &[Block], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::with_capacity(blocks.len() * 8);
    let mut before: Option<(&Block, f64)> = None;
    for block in blocks {
        let height = y(block.floor).round();
        // Writing to a String cannot fail.
        let _ = match before {
            Some((last, _)) if block.begin.0 - last.end() > LEAST_GAP * last.seconds.min(block.seconds) => {
                write!(path, "H{:.0}M{:.0} {height}", x(last.end()), x(block.begin.0))
            }
            // It goes on at the same height.
            Some((_, same)) if same == height => Ok(()),
            Some(_) => write!(path, "H{:.0}V{height}", x(block.begin.0)),
            None => write!(path, "M{:.0} {height}", x(block.begin.0)),
        };
        before = Some((block, height));
    }
    if let Some((last, _)) = before {
        let _ = write!(path, "H{:.0}", x(last.end()));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    #[test]
    fn steps_join_what_is_equal_and_break_where_nothing_was_seen() {
        let block = |begin, floor| Block { begin: Timestamp(begin), seconds: 10.0, floor };
        let blocks = [block(0.0, 5.0), block(10.0, 5.0), block(20.0, 7.0), block(50.0, 7.0), block(60.0, 1.0)];
        assert_eq!(steps(&blocks, |x| x, |y| y), "M0 5H20V7H30M50 7H60V1H70");
        assert_eq!(steps(&[], |x| x, |y| y), "");
    }
}
