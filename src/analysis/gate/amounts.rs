//! How growth is spelt, in sentences and in every output.

use super::judge::Growth;
use super::report::Unit;

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// `3.1 KiB per request (2.8-3.4)`: the bounds are in the unit of the slope, and with its decimals. Two figures, or as many as it
/// takes to tell the bounds from the slope, but no more than three.
pub fn growth(growth: Growth, unit: Unit) -> String {
    let all = [growth.rate, growth.lower, growth.upper];
    let furthest = growth.lower.abs().max(growth.upper.abs());
    // Bounds that are far out must not be spelt in thousands of the slope's unit.
    let (divisor, name) = scale(growth.rate.abs().max(furthest / 10.0));
    let most = growth.rate.abs().max(furthest) / divisor;
    let few = if most < 10.0 { 1 } else { 0 };
    let spelt = |decimals: usize| all.map(|value| number(value / divisor, decimals));
    let mut texts = spelt(few);
    let is_narrow = |[rate, lower, upper]: &[String; 3]| rate == lower || rate == upper;
    if growth.width() > 0.0 && name != "B" && most < 100.0 && is_narrow(&texts) {
        texts = spelt(few + 1);
    }
    let [rate, lower, upper] = texts;
    // With a sign, a dash between the bounds would be hard to read.
    let between = if lower.starts_with('-') || upper.starts_with('-') { " to " } else { "-" };
    format!("{rate} {name} per {} ({lower}{between}{upper})", unit.name())
}

/// A slope without bounds, signed: `+3.1 KiB per request`.
pub fn slope(rate: f64, unit: Unit) -> String {
    let amount = amount(rate);
    let sign = if rate > 0.0 && !amount.starts_with("0 ") { "+" } else { "" };
    format!("{sign}{amount} per {}", unit.name())
}

/// `3.1 KiB`, `100 B`.
pub fn amount(bytes: f64) -> String {
    let (divisor, name) = scale(bytes.abs());
    let decimals = usize::from(name != "B" && bytes.abs() / divisor < 100.0);
    let text = number(bytes / divisor, decimals);
    format!("{} {name}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Zero has neither sign nor decimals.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.trim_start_matches('-').chars().all(|digit| matches!(digit, '0' | '.'));
    if is_zero { "0".to_owned() } else { text }
}

fn scale(bytes: f64) -> (f64, &'static str) {
    let mut scale = (1.0, "B");
    for name in UNITS.iter().skip(1) {
        if bytes / scale.0 < 1024.0 {
            break;
        }
        scale = (scale.0 * 1024.0, name);
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(rate: f64, lower: f64, upper: f64) -> String {
        growth(Growth { rate, lower, upper }, Unit::Request)
    }

    #[test]
    fn bounds_are_spelt_as_the_slope_is() {
        assert_eq!(spelt(3174.0, 2867.0, 3481.0), "3.1 KiB per request (2.8-3.4)");
        assert_eq!(spelt(12.2, -3.0, 27.0), "12 B per request (-3 to 27)");
        assert_eq!(spelt(-0.2, -0.4, 0.3), "-0.2 B per request (-0.4 to 0.3)");
        assert_eq!(spelt(-0.01, -0.02, 0.03), "0 B per request (0-0)");
        let growth_of_time = Growth { rate: 3e8, lower: 2.5e8, upper: 3.5e8 };
        assert_eq!(growth(growth_of_time, Unit::Hour), "286 MiB per hour (238-334)");
    }

    #[test]
    fn narrow_bounds_take_one_figure_more_and_far_ones_their_own_unit() {
        assert_eq!(spelt(3174.0, 3164.0, 3194.0), "3.10 KiB per request (3.09-3.12)");
        assert_eq!(spelt(35_000.0, 34_800.0, 35_200.0), "34.2 KiB per request (34.0-34.4)");
        assert_eq!(spelt(1024.0, 1024.0, 1024.0), "1.0 KiB per request (1.0-1.0)");
        assert_eq!(spelt(2.0, -3e6, 3e6), "0 KiB per request (-2930 to 2930)");
        assert_eq!(spelt(0.0, 0.0, 0.0), "0 B per request (0-0)");
    }

    #[test]
    fn amounts_and_slopes_have_at_most_three_figures() {
        assert_eq!([amount(100.0), amount(1024.0), amount(16.5 * 1048576.0)], ["100 B", "1 KiB", "16.5 MiB"]);
        assert_eq!(
            [3174.0, -2048.0, 0.3, -0.3].map(|rate| slope(rate, Unit::Request)),
            ["+3.1 KiB per request", "-2 KiB per request", "0 B per request", "0 B per request"]
        );
    }
}
