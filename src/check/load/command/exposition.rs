//! One metric out of a page of Prometheus' text format (0.0.4) or of OpenMetrics: only lines of its name are looked at closely.

use crate::http::shown;

/// The sum of all series of a name that have the labels; `None` when there is no such series.
///
/// # Errors
/// What is wrong with a line of that name, or with its value.
pub(super) fn sum(page: &[u8], name: &str, wanted: &[(String, String)]) -> Result<Option<f64>, String> {
    let mut sum = None;
    for line in page.split(|&byte| byte == b'\n') {
        let Some(rest) = line.strip_prefix(name.as_bytes()) else { continue };
        let wrong = |what: &str| format!("{what} in `{}`", shown(&String::from_utf8_lossy(line)));
        let (labels, rest) = match rest.split_first() {
            Some((b'{', inner)) => labels(inner).ok_or_else(|| wrong("labels that do not end"))?,
            Some((b' ' | b'\t', _)) => (Vec::new(), rest),
            // A longer name.
            _ => continue,
        };
        if !wanted.iter().all(|label| labels.contains(label)) {
            continue;
        }
        // A timestamp and an exemplar may follow.
        let value = rest.split(u8::is_ascii_whitespace).find(|part| !part.is_empty()).unwrap_or_default();
        let value = std::str::from_utf8(value).ok().and_then(|value| value.parse::<f64>().ok());
        match value {
            Some(value) if value.is_finite() && value >= 0.0 => sum = Some(sum.unwrap_or(0.0) + value),
            _ => return Err(wrong("expected a number of at least 0")),
        }
    }
    Ok(sum)
}

/// Names and values of labels.
type Labels = Vec<(String, String)>;

/// The labels of a text that begins after `{`, and what follows their `}`.
pub(super) fn labels(mut text: &[u8]) -> Option<(Labels, &[u8])> {
    let mut found = Vec::new();
    loop {
        text = text.trim_ascii_start();
        if let Some(after) = text.strip_prefix(b"}") {
            return Some((found, after));
        }
        let (name, after) = text.split_at_checked(text.iter().position(|&byte| byte == b'=')?)?;
        let name = name.trim_ascii();
        let is_name = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_good = !name.is_empty() && name.iter().all(is_name);
        let quoted = after.strip_prefix(b"=")?.trim_ascii_start().strip_prefix(b"\"")?;
        let (value, after) = unquoted(quoted)?;
        found.push((is_good.then(|| String::from_utf8_lossy(name).into_owned())?, value));
        text = after.trim_ascii_start();
        text = match text.strip_prefix(b",") {
            Some(after) => after,
            None if text.starts_with(b"}") => text,
            None => return None,
        };
    }
}

/// A value that begins after its quote, and what follows its end.
fn unquoted(text: &[u8]) -> Option<(String, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((String::from_utf8_lossy(&value).into_owned(), rest)),
            b'\\' => {
                let (&escaped, after) = rest.split_first()?;
                rest = after;
                match escaped {
                    b'n' => value.push(b'\n'),
                    b'"' | b'\\' => value.push(escaped),
                    other => value.extend([b'\\', other]),
                }
            }
            byte => value.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = "# HELP http_requests_total All.
# TYPE http_requests_total counter
http_requests_total{code=\"200\",method=\"get\"} 1027 1395066363000
http_requests_total{code=\"400\", method=\"get\", } 3
http_requests_total{code=\"200\",path=\"a\\\\b\\\"} c\\n\"}\t1e3 # {trace_id=\"x\"} 0.67
http_requests_totally 5
http_requests 6
plain_total 7.0\r
bad_total NaN
worse_total{a=\"b
empty_total
negative_total -1
# EOF
";

    fn of(name: &str, labels: &[(&str, &str)]) -> Result<Option<f64>, String> {
        let labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        sum(PAGE.as_bytes(), name, &labels)
    }

    #[test]
    fn series_of_one_name_are_summed() {
        let all = "http_requests_total";
        assert_eq!(of(all, &[]), Ok(Some(2030.0)));
        assert_eq!(of(all, &[("code", "200")]), Ok(Some(2027.0)));
        assert_eq!(of(all, &[("code", "200"), ("method", "get")]), Ok(Some(1027.0)));
        assert_eq!(of(all, &[("path", "a\\b\"} c\n")]), Ok(Some(1000.0)));
        assert_eq!(of(all, &[("code", "500")]), Ok(None));
        assert_eq!(of("http_requests", &[]), Ok(Some(6.0)));
        assert_eq!(of("plain_total", &[]), Ok(Some(7.0)));
        assert_eq!(of("nothing", &[]), Ok(None));
    }

    #[test]
    fn what_is_no_count_is_told() {
        let cases = [
            ("bad_total", "expected a number of at least 0 in `bad_total NaN`"),
            ("worse_total", "labels that do not end in `worse_total{a=\"b`"),
            ("negative_total", "at least 0"),
        ];
        for (name, expected) in cases {
            assert!(of(name, &[]).unwrap_err().contains(expected), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[a-b{}=\",\\\\ 0-9\n]*") {
            let _ = sum(&bytes, "a", &[]);
            let _ = sum(text.as_bytes(), "a", &[("a".to_owned(), "b".to_owned())]);
            let _ = sum(format!("a{{{text}").as_bytes(), "a", &[]);
        }
    }
}
