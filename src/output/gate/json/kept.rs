//! What is read back of an earlier run's report.

use super::{Growth, VERSION, unit_named};
use crate::analysis::gate::compare::Kept;
use crate::analysis::gate::judge;
use crate::analysis::gate::report::{Check, Outcome, Unit};
use crate::output::plain::plain;
use serde::Deserialize;

/// Why a report cannot be compared with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    /// It is not JSON, or a field is of another type: what the parser says, with line and column.
    #[error("{0}: expected a JSON report of `memtrend check`")]
    Malformed(String),
    /// It has no version.
    #[error("no `version`: expected a JSON report of `memtrend check`")]
    NoVersion,
    /// Its version is not known here.
    #[error("its version is {0}, and this memtrend reads {VERSION}: make the report of the earlier run again")]
    Version(u64),
    /// A field is not there: that run ended before its growth could be told.
    #[error("no `{0}`: that run has told no growth; expected the report of one with a verdict")]
    Missing(&'static str),
    /// Its growth could not be told.
    #[error("its growth could not be told: expected the report of a run with a verdict")]
    Open,
    /// Its unit is not known.
    #[error("`unit` is `{0}`: expected request, iteration or hour")]
    Unit(String),
    /// Bounds do not enclose the rate.
    #[error("`growth_bytes_per_unit` has its rate outside its bounds: expected lower <= rate <= upper")]
    Bounds,
    /// A level below zero.
    #[error("`floor_bytes` is negative: expected bytes")]
    Floor,
}

/// What any version has.
#[derive(Deserialize)]
struct Versioned {
    version: Option<u64>,
}

#[derive(Deserialize)]
struct Document {
    unit: Option<String>,
    growth_bytes_per_unit: Option<Growth>,
    floor_bytes: Option<f64>,
    #[serde(default)]
    checks: Vec<Checked>,
}

#[derive(Deserialize)]
struct Checked {
    check: String,
    outcome: String,
}

/// What `--baseline` needs of a report that [`super::render`] has written, and the unit that its growth is for.
///
/// # Errors
/// When it is none, is of another version, or of a run that told no growth.
pub fn read_kept(text: &str) -> Result<(Unit, Kept), KeptError> {
    // Saved by an editor that marks its files.
    let bytes = text.trim_start_matches('\u{feff}').as_bytes();
    let malformed = |error: serde_json::Error| KeptError::Malformed(plain(&error.to_string()));
    let version = serde_json::from_slice::<Versioned>(bytes).map_err(malformed)?.version.ok_or(KeptError::NoVersion)?;
    if version != VERSION {
        return Err(KeptError::Version(version));
    }
    let document: Document = serde_json::from_slice(bytes).map_err(malformed)?;
    let is_open =
        |checked: &Checked| checked.check == Check::Growth.name() && checked.outcome == Outcome::Unknown.name();
    if document.checks.iter().any(is_open) {
        return Err(KeptError::Open);
    }
    let unit = document.unit.ok_or(KeptError::Missing("unit"))?;
    let unit = unit_named(&unit).ok_or_else(|| KeptError::Unit(plain(&unit.chars().take(40).collect::<String>())))?;
    let Growth { rate, lower, upper } =
        document.growth_bytes_per_unit.ok_or(KeptError::Missing("growth_bytes_per_unit"))?;
    let level = document.floor_bytes.ok_or(KeptError::Missing("floor_bytes"))?;
    if !(lower <= rate && rate <= upper) {
        return Err(KeptError::Bounds);
    }
    if level < 0.0 {
        return Err(KeptError::Floor);
    }
    Ok((unit, Kept { growth: judge::Growth { rate, lower, upper }, level }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::super::fixture;
    use super::super::render;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        for report in [fixture::leak(), fixture::no_leak(), fixture::hostile(), fixture::in_parts()] {
            let (unit, kept) = read_kept(&render(&report)).unwrap();
            assert_eq!((unit, Some(kept.growth)), (report.unit, report.growth));
            assert_eq!(Some(kept.level), report.levels.floor.map(|floor| floor.as_f64()));
        }
    }

    #[test]
    fn bad_input_is_told_in_one_line_that_says_what_to_do() {
        let said = |text: &str| read_kept(text).unwrap_err().to_string();
        let growth = "\"growth_bytes_per_unit\":{\"rate\":1,\"lower\":0,\"upper\":2}";
        let cases = [
            ("", "EOF while parsing a value at line 1 column 0: expected a JSON report of `memtrend check`"),
            (
                "{\n\"version\":1,\nx",
                "key must be a string at line 3 column 1: expected a JSON report of `memtrend check`",
            ),
            ("{}", "no `version`: expected a JSON report of `memtrend check`"),
            (
                "{\"version\":2,\"unit\":5}",
                "its version is 2, and this memtrend reads 1: make the report of the earlier run again",
            ),
            ("{\"version\":1}", "no `unit`: that run has told no growth; expected the report of one with a verdict"),
            (
                "{\"version\":1,\"unit\":\"\\u001bmile\"}",
                "`unit` is `\\u{1b}mile`: expected request, iteration or hour",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text), expected);
        }
        let with = |rest: &str| said(&format!("{{\"version\":1,\"unit\":\"hour\",{rest}}}"));
        assert!(with("\"floor_bytes\":1").starts_with("no `growth_bytes_per_unit`: "));
        assert!(with(growth).starts_with("no `floor_bytes`: "));
        assert!(with(&format!("{growth},\"floor_bytes\":-1")).starts_with("`floor_bytes` is negative"));
        assert!(
            with("\"growth_bytes_per_unit\":{\"rate\":3,\"lower\":0,\"upper\":2},\"floor_bytes\":1")
                .contains("outside")
        );
        assert!(with("\"growth_bytes_per_unit\":{\"rate\":3}").starts_with("missing field `lower` at line 1"));
        assert_eq!(read_kept(&render(&fixture::killed())), Err(KeptError::Open));
        assert_eq!(read_kept(&render(&fixture::inconclusive())), Err(KeptError::Open));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".{0,200}", place in 0_usize..2000) {
            let _ = read_kept(&text);
            let whole = render(&fixture::leak());
            let cut: String = whole.chars().take(place).collect();
            prop_assert!(read_kept(&cut).is_err());
        }
    }
}
