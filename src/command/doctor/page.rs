//! Facts and findings as text for people.

use super::facts::{Engine, Facts, Layout, Reading, Seen, User, View};
use super::finding::{Finding, Level};
use super::findings::{capabilities, is_alone};
use crate::analysis::sample::{Basis, LimitSource};
use crate::command::plain;

/// Applications that are listed.
const MOST_LISTED: usize = 20;
/// Characters of a name, at most.
const WIDEST_NAME: usize = 32;

/// The page.
pub(super) fn write(facts: &Facts, findings: &[Finding]) -> String {
    let mut page = String::new();
    let mut line = |label: &str, text: &str| {
        // Names are in it.
        page.push_str(plain(&format!("{label:<9}{text}")).trim_end());
        page.push('\n');
    };
    line("runs", &format!("{}, Linux {}", place(facts), facts.kernel));
    line("as", &user(&facts.user));
    line("sees", pids(facts));
    line("", &groups(facts));
    line("", "");
    let width = facts.applications.iter().map(|seen| seen.name.chars().count()).max().unwrap_or(0).min(WIDEST_NAME);
    for (place, seen) in facts.applications.iter().take(MOST_LISTED).enumerate() {
        line(if place == 0 { "watches" } else { "" }, &application(seen, width));
    }
    let more = facts.applications.len().saturating_sub(MOST_LISTED);
    if more > 0 {
        line("", &format!("and {more} more"));
    }
    if !facts.applications.is_empty() {
        line("", "");
    }
    for finding in findings {
        line(finding.level.word(), &finding.text);
        for (place, fix) in finding.fixes.iter().enumerate() {
            for (row, part) in fix.lines().enumerate() {
                let lead = match (row, place) {
                    (0, 0) => "fix: ",
                    (0, _) => "or:  ",
                    _ => "     ",
                };
                line("", &format!("{lead}{part}"));
            }
        }
    }
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    line("", "");
    let (missing, more) = (count(Level::Missing), count(Level::Could));
    let first = if missing == 0 {
        "All that is essential is seen".to_owned()
    } else {
        format!("Essential and missing: {missing}")
    };
    line(&format!("{first}; could be seen too: {more}."), "");
    page
}

fn place(facts: &Facts) -> String {
    let role = if facts.is_agent { "node agent" } else { "sidecar" };
    match &facts.engine {
        Engine::Host => "on the host".to_owned(),
        Engine::Unit(name) => format!("as the systemd unit {name}"),
        Engine::Docker => format!("in a docker container, as a {role}"),
        Engine::Podman => format!("in a podman container, as a {role}"),
        Engine::Container => format!("in a container, as a {role}"),
        Engine::Kubernetes => format!("in a Kubernetes pod, as a {role}"),
    }
}

fn user(user: &User) -> String {
    format!("uid {}, gid {}, with {}", user.uid, user.gid, capabilities(user.effective))
}

fn pids(facts: &Facts) -> &'static str {
    match (facts.engine.is_container(), facts.sees_machine) {
        (_, true) => "the machine's processes",
        (true, false) if is_alone(facts) => "the processes of its own container alone",
        (true, false) => "the processes of its PID namespace, which is shared",
        (false, false) => "the processes of its PID namespace",
    }
}

fn groups(facts: &Facts) -> String {
    let layout = match facts.groups.layout {
        Some(Layout::V1) => "control groups v1",
        Some(Layout::Hybrid) => "control groups v1, v2 beside them (hybrid)",
        Some(Layout::V2) => "control groups v2",
        None => "no control groups",
    };
    let driver = match facts.applications.iter().find_map(|seen| seen.is_by_systemd) {
        Some(true) => ", driver systemd",
        Some(false) => ", driver cgroupfs",
        None => "",
    };
    let view = match facts.groups.view {
        View::Whole => "those of the machine",
        View::Own => "memtrend's own alone",
        View::Nothing => "none that count memory",
    };
    format!("{layout}{driver}; {view} at {}", facts.sysfs)
}

fn application(seen: &Seen, width: usize) -> String {
    let mut name: String = seen.name.chars().take(width).collect();
    if seen.name.chars().count() > width {
        name.pop();
        name.push('…');
    }
    let reading = match seen.reading {
        Reading::Group(Basis::CgroupV1) => "control group v1",
        Reading::Group(_) => "control group v2",
        Reading::Shared => "summed: control group shared",
        Reading::Refused => "summed: control group refused",
        Reading::NotFound => "summed: no control group found",
        Reading::Not => "not readable",
    };
    let limit = match seen.limit {
        None => "no limit".to_owned(),
        Some((source, limit)) => {
            let whose = match source {
                LimitSource::Own => "own",
                LimitSource::Ancestor => "above",
                LimitSource::Node => "machine",
                LimitSource::Rlimit => "rlimit",
            };
            format!("limit {limit} ({whose})")
        }
    };
    let user = seen.user.map(|(uid, _)| format!(", uid {uid}")).unwrap_or_default();
    format!("{name:<width$}  {reading}, {limit}{user}")
}
