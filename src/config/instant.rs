//! An instant as people write it, absolute or before now.

use super::Duration;
use std::str::FromStr;
use std::time::UNIX_EPOCH;

/// An instant: RFC 3339, Unix seconds, `now`, or `now-7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instant {
    /// Milliseconds since the Unix epoch.
    At(u64),
    /// Milliseconds before now.
    BeforeNow(u64),
}

/// The last instant that RFC 3339 can write: 9999-12-31T23:59:59Z.
const LAST_SECONDS: f64 = 253_402_300_799.0;

impl Instant {
    /// Milliseconds since the Unix epoch, where it is now `now`.
    pub fn milliseconds(self, now: u64) -> u64 {
        match self {
            Self::At(milliseconds) => milliseconds,
            Self::BeforeNow(milliseconds) => now.saturating_sub(milliseconds),
        }
    }
}

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(before) = text.strip_prefix("now") {
            return match before.strip_prefix('-') {
                None if before.is_empty() => Ok(Self::BeforeNow(0)),
                Some(span) => span.parse().map(|span: Duration| Self::BeforeNow(milliseconds(span.0))),
                None => Err(wrong(text)),
            };
        }
        if let Ok(seconds) = text.parse::<f64>() {
            let is_in_range = (0.0..=LAST_SECONDS).contains(&seconds);
            let span = std::time::Duration::try_from_secs_f64(seconds).ok().filter(|_| is_in_range);
            return span.map(|span| Self::At(milliseconds(span))).ok_or_else(|| wrong(text));
        }
        rfc3339(text).map(Self::At).ok_or_else(|| wrong(text))
    }
}

fn wrong(text: &str) -> String {
    format!("`{text}` is not a time: expected 2026-05-04T14:05:00Z (RFC 3339), Unix seconds, now, or now-7d")
}

/// RFC 3339 with any offset; `humantime` knows `Z` alone.
fn rfc3339(text: &str) -> Option<u64> {
    let (local, offset_minutes) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number(hours) || !is_number(minutes) {
                return None;
            }
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            let sign = if offset.starts_with('+') { 1 } else { -1 };
            (offset.starts_with(['+', '-']) && hours < 24 && minutes < 60)
                .then_some((local, sign * (hours * 60 + minutes)))?
        }
    };
    let utc = humantime::parse_rfc3339(&format!("{}Z", local.replace('t', "T"))).ok()?;
    let since = utc.duration_since(UNIX_EPOCH).ok()?;
    milliseconds(since).checked_add_signed(-offset_minutes * 60_000)
}

fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch as RFC 3339, to the second.
pub fn as_rfc3339(milliseconds: u64) -> String {
    let last = UNIX_EPOCH + std::time::Duration::from_secs(crate::units::whole(LAST_SECONDS));
    let at = UNIX_EPOCH.checked_add(std::time::Duration::from_millis(milliseconds)).unwrap_or(last);
    humantime::format_rfc3339_seconds(at.min(last)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_every_form() {
        let cases = [
            ("1777903500", Instant::At(1_777_903_500_000)),
            ("1777903500.25", Instant::At(1_777_903_500_250)),
            ("2026-05-04T14:05:00Z", Instant::At(1_777_903_500_000)),
            ("2026-05-04T16:05:00+02:00", Instant::At(1_777_903_500_000)),
            ("2026-05-04T09:35:00.5-04:30", Instant::At(1_777_903_500_500)),
            ("now", Instant::BeforeNow(0)),
            ("now-7d", Instant::BeforeNow(604_800_000)),
            ("now-1h30m", Instant::BeforeNow(5_400_000)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(Instant::BeforeNow(1000).milliseconds(5000), 4000);
        assert_eq!(as_rfc3339(1_777_903_500_999), "2026-05-04T14:05:00Z");
        assert_eq!(as_rfc3339(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        let cases = [
            "",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "tomorrow",
            "now+7d",
            "now-",
            "nowhere",
            "2026-05-04",
            "2026-13-04T14:05:00Z",
            "2026-05-04T14:05:00",
            "2026-05-04T14:05:00+2:00",
            "2026-05-04T14:05:00+99:00",
            "é",
            "0000+00:00",
            "ééé+00:00",
        ];
        for text in cases {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }
}
