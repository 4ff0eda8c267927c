//! An answer of the range API: what it holds, or what it refuses.

use super::labels::Labels;
use super::problem::Problem;
use crate::http::shown;
use crate::units::whole;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// What an answer holds.
#[derive(Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) series: Vec<Series>,
    /// In Prometheus' words, of any length.
    pub(super) warnings: Vec<String>,
}

/// One series of an answer.
#[derive(Debug, PartialEq)]
pub(super) struct Series {
    pub(super) labels: Labels,
    /// (milliseconds since the Unix epoch, value), times rising; a value that is no finite number is left out.
    pub(super) points: Vec<(u64, f64)>,
}

#[derive(Deserialize)]
struct Answer<'a, R> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, rename = "errorType")]
    error_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    warnings: Option<Vec<String>>,
    data: Option<Data<R>>,
}

#[derive(Deserialize)]
struct Data<R> {
    #[serde(rename = "resultType")]
    kind: String,
    result: R,
}

#[derive(Deserialize)]
struct Found<'a> {
    metric: Labels,
    #[serde(borrow)]
    values: Option<Vec<Point<'a>>>,
}

/// Seconds since the Unix epoch, and a number as text.
#[derive(Deserialize)]
struct Point<'a>(f64, #[serde(borrow)] Cow<'a, str>);

/// What an answer says of itself, when it is one of Prometheus' that refuses.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let answer: Answer<IgnoredAny> = serde_json::from_slice(body).ok()?;
    (answer.status != "success").then(|| {
        let parts = [answer.error_type, answer.error];
        parts.into_iter().flatten().map(|part| shown(&part)).collect::<Vec<_>>().join(": ")
    })
}

/// The series of an answer, and what it warns of.
///
/// # Errors
/// When it is no answer of Prometheus, refuses, or holds no series of numbers.
pub(super) fn matrix(body: &[u8]) -> Result<Matrix, Problem> {
    let answer: Result<Answer<Vec<Found>>, _> = serde_json::from_slice(body);
    match answer {
        Ok(Answer { status, data: Some(data), warnings, .. }) if status == "success" && data.kind == "matrix" => {
            let series = data.result.iter().map(series_of).collect::<Result<_, _>>()?;
            Ok(Matrix { series, warnings: warnings.unwrap_or_default() })
        }
        other => Err(what_is_wrong(body, other.err())),
    }
}

/// Why an answer is no matrix.
fn what_is_wrong(body: &[u8], error: Option<serde_json::Error>) -> Problem {
    if let Some(refusal) = refusal(body) {
        return Problem::Refused(refusal);
    }
    let other: Option<Answer<IgnoredAny>> = serde_json::from_slice(body).ok();
    match (other.and_then(|answer| answer.data), error) {
        (Some(data), _) if data.kind != "matrix" => Problem::NotMatrix(shown(&data.kind)),
        (_, Some(error)) => Problem::NotJson(shown(&error.to_string())),
        (_, None) => Problem::NotJson("no `data` in it".to_owned()),
    }
}

fn series_of(found: &Found) -> Result<Series, Problem> {
    let values = found.values.as_ref().ok_or_else(|| Problem::NotNumbers(format!("{}: no `values`", found.metric)))?;
    let mut points = Vec::with_capacity(values.len());
    let mut last = None;
    for Point(seconds, text) in values {
        let wrong = |what: &str| Problem::NotNumbers(format!("{}: {what}", found.metric));
        let value: f64 = text.parse().map_err(|_| wrong(&format!("`{}`", shown(text))))?;
        let at = whole((seconds * 1000.0).round());
        if last.is_some_and(|last| at <= last) {
            return Err(wrong("times that do not rise"));
        }
        last = Some(at);
        if value.is_finite() {
            points.push((at, value));
        }
    }
    Ok(Series { labels: found.metric.clone(), points })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn body(values: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"__name__":"m","a":"b"}},"values":{values}}}]}}}}"#
        )
    }

    #[test]
    fn numbers_are_read_and_what_is_none_is_unknown() {
        let body =
            body(r#"[[1435781430.781,"1"],[1435781445.781,"NaN"],[1435781460.781,"+Inf"],[1435781475.781,"1.5e+09"]]"#);
        let found = matrix(body.as_bytes()).unwrap();
        let [only]: [Series; 1] = found.series.try_into().unwrap();
        assert_eq!(only.labels.to_string(), "m{a=\"b\"}");
        assert_eq!(only.points, [(1_435_781_430_781, 1.0), (1_435_781_475_781, 1.5e9)]);
    }

    #[test]
    fn what_is_no_matrix_of_numbers_is_said() {
        let cases = [
            ("<html>".to_owned(), "not JSON"),
            ("{}".to_owned(), "missing field `status`"),
            (r#"{"status":"success"}"#.to_owned(), "no `data`"),
            (r#"{"status":"error","errorType":"bad_data","error":"parse\nerror"}"#.to_owned(), "bad_data: parse error"),
            (r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#.to_owned(), "string"),
            (body(r#"[[1,"one"]]"#), "m{a=\"b\"}: `one`"),
            (body(r#"[[2,"1"],[1,"1"]]"#), "do not rise"),
            (body("null"), "no `values`"),
        ];
        for (body, expected) in cases {
            let error = matrix(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), seconds in any::<f64>(), text in ".*") {
            let _ = matrix(&bytes);
            let _ = matrix(body(&format!("[[{seconds:e},{text:?}]]")).as_bytes());
        }
    }
}
