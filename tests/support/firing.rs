//! The shipped alert rules over a past in a real Prometheus: its answers to each expression, and the two times that a rule
//! waits for, kept as Prometheus keeps them.

use super::prometheus::Prometheus;
use super::rules::{self, Rule};
use std::collections::BTreeMap;

/// Seconds between evaluations: Prometheus' default.
pub(crate) const EVALUATED_EACH: f64 = 60.0;

/// Points of one answer.
const MOST_POINTS: f64 = 10_000.0;

/// A time in which an alert fires.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Firing {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Rule {
    /// One that is not shipped, to compare with.
    pub(crate) fn other(alert: &str, expr: &str, lasting: &str) -> Self {
        let (alert, expr, lasting) = (alert.to_owned(), expr.to_owned(), Some(lasting.to_owned()));
        Self { alert, expr, lasting, ..Self::default() }
    }

    pub(crate) fn is_critical(&self) -> bool {
        self.labels.get("severity").is_some_and(|severity| severity == "critical")
    }

    /// When it fires, for each series of its expression.
    pub(crate) fn firings(&self, past: &Prometheus, from: f64, to: f64) -> Vec<Firing> {
        let mut times: BTreeMap<BTreeMap<String, String>, Vec<f64>> = BTreeMap::new();
        let mut begin = from;
        while begin <= to {
            let end = (begin + MOST_POINTS * EVALUATED_EACH).min(to);
            for (labels, points) in past.range(&self.expr, begin, end, EVALUATED_EACH) {
                times.entry(labels).or_default().extend(points.iter().map(|point| point.0));
            }
            begin = end + EVALUATED_EACH;
        }
        let all = times.iter().flat_map(|(labels, times)| {
            let spans = spans(times, seconds(self.lasting.as_deref()), seconds(self.keep_firing_for.as_deref()));
            spans.into_iter().map(|(from, to)| Firing { labels: labels.clone(), from, to })
        });
        all.collect()
    }
}

/// The rules of `alerts/memtrend.rules.yaml`.
pub(crate) fn shipped() -> Vec<Rule> {
    let file = rules::parse(&rules::read("memtrend.rules.yaml")).unwrap();
    file.groups.into_iter().flat_map(|group| group.rules).collect()
}

fn seconds(duration: Option<&str>) -> f64 {
    let Some(duration) = duration else { return 0.0 };
    let (number, unit) = duration.split_at(duration.len() - 1);
    let of_unit = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => panic!("unit {other}"),
    };
    number.parse::<f64>().unwrap() * of_unit
}

/// The times at which an expression holds, turned into those in which the alert fires.
fn spans(times: &[f64], waits: f64, keeps: f64) -> Vec<(f64, f64)> {
    let mut spans = Vec::new();
    let (mut since, mut last, mut firing) = (f64::NAN, f64::NEG_INFINITY, None);
    for &at in times {
        let is_kept = firing.is_some() && at - last <= keeps;
        if at - last > EVALUATED_EACH && !is_kept {
            spans.extend(firing.take().map(|from| (from, last + keeps)));
            since = at;
        }
        last = at;
        if firing.is_none() && at - since >= waits {
            firing = Some(at);
        }
    }
    spans.extend(firing.map(|from| (from, last + keeps)));
    spans
}

#[test]
fn an_alert_waits_and_is_kept_as_prometheus_does() {
    let times = [0.0, 60.0, 120.0, 180.0, 300.0, 360.0, 1000.0, 1060.0];
    assert_eq!(spans(&times, 0.0, 0.0), [(0.0, 180.0), (300.0, 360.0), (1000.0, 1060.0)]);
    assert_eq!(spans(&times, 120.0, 0.0), [(120.0, 180.0)]);
    assert_eq!(spans(&times, 120.0, 300.0), [(120.0, 660.0)]);
}
