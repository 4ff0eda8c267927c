//! Which format and coding a client wants: `Accept` and `Accept-Encoding` by their q-values (RFC 9110, 12.5).

use crate::output::encoder::Format;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING};

/// The format that the client likes best; text 0.0.4 when it says nothing, or nothing that there is.
pub(super) fn format(headers: &HeaderMap) -> Format {
    let (mut open_metrics, mut text) = (0.0_f64, 0.0_f64);
    for (item, quality) in items(headers, &ACCEPT) {
        let mut parts = item.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let version = parts.find_map(|part| part.strip_prefix("version="));
        match (media_type.as_str(), version) {
            ("application/openmetrics-text", None | Some("1.0.0" | "0.0.1")) => {
                open_metrics = open_metrics.max(quality)
            }
            ("text/plain", None | Some("0.0.4")) => text = text.max(quality),
            ("*/*" | "text/*", _) => text = text.max(quality),
            _ => {}
        }
    }
    if open_metrics > 0.0 && open_metrics >= text { Format::OpenMetrics } else { Format::Text }
}

/// Whether the client takes gzip.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut accepted = None;
    for (item, quality) in items(headers, &ACCEPT_ENCODING) {
        match item.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return quality > 0.0,
            "*" => accepted = Some(quality > 0.0),
            _ => {}
        }
    }
    accepted.unwrap_or(false)
}

/// The items of a list header with their q-values; one that cannot be read counts as 1.
fn items<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> impl Iterator<Item = (&'a str, f64)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|item| {
        let quality = item.split(';').skip(1).find_map(|part| part.trim().strip_prefix("q="));
        (item.trim(), quality.and_then(|quality| quality.trim().parse().ok()).unwrap_or(1.0))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn the_format_is_the_one_that_is_liked_best() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.1";
        for (accept, expected) in [
            (prometheus, Format::OpenMetrics),
            (prometheus_3, Format::OpenMetrics),
            ("text/plain", Format::Text),
            ("*/*", Format::Text),
            ("", Format::Text),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.9", Format::Text),
            ("application/openmetrics-text;q=0", Format::Text),
            ("application/openmetrics-text; version=2.0.0", Format::Text),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.2",
                Format::Text,
            ),
            ("APPLICATION/OpenMetrics-Text", Format::OpenMetrics),
            ("nonsense;;;q=,,", Format::Text),
        ] {
            assert_eq!(format(&headers(ACCEPT, accept)), expected, "{accept}");
        }
        assert_eq!(format(&HeaderMap::new()), Format::Text);
    }

    #[test]
    fn gzip_is_given_only_to_who_takes_it() {
        for (accept, expected) in [
            ("gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers(ACCEPT_ENCODING, accept)), expected, "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
