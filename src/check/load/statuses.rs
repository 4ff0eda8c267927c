//! Which statuses of answers are good.

use super::error::LoadError;
use crate::http::shown;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A set of HTTP statuses, written as `2xx,404,500-503`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    text: String,
    ranges: Vec<RangeInclusive<u16>>,
}

impl Statuses {
    /// Whether a status is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.ranges.iter().any(|range| range.contains(&status))
    }
}

impl Default for Statuses {
    /// Success, and redirects, which are not followed.
    fn default() -> Self {
        Self { text: "2xx".to_owned(), ranges: vec![200..=299] }
    }
}

impl FromStr for Statuses {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let ranges: Option<Vec<_>> = text.split(',').map(|part| range(part.trim())).collect();
        let ranges = ranges.ok_or_else(|| LoadError::Statuses(shown(text)))?;
        Ok(Self { text: text.to_owned(), ranges })
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let status = |text: &str| {
        let status: u16 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
        (100..600).contains(&status).then_some(status)
    };
    let ends_in = ["xx", "XX"].iter().find_map(|xx| text.strip_suffix(xx));
    if let Some(class) = ends_in {
        let first = status(&format!("{class}00"))?;
        return Some(first..=first + 99);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = status(first.trim())?..=status(last.trim())?;
    (!range.is_empty()).then_some(range)
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn sets_are_read() {
        let statuses: Statuses = "2xx, 404,500-502".parse().unwrap();
        let cases = [
            (199, false),
            (200, true),
            (299, true),
            (300, false),
            (404, true),
            (405, false),
            (502, true),
            (503, false),
        ];
        for (status, is_in) in cases {
            assert_eq!(statuses.contains(status), is_in, "{status}");
        }
        assert!(Statuses::default().contains(204) && !Statuses::default().contains(304));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in
            ["", ",", "2xy", "xx", "6xx", "20xx", "99", "600", "+200", "300-200", "200-", "200,", "2xx-3xx", "200 404"]
        {
            assert!(text.parse::<Statuses>().is_err(), "{text}");
        }
        let error = "2xy".parse::<Statuses>().unwrap_err().to_string();
        assert_eq!(error, "statuses `2xy`: expected such as 200, 2xx or 200-299, from 100 to 599, separated by commas");
    }
}
