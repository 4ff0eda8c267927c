//! A metrics page as a map from series to value.

use std::collections::BTreeMap;

pub(crate) struct Page {
    pub(crate) series: BTreeMap<String, f64>,
}

impl Page {
    pub(crate) fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let series = samples.map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            (series.to_owned(), value.parse().expect("a number"))
        });
        Self { series: series.collect() }
    }

    /// The value of a series, written as on the page.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// The value of a series that must be there.
    pub(crate) fn must(&self, series: &str) -> f64 {
        self.value(series).unwrap_or_else(|| panic!("{series} is not on the page:\n{}", self.listing()))
    }

    pub(crate) fn listing(&self) -> String {
        self.series.iter().map(|(series, value)| format!("{series} {value}\n")).collect()
    }
}
