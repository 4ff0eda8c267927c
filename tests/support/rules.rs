//! The files in `alerts/` as values. What they may not contain (labels of a group, `query_offset`) has no field here.

use super::project;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Files with rules.
pub(crate) const RULES: &[&str] = &["memtrend.rules.yaml", "memtrend-optional.rules.yaml"];

/// The file with the cases of the rules.
const CASES: &str = "memtrend.test.yaml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) alert: String,
    pub(crate) expr: String,
    #[serde(rename = "for")]
    pub(crate) lasting: Option<String>,
    pub(crate) keep_firing_for: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct CaseFile {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default)]
    alert_rule_test: Vec<Case>,
}

/// What an alert does at one time.
#[derive(Deserialize)]
struct Case {
    alertname: String,
    exp_alerts: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    exp_labels: BTreeMap<String, Value>,
}

/// What the cases show of an alert; promtool has held all of it against the real evaluation.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) fires: bool,
    pub(crate) is_quiet: bool,
    /// The labels of all its alerts.
    pub(crate) labels: BTreeSet<String>,
}

pub(crate) fn read(file: &str) -> String {
    let path = project().join("alerts").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn parse(text: &str) -> Result<RuleFile, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

/// Every group of every file.
pub(crate) fn groups() -> Vec<Group> {
    let files = RULES.iter().map(|file| parse(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}")));
    files.flat_map(|file| file.groups).collect()
}

pub(crate) fn all() -> Vec<Rule> {
    groups().into_iter().flat_map(|group| group.rules).collect()
}

/// What the cases show, by alert.
pub(crate) fn shown() -> BTreeMap<String, Shown> {
    let file: CaseFile = serde_saphyr::from_str(&read(CASES)).unwrap_or_else(|error| panic!("{CASES}: {error}"));
    let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
    for case in file.tests.into_iter().flat_map(|test| test.alert_rule_test) {
        let of_alert = shown.entry(case.alertname).or_default();
        of_alert.fires |= !case.exp_alerts.is_empty();
        of_alert.is_quiet |= case.exp_alerts.is_empty();
        of_alert.labels.extend(case.exp_alerts.into_iter().flat_map(|alert| alert.exp_labels.into_keys()));
    }
    shown
}
