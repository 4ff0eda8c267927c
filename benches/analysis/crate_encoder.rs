//! The same page by way of the `prometheus` crate: a tree of `MetricFamily` values, then its `TextEncoder`.

use memtrend::analysis::report::Report;
use memtrend::analysis::sample::Identity;
use memtrend::output::catalogue::{Emit, MetricType, Samples, Value, families};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType as CrateType};
use prometheus::{Encoder, TextEncoder};

/// Collects the samples of one family.
struct Collector<'a> {
    is_counter: bool,
    identity: Option<&'a Identity>,
    metrics: Vec<Metric>,
}

impl Emit for Collector<'_> {
    fn emit(&mut self, suffix: &str, labels: &[(&str, &str)], value: Value) {
        assert!(suffix.is_empty(), "no report has a histogram");
        let value = match value {
            Value::Whole(value) => value as f64,
            Value::Real(value) => value,
        };
        let mut metric = Metric::default();
        if self.is_counter {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        let own = self.identity.into_iter().flat_map(|identity| {
            let [namespace, pod, container] = [&identity.namespace, &identity.pod, &identity.container];
            let application = Some(&*identity.application);
            let optional =
                [("namespace", namespace.as_deref()), ("pod", pod.as_deref()), ("container", container.as_deref())];
            [("application", application)].into_iter().chain(optional)
        });
        let own = own.filter_map(|(name, value)| Some((name, value?)));
        metric.set_label(own.chain(labels.iter().copied()).map(|(name, value)| pair(name, value)).collect());
        self.metrics.push(metric);
    }
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

/// All families of a report as the crate has them; its instruments, a few lines, are left out.
pub(crate) fn tree(report: &Report) -> Vec<MetricFamily> {
    let family = |family: &memtrend::output::catalogue::Family| {
        let is_counter = family.metric_type == MetricType::Counter;
        let mut collector = Collector { is_counter, identity: None, metrics: Vec::new() };
        match family.samples {
            Samples::Exporter(extract) => extract(report, &mut collector),
            Samples::Instrument => {}
            Samples::Application(extract) => {
                for application in &report.applications {
                    collector.identity = Some(&application.identity);
                    extract(application, report, &mut collector);
                }
            }
        }
        let mut encoded = MetricFamily::default();
        encoded.set_name(family.name.to_owned());
        encoded.set_help(family.help.to_owned());
        encoded.set_field_type(if is_counter { CrateType::COUNTER } else { CrateType::GAUGE });
        encoded.set_metric(collector.metrics);
        encoded
    };
    families().map(family).filter(|family| !family.get_metric().is_empty()).collect()
}

/// The page of a tree.
pub(crate) fn encode(families: &[MetricFamily]) -> Vec<u8> {
    let mut page = Vec::new();
    TextEncoder::new().encode(families, &mut page).unwrap();
    page
}
