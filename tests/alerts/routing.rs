//! The Alertmanager example: which receiver is told of which alert and when, what mutes what, what is one message.

use super::run;
use crate::support::alertmanager::Alertmanager;
use crate::support::pager::{Message, Pager};
use crate::support::rules;
use crate::support::wait_for;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

const EXAMPLE: &str = "alertmanager.example.yaml";

/// Who is told of an alert, in the end.
const RECEIVERS: &[(&str, &str)] = &[
    ("MemtrendLeakDetected", "application-team"),
    ("MemtrendLeakAfterRestart", "application-team"),
    ("MemtrendMemoryLimitPredicted", "application-team"),
    ("MemtrendMemoryLimitImminent", "application-team,application-lead"),
    ("MemtrendMemoryNearLimit", "application-team"),
    ("MemtrendOOMKill", "application-team"),
    ("MemtrendOOMKillRepeated", "application-team,application-lead,everyone"),
    ("MemtrendOOMSourcesDisagree", "nobody"),
    ("MemtrendTargetUnreadable", "application-team"),
    ("MemtrendDown", "application-team"),
    ("MemtrendMemoryLimitUnset", "nobody"),
];

/// What mutes what of the same application.
const MUTES: &[(&str, &str)] = &[
    ("MemtrendMemoryLimitImminent", "MemtrendMemoryLimitPredicted"),
    ("MemtrendMemoryLimitImminent", "MemtrendMemoryNearLimit"),
    ("MemtrendMemoryLimitImminent", "MemtrendLeakDetected"),
    ("MemtrendLeakAfterRestart", "MemtrendLeakDetected"),
    ("MemtrendOOMKillRepeated", "MemtrendOOMKill"),
];

#[test]
fn amtool_finds_the_example_sound() {
    let (is_sound, text) = run("amtool", &["check-config", EXAMPLE]);
    assert!(is_sound, "{text}");
}

#[test]
fn each_alert_goes_to_its_receivers() {
    let rules = rules::all();
    let mut told = Vec::new();
    for rule in &rules {
        let (alert, severity) = (format!("alertname={}", rule.alert), format!("severity={}", rule.labels["severity"]));
        let config = format!("--config.file={EXAMPLE}");
        let (is_known, text) =
            run("amtool", &["config", "routes", "test", &config, &alert, &severity, "application=shop"]);
        assert!(is_known, "{text}");
        told.push((rule.alert.as_str(), text.lines().next().unwrap_or_default().to_owned()));
    }
    told.sort_unstable();
    let mut expected: Vec<_> = RECEIVERS.iter().map(|(alert, receivers)| (*alert, (*receivers).to_owned())).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn the_example_names_alerts_that_there_are() {
    let text = rules::read(EXAMPLE);
    let known: BTreeSet<String> = rules::all().into_iter().map(|rule| rule.alert).collect();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with("Memtrend"));
    let unknown: BTreeSet<&str> = words.filter(|word| !known.contains(*word)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// An alert as Prometheus posts it; its severity is that of its rule.
fn alert(name: &str, namespace: &str, application: &str, pod: &str) -> Value {
    let rules = rules::all();
    let rule = rules.iter().find(|rule| rule.alert == name).unwrap_or_else(|| panic!("{name}"));
    json!({"labels": {
        "alertname": name, "severity": rule.labels["severity"], "namespace": namespace, "application": application,
        "pod": pod, "job": "memtrend", "instance": format!("{pod}:10240"),
    }})
}

/// Whether an alert of the application is muted, as Alertmanager tells of each.
fn is_muted(alerts: &[Value], name: &str, namespace: &str, application: &str) -> bool {
    let of = |alert: &&Value| {
        let labels = &alert["labels"];
        labels["alertname"] == name && labels["namespace"] == namespace && labels["application"] == application
    };
    let found: Vec<&Value> = alerts.iter().filter(of).collect();
    assert!(!found.is_empty(), "{name} {namespace} {application}");
    let muted = found.iter().filter(|alert| !alert["status"]["inhibitedBy"].as_array().unwrap().is_empty()).count();
    assert!(muted == 0 || muted == found.len(), "{found:?}");
    muted > 0
}

#[test]
fn ten_pods_are_one_group_and_what_says_more_mutes_what_says_less() {
    let alertmanager = Alertmanager::start(&rules::read(EXAMPLE));
    let pods: Vec<String> = (0..10).map(|pod| format!("shop-{pod}")).collect();
    let of_pods = |name| pods.iter().map(move |pod| alert(name, "web", "shop", pod));
    let mut posted: Vec<Value> =
        of_pods("MemtrendMemoryLimitImminent").chain(of_pods("MemtrendLeakDetected")).collect();
    // The same application elsewhere, and another.
    posted.push(alert("MemtrendLeakDetected", "staging", "shop", "shop-0"));
    posted.push(alert("MemtrendLeakDetected", "web", "cart", "cart-0"));
    // Each pair of the table alone, and each of what is muted beside the others.
    for (place, (louder, softer)) in MUTES.iter().enumerate() {
        let application = format!("pair-{place}");
        posted.extend([louder, softer].map(|name| alert(name, "web", &application, "pair")));
    }
    let softer: BTreeSet<&str> = MUTES.iter().map(|(_, softer)| *softer).collect();
    posted.extend(softer.iter().map(|name| alert(name, "web", "alone", "alone")));
    alertmanager.post(&posted);
    let alerts = wait_for("the alerts", Duration::from_secs(20), || {
        let alerts = alertmanager.get("alerts");
        (alerts.len() == posted.len()).then_some(alerts)
    });
    assert!(is_muted(&alerts, "MemtrendLeakDetected", "web", "shop"), "of all ten pods");
    assert!(!is_muted(&alerts, "MemtrendMemoryLimitImminent", "web", "shop"));
    assert!(!is_muted(&alerts, "MemtrendLeakDetected", "staging", "shop"), "another namespace");
    assert!(!is_muted(&alerts, "MemtrendLeakDetected", "web", "cart"), "another application");
    for (place, (louder, softer)) in MUTES.iter().enumerate() {
        let application = format!("pair-{place}");
        assert!(is_muted(&alerts, softer, "web", &application), "{louder} mutes {softer}");
        assert!(!is_muted(&alerts, louder, "web", &application), "{louder}");
    }
    for name in softer {
        assert!(!is_muted(&alerts, name, "web", "alone"), "{name} alone");
    }
    for receiver in ["application-team", "application-lead"] {
        let groups = alertmanager.get("alerts/groups");
        let of_shop: Vec<&Value> = groups
            .iter()
            .filter(|group| {
                let imminent = json!({
                    "alertname": "MemtrendMemoryLimitImminent", "namespace": "web", "application": "shop",
                });
                group["receiver"]["name"] == receiver && group["labels"] == imminent
            })
            .collect();
        assert_eq!(of_shop.len(), 1, "{receiver}: {groups:?}");
        assert_eq!(of_shop[0]["alerts"].as_array().unwrap().len(), 10, "{receiver}");
    }
}

/// The example, told to a pager of the test's own; its waits are seconds, in the same order.
fn hurried(pager: &Pager) -> String {
    let mut text = rules::read(EXAMPLE);
    for (slow, quick) in [
        ("group_wait: 30s", "group_wait: 1s"),
        ("group_wait: 15m", "group_wait: 8s"),
        ("group_wait: 30m", "group_wait: 16s"),
        ("http://pager.example.org", &format!("http://{}", pager.address)),
    ] {
        assert!(text.contains(slow), "{slow}");
        text = text.replace(slow, quick);
    }
    text
}

fn ended(mut alert: Value) -> Value {
    alert["endsAt"] = humantime::format_rfc3339_millis(SystemTime::now()).to_string().into();
    alert
}

#[test]
fn the_team_is_told_once_at_once_its_lead_of_what_lasts_and_everyone_last() {
    let pager = Pager::start();
    let alertmanager = Alertmanager::start(&hurried(&pager));
    let pods: Vec<String> = (0..10).map(|pod| format!("shop-{pod}")).collect();
    let repeated = |application| alert("MemtrendOOMKillRepeated", "web", application, "pod");
    let mut posted: Vec<Value> =
        pods.iter().map(|pod| alert("MemtrendMemoryLimitImminent", "web", "shop", pod)).collect();
    posted.extend([repeated("killed"), repeated("mended"), alert("MemtrendLeakDetected", "web", "shop", "shop-0")]);
    posted.push(alert("MemtrendOOMSourcesDisagree", "web", "killed", "pod"));
    alertmanager.post(&posted);

    let first = |receiver: &str, application: &str| -> Message {
        wait_for(&format!("{receiver} to be told of {application}"), Duration::from_secs(60), || {
            let messages = pager.messages_to(receiver);
            messages.into_iter().find(|message| message.values("application").contains(&application))
        })
    };
    let to_team = first("application-team", "shop");
    let mut told = to_team.values("pod");
    told.sort_unstable();
    assert_eq!(told, pods, "ten pods are one message");
    first("application-team", "killed");
    first("application-team", "mended");
    alertmanager.post(&[ended(repeated("mended"))]);

    let to_lead = first("application-lead", "shop");
    assert_eq!(to_lead.values("pod").len(), 10);
    assert!(to_lead.came - to_team.came > Duration::from_secs(2), "{:?}", to_lead.came - to_team.came);
    let to_lead = first("application-lead", "killed");
    let to_everyone = first("everyone", "killed");
    assert!(to_everyone.came - to_lead.came > Duration::from_secs(2), "{:?}", to_everyone.came - to_lead.came);

    let applications = |receiver| -> BTreeSet<String> {
        let messages = pager.messages_to(receiver);
        messages.iter().flat_map(|message| message.values("application")).map(str::to_owned).collect()
    };
    assert_eq!(applications("application-team"), ["killed", "mended", "shop"].map(str::to_owned).into());
    assert_eq!(applications("application-lead"), ["killed", "shop"].map(str::to_owned).into(), "of what has lasted");
    assert_eq!(applications("everyone"), ["killed".to_owned()].into(), "of what is killed again and again");
    let names: BTreeSet<String> = ["application-team", "application-lead", "everyone", "nobody"]
        .iter()
        .flat_map(|receiver| pager.messages_to(receiver))
        .flat_map(|message| message.values("alertname").into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let expected = ["MemtrendMemoryLimitImminent", "MemtrendOOMKillRepeated"].map(str::to_owned);
    assert_eq!(names, expected.into(), "what is muted, or info, is told to nobody");
    let once = pager.messages_to("application-team").iter().filter(|message| !message.is_resolved()).count();
    assert_eq!(once, 3, "one message for each application");
}
