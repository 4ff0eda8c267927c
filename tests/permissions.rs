//! What each form of deployment may see: tried, and written into `docs/permissions.md`.
//!
//! Each form watches two small applications of uid 1000 until the kernel kills them: first one that is killed at its own limit,
//! then one that is killed at a limit above it.

pub(crate) mod host;
pub(crate) mod node;
pub(crate) mod pods;
pub(crate) mod scene;
mod table;

use crate::support::page::Page;
use table::{Row, Table};

/// The applications, by the label `application`.
const OWN: &str = "own";
const ABOVE: &str = "above";

/// Where a kill is only inferred it may be missed (`Ending` in `src/analysis/oom`): an application that some form has missed is
/// run again, so often at the most.
const MOST_LIVES: u32 = 4;

/// What a form was found to see.
struct Trial {
    form: &'static str,
    /// While the one lives that has only its own limit.
    live: Page,
    /// When both have been killed.
    end: Page,
    /// How often either has been killed.
    kills: [u32; 2],
    /// `/api/v1/report` at the end.
    report: String,
    log: String,
}

impl Trial {
    fn row(&self) -> Row {
        let series = |start: &str| self.live.series.keys().find(|series| series.starts_with(start)).cloned();
        let of_own = |name: &str, rest: &str| series(&format!("{name}{{application=\"{OWN}\"{rest}"));
        let info = of_own("memtrend_application_info", "").expect("it is seen");
        let memory = match info.split_once("evidence=\"").map(|(_, evidence)| evidence) {
            Some(evidence) if evidence.starts_with("cgroup_v") => "cgroup",
            Some(evidence) if evidence.starts_with("processes") => "summed",
            _ => panic!("{}: not watched while it lives: {info}", self.form),
        };
        let limit = of_own("memtrend_memory_limit_bytes", ",source=\"own\"").is_some();
        let descriptors = of_own("memtrend_application_open_fds", "").is_some();
        let cells = [
            memory,
            yes(limit),
            yes(descriptors),
            yes(info.contains("version=\"7\"")),
            &self.scopes(OWN, self.kills[0]),
            &self.scopes(ABOVE, self.kills[1]),
            yes(self.names_victim()),
            &self.asked_for(),
        ];
        Row { form: self.form, cells: cells.map(str::to_owned) }
    }

    /// The scopes in which kills were counted. That none is missed is for the tests of kills to show.
    fn scopes(&self, application: &str, killed: u32) -> String {
        let start = format!("memtrend_oom_kills_total{{application=\"{application}\",scope=\"");
        let of_it = self.end.series.iter().filter_map(|(series, kills)| Some((series.strip_prefix(&start)?, *kills)));
        let counted: Vec<(&str, f64)> = of_it.filter(|(_, kills)| *kills > 0.0).collect();
        let sum: f64 = counted.iter().map(|(_, kills)| kills).sum();
        assert!(sum <= f64::from(killed), "{}: {counted:?} of {killed} kills", self.form);
        let scopes: Vec<&str> = counted.iter().map(|(rest, _)| rest.trim_end_matches("\"}")).collect();
        if scopes.is_empty() { "no".to_owned() } else { scopes.join(" + ") }
    }

    /// Whether the last victim is named, which takes the kernel log.
    fn names_victim(&self) -> bool {
        let report: serde_json::Value = serde_json::from_str(&self.report).unwrap();
        let applications = report["applications"].as_array().unwrap();
        let above = applications.iter().find(|application| application["application"] == ABOVE).unwrap();
        let is_named = above["last_oom_kill"]["process"] == "leaky";
        let reads_log = self.end.must("memtrend_oom_source_success{source=\"kernel_log\"}") == 1.0;
        let seen = self.end.value("memtrend_oom_source_kills_total{source=\"kernel_log\"}");
        assert_eq!(reads_log, seen >= Some(2.0), "{}: {seen:?} kills in the kernel log\n{}", self.form, self.log);
        assert!(reads_log || !is_named, "{}: {above}", self.form);
        is_named
    }

    /// The permissions that the log names; each line that names one comes once for each application at most.
    fn asked_for(&self) -> String {
        let remedies: Vec<&str> = self.log.lines().filter(|line| line.contains("remedy=")).collect();
        for (place, line) in remedies.iter().enumerate() {
            let is_again = |other: &&str| {
                other.split_once(' ').map(|(_, rest)| rest) == line.split_once(' ').map(|(_, rest)| rest)
            };
            assert!(!remedies[..place].iter().any(is_again), "{}: said again\n{}", self.form, self.log);
        }
        let is_named = |word: &&str| remedies.iter().any(|line| line.contains(word));
        let named: Vec<&str> =
            ["SYS_PTRACE", "DAC_READ_SEARCH", "SYSLOG", "/dev/kmsg"].into_iter().filter(is_named).collect();
        if named.is_empty() { "nothing".to_owned() } else { named.join(", ") }
    }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Forms that cannot be tried here keep their committed rows, and it is said aloud.
fn assert_committed(name: &str, forms: &[&'static str], trials: &[Trial]) {
    let rows: Vec<Row> = trials.iter().map(Trial::row).collect();
    for form in forms.iter().filter(|form| !rows.iter().any(|row| row.form == **form)) {
        eprintln!("not tried here: {form}");
    }
    Table { name, forms }.assert_committed(&rows);
}

#[test]
fn the_table_of_hosts_and_containers_is_what_was_found() {
    let forms: Vec<&str> = host::FORMS.iter().map(|form| form.0).chain(node::FORMS.iter().map(|form| form.0)).collect();
    let trials = std::thread::scope(|scope| {
        let host = scope.spawn(host::trials);
        let node = scope.spawn(node::trials);
        [host, node].into_iter().flat_map(|scene| scene.join().unwrap()).collect::<Vec<_>>()
    });
    assert_committed("v1", &forms, &trials);
}

#[test]
fn the_table_of_pods_is_what_was_found() {
    let forms: Vec<&str> = pods::FORMS.iter().map(|form| form.0).collect();
    assert_committed("v2", &forms, &pods::trials());
}
