//! Does it go up most of the time? Noise goes down as often as up.

use super::doubt::Doubt;
use super::window::Window;

/// Share of the increments that must be up. Heaps grow in pieces that an allocator asks for, so that a leak may rest for
/// several blocks: lower than the 70 % that would suit a smooth line.
const SHARE_UP: f64 = 0.6;

/// Goes down, or rests, too often.
pub(super) fn doubt(window: &Window) -> Option<Doubt> {
    let (up, all) = window.ups();
    (f64::from(up) < SHARE_UP * f64::from(all)).then_some(Doubt::Wavering)
}

#[cfg(test)]
mod tests {
    use super::super::window::tests::window;
    use super::*;

    #[test]
    fn a_line_persists_and_a_wave_does_not() {
        assert_eq!(doubt(&window(15, |x| x)), None);
        assert_eq!(doubt(&window(15, |x| x + if x % 2.0 < 1.0 { 3.0 } else { 0.0 })), Some(Doubt::Wavering));
    }
}
