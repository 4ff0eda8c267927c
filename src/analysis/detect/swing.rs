//! How far values swing within one base block: the height of a collector's saw.

use serde::{Deserialize, Serialize};

/// Weight of the newest block: the mean reaches over some 20 blocks.
const WEIGHT: f64 = 0.05;

/// Mean height of the swing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Swing {
    mean: f64,
    open: Option<(f64, f64)>,
}

impl Swing {
    pub(super) fn push(&mut self, value: f64, block_completed: bool) {
        let Some((low, high)) = self.open else {
            self.open = Some((value, value));
            return;
        };
        if block_completed {
            self.mean += WEIGHT * (high - low - self.mean);
            self.open = Some((value, value));
        } else {
            self.open = Some((low.min(value), high.max(value)));
        }
    }

    /// Bytes, at least 0.
    pub(super) fn height(self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saw_has_its_height_and_a_line_next_to_none() {
        let (mut saw, mut line) = (Swing::default(), Swing::default());
        for step in 0..2400_u32 {
            let is_last = step % 12 == 0;
            saw.push(1000.0 + f64::from(step % 12) * 10.0, is_last);
            line.push(1000.0 + f64::from(step) * 0.01, is_last);
        }
        assert!((saw.height() - 110.0).abs() < 5.0, "{saw:?}");
        assert!(line.height() < 1.0, "{line:?}");
    }
}
