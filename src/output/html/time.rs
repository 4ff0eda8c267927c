//! Instants as people read them: the time of the day in UTC, and the day and the year where they are others.

use crate::units::{Timestamp, whole};
use std::fmt;

const DAY: u64 = 86_400;

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An instant, as seen from another.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub(super) at: Timestamp,
    pub(super) now: Timestamp,
}

/// An instant to the second, without its day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(pub(super) Timestamp);

/// `<time>`, to the minute.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = seconds(self.at);
        write!(f, "<time datetime=\"{}\">", Rfc3339(seconds))?;
        let now = self::seconds(self.now);
        if seconds / DAY != now / DAY {
            write!(f, "{} ", Day(seconds))?;
        }
        let year = civil(seconds / DAY).0;
        if year != civil(now / DAY).0 {
            write!(f, "{year} ")?;
        }
        write!(f, "{} UTC</time>", Minute(seconds))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = seconds(self.0);
        write!(f, "<time datetime=\"{}\">{}:{:02} UTC</time>", Rfc3339(seconds), Minute(seconds), seconds % 60)
    }
}

fn seconds(at: Timestamp) -> u64 {
    whole(at.0).min(LAST)
}

/// A tick of an axis of time with steps of so many seconds: `14:05`, `14:05:30`, `27 Nov`.
pub(super) fn tick(at: f64, step: f64) -> String {
    let seconds = whole(at).min(LAST);
    match seconds % DAY {
        0 => Day(seconds).to_string(),
        _ if step < 60.0 => format!("{}:{:02}", Minute(seconds), seconds % 60),
        _ => Minute(seconds).to_string(),
    }
}

struct Minute(u64);

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 3600 % 24, self.0 / 60 % 60)
    }
}

struct Day(u64);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, month, day) = civil(self.0 / DAY);
        let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
        write!(f, "{day} {}", name.unwrap_or(&""))
    }
}

struct Rfc3339(u64);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0 / DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T{}:{:02}Z", Minute(self.0), self.0 % 60)
    }
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar; years are counted from March on. Source:
/// H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let since = days + 719_468;
    let (era, of_era) = (since / 146_097, since % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Rfc3339(seconds).to_string(), expected);
        }
    }

    #[test]
    fn the_day_is_told_where_it_is_another() {
        let now = Timestamp(1_798_761_599.0);
        let told = |at| When { at: Timestamp(at), now }.to_string();
        assert_eq!(told(now.0 - 60.0), "<time datetime=\"2026-12-31T23:58:59Z\">23:58 UTC</time>");
        assert_eq!(told(now.0 - 86_400.0), "<time datetime=\"2026-12-30T23:59:59Z\">30 Dec 23:59 UTC</time>");
        assert_eq!(told(f64::INFINITY), "<time datetime=\"9999-12-31T23:59:59Z\">31 Dec 9999 23:59 UTC</time>");
        assert_eq!(told(f64::NAN), "<time datetime=\"1970-01-01T00:00:00Z\">1 Jan 1970 00:00 UTC</time>");
        assert_eq!(Clock(now).to_string(), "<time datetime=\"2026-12-31T23:59:59Z\">23:59:59 UTC</time>");
        assert_eq!(
            [tick(50_700.0, 900.0), tick(50_730.0, 30.0), tick(172_800.0, 3600.0)],
            ["14:05", "14:05:30", "3 Jan"]
        );
    }
}
