//! Writes samples in either exposition format. The only place that knows how they are spelt.
//!
//! The `prometheus` crate's own encoder takes a tree of strings for every sample: at 1,000 applications that is 28 to
//! 72 KB an application for each scrape (see docs/performance.md). This one writes from the catalogue straight into
//! the page; a test holds it to the crate's encoder byte by byte.

use super::catalogue::{Emit, Family, Value};
use crate::analysis::sample::Identity;
use std::io::Write;

/// An exposition format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// Its `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes the samples of one family. The header goes before the first sample, so that no family is ever empty.
pub struct FamilyWriter<'a> {
    /// The family.
    pub family: &'static Family,
    /// The format.
    pub format: Format,
    /// Whether the header has been written.
    pub has_header: bool,
    /// The labels of the application whose samples these are, as [`identity_labels`] writes them; else empty.
    pub labels: &'a str,
    /// Where to.
    pub page: &'a mut Vec<u8>,
}

impl FamilyWriter<'_> {
    /// Writes what stands before the samples.
    pub(super) fn header(&mut self) {
        let name = match self.format {
            Format::Text => self.family.name,
            Format::OpenMetrics => self.family.open_metrics_name(),
        };
        self.line(&["# HELP ", name, " ", self.family.help]);
        self.line(&["# TYPE ", name, " ", self.family.metric_type.name()]);
        if self.format == Format::OpenMetrics && !self.family.unit.is_empty() {
            self.line(&["# UNIT ", name, " ", self.family.unit]);
        }
    }

    fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.page.extend_from_slice(part.as_bytes()));
        self.page.push(b'\n');
    }

    fn label(&mut self, is_first: &mut bool, name: &str, value: &str) {
        self.page.push(if *is_first { b'{' } else { b',' });
        *is_first = false;
        self.page.extend_from_slice(name.as_bytes());
        self.page.extend_from_slice(b"=\"");
        escape(self.page, value);
        self.page.push(b'"');
    }
}

impl Emit for FamilyWriter<'_> {
    fn emit(&mut self, suffix: &str, labels: &[(&str, &str)], value: Value) {
        if !std::mem::replace(&mut self.has_header, true) {
            self.header();
        }
        self.page.extend_from_slice(self.family.name.as_bytes());
        self.page.extend_from_slice(suffix.as_bytes());
        let mut is_first = self.labels.is_empty();
        self.page.extend_from_slice(self.labels.as_bytes());
        for (name, value) in labels {
            self.label(&mut is_first, name, value);
        }
        if !is_first {
            self.page.push(b'}');
        }
        self.page.push(b' ');
        number(self.page, value);
        self.page.push(b'\n');
    }
}

/// The labels that an application's samples begin with, opened and escaped: they are the same for each.
pub fn identity_labels(identity: &Identity) -> String {
    let optional = [("namespace", &identity.namespace), ("pod", &identity.pod), ("container", &identity.container)];
    let known = optional.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    opened_labels(std::iter::once(("application", &*identity.application)).chain(known))
}

/// Labels, opened and escaped, for others to follow; empty when there are none.
pub(super) fn opened_labels<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut labels = Vec::new();
    for (name, value) in all {
        labels.push(if labels.is_empty() { b'{' } else { b',' });
        labels.extend_from_slice(name.as_bytes());
        labels.extend_from_slice(b"=\"");
        escape(&mut labels, value);
        labels.push(b'"');
    }
    // Made of strings and ASCII.
    String::from_utf8(labels).unwrap_or_default()
}

/// Label values: backslash, quote and newline are escaped in both formats.
fn escape(page: &mut Vec<u8>, value: &str) {
    if !value.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        page.extend_from_slice(value.as_bytes());
        return;
    }
    for byte in value.bytes() {
        match byte {
            b'\n' => page.extend_from_slice(b"\\n"),
            b'\\' | b'"' => page.extend_from_slice(&[b'\\', byte]),
            _ => page.push(byte),
        }
    }
}

/// Writes a value.
pub(super) fn number(page: &mut Vec<u8>, value: Value) {
    match value {
        Value::Whole(number) => page.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::Real(number) if number.is_nan() => page.extend_from_slice(b"NaN"),
        Value::Real(f64::INFINITY) => page.extend_from_slice(b"+Inf"),
        Value::Real(f64::NEG_INFINITY) => page.extend_from_slice(b"-Inf"),
        // Writing to a Vec cannot fail.
        Value::Real(number) => {
            let _ = write!(page, "{number}");
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::output::catalogue::family;
    use crate::output::instruments::tests::encoded_by_the_crate;
    use proptest::prelude::*;

    fn written(format: Format, name: &str, application: &str, label: &str, value: Value) -> String {
        let identity =
            Identity { application: application.into(), namespace: None, pod: Some("p".into()), container: None };
        let mut page = Vec::new();
        let family = family(name).unwrap();
        let mut writer =
            FamilyWriter { family, format, has_header: false, labels: &identity_labels(&identity), page: &mut page };
        writer.emit("", &[("kind", label)], value);
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn open_metrics_names_a_counter_without_total_and_states_the_unit() {
        let page =
            written(Format::OpenMetrics, "memtrend_memory_pressure_seconds_total", "a", "some", Value::Real(0.5));
        assert!(page.contains(
            "# TYPE memtrend_memory_pressure_seconds counter\n# UNIT memtrend_memory_pressure_seconds seconds\n"
        ));
        assert!(
            page.ends_with("memtrend_memory_pressure_seconds_total{application=\"a\",pod=\"p\",kind=\"some\"} 0.5\n")
        );
    }

    proptest! {
        #[test]
        fn text_is_what_the_prometheus_crate_writes(application in ".{0,40}", label in ".{0,40}", value in any::<f64>()) {
            let labels = [("application", application.as_str()), ("pod", "p"), ("kind", label.as_str())];
            let ours = written(Format::Text, "memtrend_memory_bytes", &application, &label, Value::Real(value));
            prop_assert_eq!(ours, encoded_by_the_crate("memtrend_memory_bytes", &labels, value));
        }
    }
}
