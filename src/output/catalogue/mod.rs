//! Every metric, once: name, type, unit, help, labels, and how it is taken from a report.
//! `docs/metrics.md` is generated from here, and both exposition formats are written from here.

mod application;
mod exporter;
mod memory;

use crate::analysis::report::{ApplicationReport, Report};
pub(crate) use application::OOM_KILLS;
pub(crate) use exporter::{SCAN_DURATION, SCANS_SKIPPED, SOURCE_ERRORS, STATE_SAVES};

/// A metric's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// Goes up and down.
    Gauge,
    /// Only goes up; its name ends in `_total`.
    Counter,
    /// Buckets, sum and count.
    Histogram,
}

impl MetricType {
    /// Its name in both exposition formats.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// A sample's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number, printed without exponent or point.
    Whole(u64),
    /// Any number.
    Real(f64),
}

/// Takes the samples of a family one by one.
pub trait Emit {
    /// One sample: what its name has after the family's (`_bucket`, or nothing), labels beyond the identity's, value.
    fn emit(&mut self, suffix: &str, labels: &[(&str, &str)], value: Value);
}

/// Shorthands for the usual samples.
pub(crate) trait EmitExt: Emit {
    fn plain(&mut self, value: Value) {
        self.emit("", &[], value);
    }

    fn labelled(&mut self, label: &str, label_value: &str, value: Value) {
        self.emit("", &[(label, label_value)], value);
    }

    fn real(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.plain(Value::Real(value));
        }
    }

    fn whole(&mut self, value: Option<u64>) {
        if let Some(value) = value {
            self.plain(Value::Whole(value));
        }
    }
}

impl<T: Emit + ?Sized> EmitExt for T {}

/// Where a family's samples come from.
#[derive(Clone, Copy)]
pub enum Samples {
    /// From each application; its identity's labels come first.
    Application(fn(&ApplicationReport, &Report, &mut dyn Emit)),
    /// From the report as a whole.
    Exporter(fn(&Report, &mut dyn Emit)),
    /// From the exporter's own instruments.
    Instrument,
}

/// A metric family.
#[derive(Clone, Copy)]
pub struct Family {
    /// Name, with `_total` where it is a counter.
    pub name: &'static str,
    /// Type.
    pub metric_type: MetricType,
    /// Unit: the name's suffix (before `_total`); empty when it has none.
    pub unit: &'static str,
    /// Help text, without quotes, backslashes and newlines.
    pub help: &'static str,
    /// Labels beyond `application`, `namespace`, `pod` and `container`.
    pub labels: &'static [&'static str],
    /// Where its samples come from.
    pub samples: Samples,
}

impl Family {
    /// The family's name in OpenMetrics: without `_total`.
    pub fn open_metrics_name(&self) -> &'static str {
        self.name.strip_suffix("_total").unwrap_or(self.name)
    }
}

type Text = &'static str;

const fn gauge(name: Text, unit: Text, labels: &'static [Text], help: Text, samples: Samples) -> Family {
    Family { name, metric_type: MetricType::Gauge, unit, help, labels, samples }
}

const fn counter(name: Text, unit: Text, labels: &'static [Text], help: Text, samples: Samples) -> Family {
    Family { name, metric_type: MetricType::Counter, unit, help, labels, samples }
}

/// Every family, in the order of the page.
pub fn families() -> impl Iterator<Item = &'static Family> {
    FAMILIES.iter().flat_map(|part| part.iter())
}

const FAMILIES: &[&[Family]] = &[memory::FAMILIES, application::FAMILIES, exporter::FAMILIES];

/// A family by its place in [`families`].
pub fn family_at(place: usize) -> Option<&'static Family> {
    families().nth(place)
}

/// A family by its name.
pub fn family(name: &str) -> Option<&'static Family> {
    families().find(|family| family.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_units_and_helps_keep_the_conventions() {
        let mut names = BTreeSet::new();
        for family in families() {
            assert!(names.insert(family.name), "{} is listed twice", family.name);
            assert_eq!(family.metric_type == MetricType::Counter, family.name.ends_with("_total"), "{}", family.name);
            let stem = family.open_metrics_name();
            assert!(family.unit.is_empty() || stem.ends_with(&format!("_{}", family.unit)), "{}", family.name);
            for unit in ["bytes", "seconds", "bytes_per_second"] {
                assert!(
                    !stem.ends_with(&format!("_{unit}")) || family.unit.ends_with(unit),
                    "{} lacks its unit",
                    family.name
                );
            }
            assert!(!family.help.contains(['"', '\\', '\n']) && family.help.ends_with('.'), "help of {}", family.name);
        }
    }
}
