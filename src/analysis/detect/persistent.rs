//! Does it go up most of the time? Noise goes down as often as up.

use super::doubt::Doubt;
use super::window::{Series, Window};

/// Share of the increments that must be up. Heaps grow in pieces that an allocator asks for, so that a leak may rest for
/// several blocks: lower than the 70 % that would suit a smooth line.
const SHARE_UP: f64 = 0.6;

/// Goes down, or rests, too often. What lives in a heap is told at full collections only: between them it rests, and that
/// says nothing.
pub(super) fn doubt(window: &Window, series: Series) -> Option<Doubt> {
    let (up, all) = match series {
        Series::Heap => window.ups(),
        Series::LiveHeap => window.moves(),
    };
    (f64::from(up) < SHARE_UP * f64::from(all)).then_some(Doubt::Wavering)
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
    use super::*;

    #[test]
    fn a_line_persists_and_a_wave_does_not() {
        let line = window(15, |x| x);
        let wave = window(15, |x| x + if x % 2.0 < 1.0 { 3.0 } else { 0.0 });
        assert_eq!(doubt(&line, Series::Heap), None);
        for series in [Series::Heap, Series::LiveHeap] {
            assert_eq!(doubt(&wave, series), Some(Doubt::Wavering));
        }
    }

    #[test]
    fn what_is_told_at_rare_collections_rests_between_them() {
        let rare = window(15, |x| (x / 4.0).floor());
        assert_eq!(doubt(&rare, Series::Heap), Some(Doubt::Wavering));
        assert_eq!(doubt(&rare, Series::LiveHeap), None);
    }
}
