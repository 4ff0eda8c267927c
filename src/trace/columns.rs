//! Which column of a file holds what: by name, in any order; unknown ones are passed over.

use super::quotes;

/// The columns that a trace may have, in the order of [`Columns`].
pub(super) const NAMES: [&str; 10] = [
    "timestamp_seconds",
    "heap_bytes",
    "limit_bytes",
    "live_heap_bytes",
    "cpu_seconds_total",
    "requests_total",
    "start_time_seconds",
    "oom_kills_total",
    "version",
    "runtime",
];

/// How many of them hold numbers; the others hold text.
pub(super) const NUMBERS: usize = 8;

/// Places of the known columns in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// For each place of a line, which of [`NAMES`] stands there; at most the first 32 places are looked at.
    kinds: [Option<u8>; 32],
    /// Places up to the last that is known.
    count: usize,
}

impl Columns {
    /// No column known.
    pub(super) fn none() -> Self {
        Self { kinds: [None; 32], count: 0 }
    }

    /// Finds the columns of a header line; an error says what is missing.
    pub(super) fn of(header: &str) -> Result<Self, String> {
        let mut kinds = [None; 32];
        let header = quotes::without(header.trim_start_matches('\u{feff}').trim_end().as_bytes())?;
        for (place, name) in header.split(|byte| *byte == b',').enumerate() {
            let name = String::from_utf8_lossy(name.trim_ascii());
            let known = NAMES.iter().position(|known| *known == name).and_then(|kind| u8::try_from(kind).ok());
            if known.is_some() && kinds.contains(&known) {
                return Err(format!("column `{name}` stands there twice"));
            }
            match kinds.get_mut(place) {
                Some(slot) => *slot = known,
                None if known.is_some() => return Err(format!("column `{name}` is not among the first 32")),
                None => {}
            }
        }
        for (kind, name) in (0_u8..).zip(NAMES).take(2) {
            if !kinds.contains(&Some(kind)) {
                return Err(format!("expected a header with a column `{name}`"));
            }
        }
        let count = kinds.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        Ok(Self { kinds, count })
    }

    /// What stands at the places of a line, as indexes of [`NAMES`], up to the last that is known.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.kinds.iter().take(self.count).map(|kind| kind.map(usize::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let columns = Columns::of("other,heap_bytes,timestamp_seconds,more\r\n");
        let found = columns.map(|columns| columns.kinds().collect());
        assert_eq!(found, Ok(vec![None, Some(1), Some(0)]));
    }

    #[test]
    fn a_header_without_the_required_ones_or_with_one_twice_is_refused() {
        assert_eq!(Columns::of("heap_bytes"), Err("expected a header with a column `timestamp_seconds`".to_owned()));
        assert_eq!(
            Columns::of("timestamp_seconds,heap"),
            Err("expected a header with a column `heap_bytes`".to_owned())
        );
        let twice = Columns::of("timestamp_seconds,heap_bytes,heap_bytes");
        assert_eq!(twice, Err("column `heap_bytes` stands there twice".to_owned()));
    }
}
