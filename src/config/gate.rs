//! Values of `check`: sizes, growth for each unit of work, shares.

use std::fmt;
use std::str::FromStr;

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size(pub f64);

/// Prefixes by the letter they begin with; `k` alone is 1024, as with memory everywhere.
const PREFIXES: [(char, f64); 4] =
    [('k', 1024.0), ('m', 1_048_576.0), ('g', 1_073_741_824.0), ('t', 1_099_511_627_776.0)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}`: expected a size such as 100B, 64KiB or 1.5GiB", text.escape_debug());
        let lowered = text.trim().to_ascii_lowercase();
        let digits = lowered.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lowered.len());
        let (number, unit) = lowered.split_at(digits);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let unit = unit.trim();
        let prefix = match unit.strip_suffix('b').unwrap_or(unit) {
            "" => 1.0,
            prefix => {
                let letter = prefix.strip_suffix('i').unwrap_or(prefix);
                let known = PREFIXES.iter().find(|(known, _)| letter.chars().eq([*known]));
                known.map(|(_, factor)| *factor).ok_or_else(wrong)?
            }
        };
        let size = number * prefix;
        if size.is_finite() && size < 9e18 { Ok(Self(size)) } else { Err(wrong()) }
    }
}

/// What growth is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A request or an iteration: what is counted.
    Count,
    /// Time.
    Hour,
}

/// The largest growth allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowthBound {
    /// Bytes.
    pub bytes: f64,
    /// Of what.
    pub per: Per,
}

impl FromStr for GrowthBound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}`: expected a size for each request or hour, such as 100B/request or 16MiB/hour",
                text.escape_debug()
            )
        };
        let (size, per) = text.split_once('/').unwrap_or((text, "request"));
        let bytes = size.parse::<Size>().map_err(|_| wrong())?.0;
        match per.trim() {
            "request" | "iteration" => Ok(Self { bytes, per: Per::Count }),
            "hour" | "h" => Ok(Self { bytes, per: Per::Hour }),
            "minute" | "min" => Ok(Self { bytes: bytes * 60.0, per: Per::Hour }),
            "second" | "s" => Ok(Self { bytes: bytes * 3600.0, per: Per::Hour }),
            _ => Err(wrong()),
        }
    }
}

/// A share of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}`: expected a share such as 1% or 0.01", text.escape_debug());
        let (number, whole) = match text.trim().strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let share = number.trim().parse::<f64>().map_err(|_| wrong())? / whole;
        if share >= 0.0 && share.is_finite() { Ok(Self(share)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn sizes_are_binary_whatever_the_spelling() {
        for (text, expected) in [
            ("0", 0.0),
            ("100", 100.0),
            ("100B", 100.0),
            ("1k", 1024.0),
            ("1KiB", 1024.0),
            ("1.5 MiB", 1_572_864.0),
            ("2gb", 2_147_483_648.0),
        ] {
            assert_eq!(text.parse(), Ok(Size(expected)), "{text}");
        }
        for text in ["", "B", "1x", "1kib2", "-1", "1e9", "1ii", "9999999999999tb", "nan", "1.2.3"] {
            let error = text.parse::<Size>().unwrap_err();
            assert!(error.contains("expected a size such as"), "{text}: {error}");
        }
    }

    #[test]
    fn growth_is_of_a_count_or_of_time() {
        let bound = |bytes, per| Ok(GrowthBound { bytes, per });
        assert_eq!("100B/request".parse(), bound(100.0, Per::Count));
        assert_eq!("1KiB".parse(), bound(1024.0, Per::Count));
        assert_eq!("1MiB/hour".parse(), bound(1_048_576.0, Per::Hour));
        assert_eq!("10B/s".parse(), bound(36_000.0, Per::Hour));
        for text in ["1/day", "/request", "x/hour", "1/"] {
            assert!(text.parse::<GrowthBound>().unwrap_err().contains("100B/request"), "{text}");
        }
    }

    #[test]
    fn shares_are_of_one_or_of_a_hundred() {
        assert_eq!(["1%".parse(), "0.01".parse(), "0".parse()], [Ok(Share(0.01)), Ok(Share(0.01)), Ok(Share(0.0))]);
        assert!(["-1%", "", "x", "%"].iter().all(|text| text.parse::<Share>().is_err()));
        assert_eq!(Share(0.01).to_string(), "1%");
    }
}
