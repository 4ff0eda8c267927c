//! The scale of bytes: from zero, unless all of it would lie in the upper half.

/// Most steps.
const MOST_STEPS: f64 = 8.0;

/// A limit above so many times the highest heap is told, not drawn to scale: the heap would be a flat line below it.
const FAR_LIMIT: f64 = 4.0;

/// Units of bytes.
const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// The bytes at the lower edge and the upper one.
#[derive(Clone, Copy, Debug)]
pub(in crate::output) struct Scale {
    pub(in crate::output) low: f64,
    pub(in crate::output) high: f64,
    /// Whether the limit is on it.
    pub(in crate::output) limit_fits: bool,
}

impl Scale {
    /// For values between `lowest` and `highest`, a limit (0 without one), and what else must be on it, up to `further`.
    pub(in crate::output) fn new(lowest: f64, highest: f64, limit: f64, further: f64) -> Self {
        let limit_fits = limit <= FAR_LIMIT * highest;
        let top = if limit_fits { highest.max(limit) } else { highest }.max(further);
        let bottom = if lowest > 0.6 * top { lowest - 0.3 * (top - lowest) } else { 0.0 };
        let step = step((top - bottom).max(top * 1e-3));
        let low = ((bottom / step).floor() * step).max(0.0);
        let high = top + ((top - low) * 0.06).max(step * 0.25);
        Self { low, high, limit_fits }
    }

    /// How high a value stands: 0 at the lower edge, 1 at the upper one.
    pub(in crate::output) fn share(&self, bytes: f64) -> f64 {
        ((bytes - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Round values with their names, upwards.
    pub(in crate::output) fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        let step = step(self.high - self.low);
        // Steps of less than an eighth would be spelt with many decimals.
        let (size, unit) = unit(self.high.min(step * 8.0));
        let values = (0..=16_u32).map(move |tick| self.low + f64::from(tick) * step);
        values.take_while(|value| *value <= self.high).map(move |value| {
            let shown = value / size;
            (value, if value > 0.0 { format!("{shown} {unit}") } else { shown.to_string() })
        })
    }
}

/// The least power of two with at most eight steps over `span` bytes.
fn step(span: f64) -> f64 {
    let mut step = 1.0;
    while span / step > MOST_STEPS && step < 1e300 {
        step *= 2.0;
    }
    step
}

/// The unit for values up to `highest`, and its size.
fn unit(highest: f64) -> (f64, &'static str) {
    let mut size = 1.0;
    let mut unit = "B";
    for larger in UNITS.iter().skip(1) {
        if highest < size * 1024.0 {
            break;
        }
        (size, unit) = (size * 1024.0, larger);
    }
    (size, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_few_and_round() {
        assert_eq!(step(1_073_741_824.0), 134_217_728.0);
        assert_eq!(unit(1_073_741_824.0), (1_073_741_824.0, "GiB"));
        assert_eq!(unit(1_073_741_823.0), (1_048_576.0, "MiB"));
        assert_eq!(unit(5.0), (1.0, "B"));
    }

    #[test]
    fn it_begins_at_zero_unless_all_is_high_and_leaves_out_a_far_limit() {
        let mib = 1_048_576.0;
        let whole = Scale::new(100.0 * mib, 400.0 * mib, 512.0 * mib, 0.0);
        assert_eq!((whole.low, whole.limit_fits, whole.share(0.0)), (0.0, true, 0.0));
        let ticks: Vec<String> = whole.ticks().map(|(_, name)| name).collect();
        assert_eq!(ticks, ["0", "128 MiB", "256 MiB", "384 MiB", "512 MiB"]);
        let high = Scale::new(480.0 * mib, 490.0 * mib, 512.0 * mib, 0.0);
        assert!(high.low > 400.0 * mib && high.low < 480.0 * mib, "{high:?}");
        let far = Scale::new(1.0 * mib, 2.0 * mib, 512.0 * mib, 0.0);
        assert!(!far.limit_fits && far.high < 3.0 * mib, "{far:?}");
        assert!(Scale::new(0.0, 0.0, 0.0, 0.0).share(0.0).is_finite());
    }

    #[test]
    fn fine_steps_high_up_are_told_in_a_smaller_unit() {
        let gib = 1_073_741_824.0;
        let ticks: Vec<String> = Scale::new(1.2 * gib, 1.21 * gib, 0.0, 0.0).ticks().map(|(_, name)| name).collect();
        assert_eq!(ticks.first().map(String::as_str), Some("1224 MiB"), "{ticks:?}");
    }
}
