//! The dashboards: generated, each expression asked of a real Prometheus, and drawn as Grafana draws them.

mod drawn;
mod fleet;

use crate::incident::alerts::emitted;
use crate::incident::series::{FIRST_DAY, HOUR, at, csv};
use crate::support::exporter::Exporter;
use crate::support::project;
use crate::support::prometheus::Prometheus;
use crate::support::rules;
use drawn::drawn;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The trace of the incident, as far as it is known at a time.
fn write_incident(folder: &Path, until: f64) {
    let known = |line: &&str| line.split(',').next().unwrap().parse().map_or(true, |at: f64| at <= FIRST_DAY + until);
    let text: String = csv().lines().filter(known).map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("checkout.csv"), text).unwrap();
}

/// A Prometheus that holds the incident until a time, and the fleet around it where that is wanted.
fn past(until: f64, with_fleet: bool) -> Prometheus {
    let folder = tempfile::tempdir().unwrap();
    if with_fleet {
        fleet::write(folder.path(), until);
    }
    write_incident(folder.path(), until);
    Prometheus::of_scrapes(&emitted(folder.path(), &[]))
}

#[test]
fn they_are_those_that_the_generator_writes() {
    for (path, text) in memtrend_dashboards::all() {
        let path = project().join(path);
        if std::env::var_os("MEMTREND_ACCEPT").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap() == text, "{} is stale: run `make docs`", path.display());
    }
}

/// Every text below a key, wherever it stands.
fn all_below<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|field| all_below(field, key, found));
        }
        Value::Array(items) => items.iter().for_each(|item| all_below(item, key, found)),
        _ => {}
    }
}

#[test]
fn every_expression_runs_in_prometheus_and_every_panel_says_what_it_shows() {
    let past = past(at(20.0, 0.0), false);
    let now = FIRST_DAY + at(20.0, 0.0);
    for (path, text) in memtrend_dashboards::all() {
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let mut expressions = Vec::new();
        all_below(&dashboard, "expr", &mut expressions);
        assert!(expressions.len() > 10, "{path}");
        for expression in expressions {
            let mut asked = expression.replace("$__rate_interval", "5m").replace("$__range", "16h");
            for variable in ["job", "instance", "application"] {
                asked = asked.replace(&format!("${variable}"), ".*");
            }
            assert!(!asked.contains('$'), "{path}: {expression}");
            past.range(&asked, now, now, 60.0);
        }
        for panel in dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row") {
            let texts = [&panel["title"], &panel["description"], &panel["fieldConfig"]["defaults"]["unit"]];
            assert!(texts.iter().all(|text| text.as_str().is_some_and(|text| !text.is_empty())), "{path}: {panel}");
        }
        assert_eq!((&dashboard["id"], &dashboard["editable"]), (&Value::Null, &Value::Bool(false)), "{path}");
        assert!(dashboard.get("__inputs").is_none());
    }
}

#[test]
fn the_links_of_the_alerts_lead_to_dashboards_that_there_are() {
    let dashboards = memtrend_dashboards::all();
    let uids: Vec<Value> = dashboards.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect();
    for rule in rules::all() {
        let uid = rule.annotations["dashboard_url"].split(['/', '?']).nth(4).unwrap().to_owned();
        assert!(uids.iter().any(|dashboard| dashboard["uid"] == uid.as_str()), "{}: {uid}", rule.alert);
    }
}

/// What the panels of these numbers show.
fn shown(texts: &[String], numbers: std::ops::RangeInclusive<usize>) -> Vec<String> {
    let of =
        |number: usize| texts.iter().find_map(|text| text.strip_prefix(&format!("{number}: "))).unwrap().to_owned();
    numbers.map(of).collect()
}

#[test]
fn in_the_evening_the_first_row_says_since_when_which_version_and_how_long_is_left() {
    let past = past(at(20.0, 0.0), false);
    let now = FIRST_DAY + at(20.0, 0.0);
    let Some(texts) =
        drawn("application.json", past.address, [now - 12.0 * HOUR, now + 4.0 * HOUR], "application-20-00")
    else {
        return;
    };
    let row = shown(&texts, 1..=8);
    assert_eq!(row[0], "Verdict leaking");
    assert!(row[1].starts_with("Growing for 5.9"), "{row:?}");
    assert_eq!(row[2], "Since version 2.4.1");
    assert!(row[3].starts_with("Time to the limit 5.") && row[3].ends_with("hours"), "{row:?}");
    assert!(row[4].starts_with("A restart buys 13.") && row[4].ends_with("hours"), "{row:?}");
    assert_eq!((row[5].as_str(), row[6].as_str()), ("Lives of the leak 1", "OOM kills shown 0"));
}

#[test]
fn after_the_restart_it_says_that_the_leak_goes_on() {
    let past = past(at(26.0, 35.0), false);
    let now = FIRST_DAY + at(26.0, 35.0);
    let Some(texts) =
        drawn("application.json", past.address, [now - 12.0 * HOUR, now + 4.0 * HOUR], "application-02-35")
    else {
        return;
    };
    let row = shown(&texts, 1..=8);
    assert_eq!((row[0].as_str(), row[2].as_str()), ("Verdict leaking", "Since version 2.4.1"));
    assert_eq!((row[5].as_str(), row[6].as_str()), ("Lives of the leak 2", "OOM kills shown 1"));
}

#[test]
fn the_fleet_shows_the_most_urgent_application_first() {
    let past = past(at(26.0, 35.0), true);
    let now = FIRST_DAY + at(26.0, 35.0);
    let Some(texts) = drawn("fleet.json", past.address, [now - 24.0 * HOUR, now], "fleet-02-35") else { return };
    let row = shown(&texts, 1..=7);
    assert_eq!(row[5], format!("Applications watched {}", fleet::COUNT + 1));
    println!("{row:?}");
}

#[test]
fn memtrends_own_dashboard_has_data_in_every_panel() {
    let exporter = Exporter::start(&["--application=auto", "--interval=1s"]);
    let prometheus = Prometheus::start(exporter.address);
    std::thread::sleep(std::time::Duration::from_secs(70));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    drawn("memtrend.json", prometheus.address, [now - 300.0, now], "memtrend");
}
