//! memtrend's own instruments, kept by the `prometheus` crate: what accumulates over passes and belongs to no report.
//! The only file that names that crate.

use super::catalogue::{Emit, SCAN_DURATION, SCANS_SKIPPED, SOURCE_ERRORS, STATE_SAVES, Value, family};
use crate::analysis::sample::{Outcome, Reason};
use prometheus::core::Collector;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};

/// Upper bounds of the buckets in seconds: a pass takes a tenth of a millisecond for a sidecar and tens of milliseconds
/// for a full node.
const SCAN_BUCKETS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Counters and histograms of the exporter itself. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Instruments {
    scan_duration: Histogram,
    source_errors: IntCounterVec,
    state_saves: IntCounterVec,
    scans_skipped: IntCounter,
}

impl Instruments {
    /// Instruments at zero.
    ///
    /// # Errors
    /// When the crate does not accept a name or a bucket; they are constants, so a test would have seen it.
    pub fn new() -> Result<Self, prometheus::Error> {
        let help = |name: &str| family(name).map_or("", |family| family.help);
        let scan = HistogramOpts::new(SCAN_DURATION, help(SCAN_DURATION));
        let errors = Opts::new(SOURCE_ERRORS, help(SOURCE_ERRORS));
        let saves = Opts::new(STATE_SAVES, help(STATE_SAVES));
        let state_saves = IntCounterVec::new(saves, &["result"])?;
        for result in [true, false].map(name_of_save) {
            state_saves.with_label_values(&[result]);
        }
        Ok(Self {
            state_saves,
            scans_skipped: IntCounter::new(SCANS_SKIPPED, help(SCANS_SKIPPED))?,
            scan_duration: Histogram::with_opts(scan.buckets(SCAN_BUCKETS.to_vec()))?,
            source_errors: IntCounterVec::new(errors, &["source", "reason"])?,
        })
    }

    /// Notes one pass: its duration and its readers' errors. Every reason of a reader that took part starts at 0.
    pub fn record(&self, duration_seconds: f64, outcomes: &[Outcome]) {
        self.scan_duration.observe(duration_seconds);
        for outcome in outcomes {
            for (count, reason) in outcome.errors.iter().zip(Reason::ALL) {
                self.source_errors.with_label_values(&[outcome.source.name(), reason.name()]).inc_by(*count);
            }
        }
    }

    /// Notes passes that were left out.
    pub fn record_skipped(&self, passes: u64) {
        self.scans_skipped.inc_by(passes);
    }

    /// Notes that state was saved, or that it could not be.
    pub fn record_save(&self, succeeded: bool) {
        self.state_saves.with_label_values(&[name_of_save(succeeded)]).inc();
    }

    /// Emits the samples of one instrument.
    pub fn emit(&self, name: &str, out: &mut dyn Emit) {
        let families = match name {
            SCAN_DURATION => self.scan_duration.collect(),
            SCANS_SKIPPED => self.scans_skipped.collect(),
            SOURCE_ERRORS => self.source_errors.collect(),
            STATE_SAVES => self.state_saves.collect(),
            _ => Vec::new(),
        };
        families.iter().for_each(|family| emit_family(family, out));
    }
}

fn name_of_save(succeeded: bool) -> &'static str {
    if succeeded { "success" } else { "failure" }
}

fn emit_family(family: &MetricFamily, out: &mut dyn Emit) {
    let mut metrics: Vec<_> = family.get_metric().iter().collect();
    metrics.sort_by_key(|metric| metric.get_label().iter().map(|pair| pair.value().to_owned()).collect::<Vec<_>>());
    for metric in metrics {
        let labels: Vec<_> = metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
        if family.get_field_type() == MetricType::COUNTER {
            out.emit("", &labels, Value::Real(metric.get_counter().get_value()));
            continue;
        }
        let histogram = metric.get_histogram();
        for bucket in histogram.get_bucket() {
            // OpenMetrics wants a point in every bound.
            let bound = format!("{:?}", bucket.upper_bound());
            out.emit("_bucket", &[("le", &bound)], Value::Whole(bucket.cumulative_count()));
        }
        out.emit("_bucket", &[("le", "+Inf")], Value::Whole(histogram.get_sample_count()));
        out.emit("_sum", &[], Value::Real(histogram.get_sample_sum()));
        out.emit("_count", &[], Value::Whole(histogram.get_sample_count()));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::sample::Source;
    use prometheus::proto::{Gauge, LabelPair, Metric};
    use prometheus::{Encoder, TextEncoder};

    /// One sample of a family of the catalogue, as the crate's own encoder writes it.
    pub(crate) fn encoded_by_the_crate(name: &str, labels: &[(&str, &str)], value: f64) -> String {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        let mut metric = Metric::default();
        metric.set_gauge(gauge);
        metric.set_label(
            labels
                .iter()
                .map(|(name, value)| {
                    let mut pair = LabelPair::default();
                    pair.set_name((*name).to_owned());
                    pair.set_value((*value).to_owned());
                    pair
                })
                .collect(),
        );
        let mut encoded = MetricFamily::default();
        encoded.set_name(name.to_owned());
        encoded.set_help(family(name).unwrap().help.to_owned());
        encoded.set_field_type(MetricType::GAUGE);
        encoded.set_metric(vec![metric]);
        let mut page = Vec::new();
        TextEncoder::new().encode(&[encoded], &mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    struct Lines(Vec<String>);

    impl Emit for Lines {
        fn emit(&mut self, suffix: &str, labels: &[(&str, &str)], value: Value) {
            self.0.push(format!("{suffix} {labels:?} {value:?}"));
        }
    }

    #[test]
    fn errors_start_at_zero_for_every_reason_and_add_up() {
        let instruments = Instruments::new().unwrap();
        let outcome = Outcome { source: Source::Node, duration_seconds: 0.1, errors: [0, 2, 0, 0, 0], success: true };
        instruments.record(0.002, &[outcome]);
        instruments.record(0.002, &[outcome]);
        let mut lines = Lines(Vec::new());
        instruments.emit("memtrend_source_errors_total", &mut lines);
        assert_eq!(lines.0.len(), Reason::ALL.len());
        assert!(lines.0.iter().any(|line| line.contains("permission") && line.ends_with("Real(4.0)")), "{:?}", lines.0);
        assert!(lines.0.iter().any(|line| line.contains("gone") && line.ends_with("Real(0.0)")));
    }

    #[test]
    fn the_histogram_is_cumulative_and_ends_in_infinity() {
        let instruments = Instruments::new().unwrap();
        instruments.record(0.002, &[]);
        instruments.record(9.0, &[]);
        let mut lines = Lines(Vec::new());
        instruments.emit("memtrend_scan_duration_seconds", &mut lines);
        assert!(lines.0.contains(&r#"_bucket [("le", "0.0025")] Whole(1)"#.to_owned()), "{:?}", lines.0);
        assert!(lines.0.contains(&r#"_bucket [("le", "+Inf")] Whole(2)"#.to_owned()));
        assert!(lines.0.contains(&"_count [] Whole(2)".to_owned()));
    }
}
