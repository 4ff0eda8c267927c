//! What would have been exported at many instants, as one OpenMetrics page with timestamps: a Prometheus' past can be made of
//! it (`promtool tsdb create-blocks-from openmetrics`).

use super::catalogue::{Emit, Family, Samples, Value, families};
use super::encoder::{FamilyWriter, Format, identity_labels, number, opened_labels};
use super::page::is_told;
use crate::analysis::report::{ApplicationReport, Report};
use std::collections::HashMap;
use std::io::{self, Write};

/// The most points: they are all held until the page is written, since OpenMetrics wants each series whole.
pub const MOST_POINTS: usize = 10_000_000;

/// There are more points than [`MOST_POINTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_POINTS} points: expected fewer traces, or a longer --emit-step")]
pub struct TooMany;

/// One series: what stands behind the family's name, and its points by time.
#[derive(Debug)]
struct Series {
    head: Box<str>,
    points: Vec<(f64, Value)>,
}

/// The series of one family, in the order in which they came up.
#[derive(Debug, Default)]
struct OfFamily {
    series: Vec<Series>,
    places: HashMap<Box<str>, usize>,
}

/// Reports at rising times, turned into series.
#[derive(Debug)]
pub struct Backfill {
    /// Labels that all series have, opened.
    constant: String,
    families: Vec<OfFamily>,
    points: usize,
}

/// Takes the samples of one family at one time.
struct Taker<'a> {
    family: &'static Family,
    labels: &'a str,
    seconds: f64,
    into: &'a mut OfFamily,
    points: &'a mut usize,
}

impl Emit for Taker<'_> {
    fn emit(&mut self, suffix: &str, labels: &[(&str, &str)], value: Value) {
        let (mut line, nothing) = (Vec::new(), Value::Whole(0));
        let (family, format) = (self.family, Format::OpenMetrics);
        FamilyWriter { family, format, has_header: true, labels: self.labels, page: &mut line }
            .emit(suffix, labels, nothing);
        let line = String::from_utf8_lossy(&line);
        let head = line.strip_prefix(family.name).and_then(|line| line.strip_suffix(" 0\n")).unwrap_or_default();
        let place = self.into.places.get(head).copied().unwrap_or_else(|| {
            self.into.series.push(Series { head: head.into(), points: Vec::new() });
            self.into.places.insert(head.into(), self.into.series.len() - 1);
            self.into.series.len() - 1
        });
        if let Some(series) = self.into.series.get_mut(place) {
            series.points.push((self.seconds, value));
            *self.points += 1;
        }
    }
}

impl Backfill {
    /// With labels that all series have.
    pub fn new(constant: &[(String, String)]) -> Self {
        let constant = opened_labels(constant.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Self { constant, families: families().map(|_| OfFamily::default()).collect(), points: 0 }
    }

    /// Takes in a report at a time, in seconds since the epoch. `is_of_all` tells that it is of all applications there are: the
    /// exporter's own figures are then taken too.
    ///
    /// # Errors
    /// When there are too many points.
    pub fn push(&mut self, report: &Report, seconds: f64, is_of_all: bool) -> Result<(), TooMany> {
        let labels_of = |application: &ApplicationReport| {
            let identity = identity_labels(&application.identity);
            match identity.strip_prefix('{').filter(|_| !self.constant.is_empty()) {
                Some(identity) => format!("{},{identity}", self.constant),
                None => identity,
            }
        };
        let labels: Vec<String> = report.applications.iter().map(labels_of).collect();
        for (family, into) in families().zip(&mut self.families) {
            let mut taker = Taker { family, labels: &self.constant, seconds, into, points: &mut self.points };
            match family.samples {
                Samples::Application(extract) => {
                    for (application, labels) in report.applications.iter().zip(&labels) {
                        if !is_told(application, family) {
                            continue;
                        }
                        taker.labels = labels;
                        extract(application, report, &mut taker);
                    }
                }
                Samples::Exporter(extract) if is_of_all => extract(report, &mut taker),
                Samples::Exporter(_) | Samples::Instrument => {}
            }
        }
        if self.points > MOST_POINTS { Err(TooMany) } else { Ok(()) }
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, page: &mut impl Write) -> io::Result<()> {
        let mut piece = Vec::new();
        for (family, of_family) in families().zip(&self.families).filter(|(_, known)| !known.series.is_empty()) {
            let format = Format::OpenMetrics;
            FamilyWriter { family, format, has_header: false, labels: "", page: &mut piece }.header();
            for Series { head, points } in &of_family.series {
                for (seconds, value) in points {
                    piece.extend_from_slice(family.name.as_bytes());
                    piece.extend_from_slice(head.as_bytes());
                    piece.push(b' ');
                    number(&mut piece, *value);
                    piece.push(b' ');
                    number(&mut piece, Value::Real(*seconds));
                    piece.push(b'\n');
                }
                page.write_all(&piece)?;
                piece.clear();
            }
        }
        page.write_all(b"# EOF\n")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::engine::{Engine, Settings};

    #[test]
    fn each_series_is_whole_with_its_times_and_the_labels_that_all_have() {
        let mut backfill = Backfill::new(&[("job".to_owned(), "a\"b".to_owned())]);
        let report = Engine::new(Settings::default()).report();
        for seconds in [1.5, 61.5] {
            backfill.push(&report, seconds, true).unwrap();
        }
        let mut page = Vec::new();
        backfill.write(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let lines = "memtrend_applications{job=\"a\\\"b\"} 0 1.5\nmemtrend_applications{job=\"a\\\"b\"} 0 61.5\n";
        assert!(page.contains(&format!("# TYPE memtrend_applications gauge\n{lines}")), "{page}");
        assert!(page.ends_with("# EOF\n"));
    }
}
