//! Reads a file of labels: CSV with a header, columns by name, unknown ones passed over.

use super::fields::{Record, records};
use super::truth::{Label, Truth};
use crate::units::{Bytes, BytesPerSecond, whole};
use std::collections::BTreeMap;

/// The series that a row speaks of, and its truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Path of the trace, relative to the folder of the labels.
    pub file: String,
    /// Line of the label, counted from 1.
    pub line: usize,
    /// What is known of it.
    pub truth: Truth,
}

impl Labelled {
    /// Where the series comes from: the first folder of its path; empty when it lies in none.
    pub fn source(&self) -> &str {
        self.file.split_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A file of labels that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LabelsError {
    /// Counted from 1; the header is the first.
    pub line: usize,
    /// What is there and what was expected.
    pub problem: String,
}

/// The columns that are read; the first two are required.
const NAMES: [&str; 8] =
    ["file", "label", "kind", "runtime", "onset_seconds", "growth_bytes_per_second", "limit_bytes", "ambiguous"];

/// All labels of a text, in its order.
///
/// # Errors
/// When the text is not CSV, lacks a required column, holds a row that is malformed or names a file twice.
pub fn labels(text: &str) -> Result<Vec<Labelled>, LabelsError> {
    let at = |line| move |problem: String| LabelsError { line, problem };
    let all = records(text).map_err(|(line, problem)| at(line)(problem.to_owned()))?;
    let Some((header, rows)) = all.split_first() else {
        return Err(at(1)("the file is empty: expected a header and rows".to_owned()));
    };
    let places = NAMES.map(|name| header.fields.iter().position(|field| field.trim() == name));
    if let Some((name, _)) = NAMES.iter().zip(places).take(2).find(|(_, place)| place.is_none()) {
        return Err(at(header.line)(format!("expected a header with a column `{name}`")));
    }
    if let Some(name) =
        NAMES.iter().find(|name| header.fields.iter().filter(|field| field.trim() == **name).count() > 1)
    {
        return Err(at(header.line)(format!("column `{name}` stands there twice")));
    }
    let mut found: Vec<Labelled> = Vec::with_capacity(rows.len());
    let mut lines = BTreeMap::new();
    for row in rows {
        if row.fields.len() != header.fields.len() {
            let (here, there) = (row.fields.len(), header.fields.len());
            return Err(at(row.line)(format!("{here} fields where the header has {there}")));
        }
        let label = label(row, places).map_err(at(row.line))?;
        if let Some(other) = lines.insert(label.file.clone(), label.line) {
            return Err(at(row.line)(format!("{} has a label already, on line {other}", label.file)));
        }
        found.push(label);
    }
    Ok(found)
}

fn label(row: &Record, places: [Option<usize>; NAMES.len()]) -> Result<Labelled, String> {
    let fields = places.map(|place| place.and_then(|place| row.fields.get(place)).map_or("", |field| field.trim()));
    let [file, label, kind, runtime, onset, growth, limit, ambiguous] = fields;
    if file.is_empty() {
        return Err("file is empty: expected the path of a trace, relative to this file".to_owned());
    }
    let label = match label {
        "leak" => Label::Leak,
        "clean" => Label::Clean,
        other => return Err(format!("label is {other:?}: expected leak or clean")),
    };
    let truth = Truth {
        label,
        kind: kind.to_owned(),
        runtime: runtime.to_owned(),
        onset_seconds: number("onset_seconds", onset)?,
        growth: number("growth_bytes_per_second", growth)?.map(BytesPerSecond),
        limit: number("limit_bytes", limit)?.map(|limit| Bytes(whole(limit))),
        exhaustion_seconds: None,
        ambiguous: (!ambiguous.is_empty()).then(|| ambiguous.to_owned()),
    };
    Ok(Labelled { file: file.to_owned(), line: row.line, truth })
}

fn number(name: &str, field: &str) -> Result<Option<f64>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    let value = field.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    let problem = || format!("{name} is {field:?}: expected a finite number of at least 0, or nothing");
    value.map(Some).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_empty_is_unknown() {
        let text = "label,file,x,kind,onset_seconds,growth_bytes_per_second,limit_bytes,ambiguous\n\
                    leak,live/a.csv,\"1, 2\",map,10.5,300,1000,\n\
                    clean,b.csv,,,,,,\"grows, with load\"\n";
        let [first, second]: [Labelled; 2] = labels(text).unwrap().try_into().unwrap();
        assert_eq!((first.file.as_str(), first.source(), first.line), ("live/a.csv", "live", 2));
        assert_eq!(
            (first.truth.label, first.truth.kind.as_str(), first.truth.runtime.as_str()),
            (Label::Leak, "map", "")
        );
        let known = (Some(10.5), Some(BytesPerSecond(300.0)), Some(Bytes(1000)));
        assert_eq!((first.truth.onset_seconds, first.truth.growth, first.truth.limit), known);
        assert_eq!((second.source(), second.truth.label, second.truth.onset_seconds), ("", Label::Clean, None));
        assert_eq!((first.truth.ambiguous, second.truth.ambiguous.as_deref()), (None, Some("grows, with load")));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            ("", "line 1: the file is empty: expected a header and rows"),
            ("file,kind\n", "line 1: expected a header with a column `label`"),
            ("file,label\na.csv\n", "line 2: 1 fields where the header has 2"),
            ("file,label\na.csv,leak\n\nb.csv,leaky\n", "line 4: label is \"leaky\": expected leak or clean"),
            ("label,file,label\nleak,a,clean\n", "line 1: column `label` stands there twice"),
            ("file,label\n,leak\n", "line 2: file is empty: expected the path of a trace, relative to this file"),
            ("file,label\na,leak\na,clean\n", "line 3: a has a label already, on line 2"),
            (
                "file,label,limit_bytes\na,leak,-1\n",
                "line 2: limit_bytes is \"-1\": expected a finite number of at least 0, or nothing",
            ),
            ("file,label\n\"a,leak\n", "line 2: a quote is opened and never closed"),
        ];
        for (text, expected) in cases {
            assert_eq!(labels(text).map_err(|error| error.to_string()), Err(expected.to_owned()));
        }
    }
}
