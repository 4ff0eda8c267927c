//! Units as types: the only place where numbers change their unit or their representation.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Bytes(pub u64);

/// A rate of growth in bytes per second; negative when memory shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct BytesPerSecond(pub f64);

/// A memory limit as the kernel states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No limit: `max`, a cgroup v1 value near 2^63, or no such file.
    Unlimited,
    /// At most so many bytes.
    At(Bytes),
}

/// An instant in seconds on the boot clock, which no one sets and which counts suspension: for slopes and ages.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct Moment(pub f64);

/// An instant in seconds since the Unix epoch: for display and export only.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct Timestamp(pub f64);

/// The two clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clock {
    /// Boot clock.
    pub moment: Moment,
    /// Wall clock.
    pub wall: Timestamp,
}

/// The longest label value, in characters.
pub const LABEL_LENGTH: usize = 128;

impl Clock {
    /// The wall-clock time of a moment, by today's difference between the clocks.
    pub fn wall_at(self, moment: Moment) -> Timestamp {
        Timestamp(self.wall.0 + (moment.0 - self.moment.0))
    }
}

impl Bytes {
    /// Bytes as a float, exact up to 2^53 (8 PiB).
    #[expect(clippy::as_conversions, reason = "no `From`: exact below 2^53, and nothing here is larger")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// From the kernel's KiB.
    pub fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }

    /// From pages of `page_size` bytes.
    pub fn from_pages(pages: u64, page_size: u64) -> Self {
        Self(pages.saturating_mul(page_size))
    }

    /// Difference, never below zero.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Sum, never wrapping.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self(0), Self::saturating_add)
    }
}

/// A count as a float, exact up to 2^53.
pub fn count_as_f64(count: u64) -> f64 {
    Bytes(count).as_f64()
}

/// A collection's length as a count.
pub fn length_as_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A float in half the space, with seven figures: enough for what is kept many times over.
#[expect(clippy::as_conversions, reason = "no `From`: the loss is what is wanted")]
pub fn narrowed(value: f64) -> f32 {
    value as f32
}

/// The whole part of a non-negative float; NaN and negatives give 0, what is too large gives the largest.
#[expect(
    clippy::as_conversions,
    reason = "a float-to-integer `as` saturates and maps NaN to 0, which is what is wanted"
)]
pub fn whole(value: f64) -> u64 {
    value as u64
}

impl fmt::Display for Bytes {
    /// Binary units with three figures at most: `412 MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.as_f64())
    }
}

impl fmt::Display for BytesPerSecond {
    /// Per hour, signed, as people speak of leaks: `+412 MiB/h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_hour = self.0 * 3600.0;
        f.write_str(if per_hour < 0.0 { "-" } else { "+" })?;
        write_scaled(f, per_hour.abs())?;
        f.write_str("/h")
    }
}

fn write_scaled(f: &mut fmt::Formatter<'_>, mut value: f64) -> fmt::Result {
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" || value >= 100.0 { write!(f, "{value:.0} {unit}") } else { write!(f, "{value:.1} {unit}") }
}

/// A span of seconds for people, in its two largest units: `6 h 15 min`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span(pub f64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = whole(self.0.round());
        let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, m) if m < 5 && !seconds.is_multiple_of(60) => write!(f, "{m} min {} s", seconds % 60),
            (0, 0, m) => write!(f, "{m} min"),
            (0, h, m) => write!(f, "{h} h {m} min"),
            (d, h, _) if d < 1000 => write!(f, "{d} d {h} h"),
            _ => f.write_str("over 1000 d"),
        }
    }
}

/// A duration in its largest unit that divides it, as Prometheus writes ranges: `15m`, `4h`, `90s`.
pub fn prometheus_duration(seconds: f64) -> String {
    let milliseconds = whole((seconds * 1000.0).round());
    match milliseconds {
        0 => "0s".to_owned(),
        ms if ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_as_the_duration_that_they_are() {
        let cases = [
            (900.0, "15m"),
            (3600.0, "1h"),
            (230_400.0, "64h"),
            (15.0, "15s"),
            (960.0, "16m"),
            (0.75, "750ms"),
            (90.0, "90s"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(prometheus_duration(seconds), expected);
        }
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(1536).to_string(), "1.5 KiB");
        assert_eq!(Bytes(412 << 20).to_string(), "412 MiB");
        assert_eq!(BytesPerSecond(1024.0).to_string(), "+3.5 MiB/h");
        assert_eq!(BytesPerSecond(-1.0).to_string(), "-3.5 KiB/h");
        assert_eq!(Span(22_500.0).to_string(), "6 h 15 min");
        assert_eq!(Span(60.0).to_string(), "1 min");
        assert_eq!(Span(75.0).to_string(), "1 min 15 s");
        assert_eq!(Span(f64::INFINITY).to_string(), "over 1000 d");
    }

    #[test]
    fn conversions_saturate_instead_of_wrapping() {
        assert_eq!(Bytes::from_kib(u64::MAX), Bytes(u64::MAX));
        assert_eq!(whole(f64::NAN), 0);
        assert_eq!(whole(-3.0), 0);
        assert_eq!(Bytes(1).saturating_sub(Bytes(2)), Bytes(0));
    }
}
