//! Hostile names and limits of zero, on real processes.

use super::{faults, run};
use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::sleeper::Sleeper;
use crate::support::tree::Tree;
use crate::support::wait_for;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A program's name of 15 bytes, the most that a kernel keeps.
const NAME: &[u8] = b"q\"\\\n{}<i>&'\xff) S";
/// As a label of the text format.
const LABEL: &str = "application=\"q\\\"\\\\\\n{}<i>&'\u{fffd}) S\"";
/// As HTML; what moves lines is replaced.
const HTML: &str = "q&quot;\\\u{fffd}{}&lt;i&gt;&amp;&#39;\u{fffd}) S";

/// The metrics page, correct to the last line as promtool and a reader of lines see it.
fn correct_page(exporter: &Exporter) -> String {
    let text = exporter.get("/metrics", &[]).text();
    let mut promtool = Command::new("/usr/bin/promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(Page::parse(&text).series.len(), samples, "a series is on the page twice:\n{text}");
    text
}

fn odd_numbers(page: &str) -> Vec<&str> {
    page.lines().filter(|line| line.ends_with(" NaN") || line.ends_with("Inf")).collect()
}

fn must_show(exporter: &Exporter) {
    let up = format!("memtrend_application_up{{{LABEL}}} 1\n");
    wait_for("the application", Duration::from_secs(20), || {
        exporter.get("/metrics", &[]).text().contains(&up).then_some(())
    });
    correct_page(exporter);
    let open_metrics = get(exporter.address, "/metrics", &["Accept: application/openmetrics-text"]).text();
    assert!(open_metrics.contains(&up) && open_metrics.ends_with("# EOF\n"), "{open_metrics}");
    let landing = exporter.get("/", &[]).text();
    assert!(landing.contains(HTML) && !landing.contains("<i>"), "{landing}");
}

#[test]
fn a_hostile_name_watched_by_pid_stays_text() {
    let sleeper = Sleeper::start(NAME);
    must_show(&Exporter::start(&[format!("--pid={}", sleeper.pid()), "--interval=50ms".to_owned()]));
}

#[test]
fn a_hostile_name_that_is_found_stays_text_and_is_the_same() {
    let _sleeper = Sleeper::start(NAME);
    must_show(&Exporter::start(&["--application=auto", "--trend.block=100ms", "--interval=50ms"]));
}

#[test]
fn a_hostile_name_given_by_flag_stays_text() {
    let sleeper = Sleeper::start(b"tame");
    let name = "q\"\\\n{}<i>&'\u{fffd}) S";
    must_show(&Exporter::start(&[format!("--pid={name}={}", sleeper.pid())]));
}

#[test]
fn a_name_of_control_characters_is_watched_by_pid() {
    let sleeper = Sleeper::start(b"\x01\x02\r\t\x1b[31m\x7f");
    let exporter = Exporter::start(&[format!("--pid={}", sleeper.pid())]);
    assert!(correct_page(&exporter).contains("\nmemtrend_applications 1\n"));
}

#[test]
fn a_blank_name_is_refused_by_pid_with_what_to_type() {
    for name in [&b" "[..], b"\n"] {
        let sleeper = Sleeper::start(name);
        let pid = sleeper.pid().to_string();
        let flags = [&format!("--pid={pid}"), "--web.listen-address=127.0.0.1:0"];
        let output = run(std::path::Path::new("/"), &flags, None);
        assert_eq!(faults(&output, &[&pid, "write --pid NAME="]), Vec::<String>::new(), "{output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("Pid("), "a type of the program: {output:?}");
    }
}

#[test]
fn a_process_of_no_name_that_is_found_has_a_label_all_the_same() {
    let _nameless = Sleeper::without_name();
    let _younger = Sleeper::start(b"younger");
    let exporter = Exporter::start(&["--application=auto", "--trend.block=100ms", "--interval=50ms"]);
    wait_for("what began after it", Duration::from_secs(20), || {
        exporter.page().value("memtrend_application_up{application=\"younger\"}")
    });
    let page = correct_page(&exporter);
    assert!(!page.contains("application=\"\""), "{page}");
}

#[test]
fn two_flags_that_name_one_process_need_two_names() {
    let sleeper = Sleeper::start(b"tame");
    let flag = format!("--pid={}", sleeper.pid());
    let output = run(std::path::Path::new("/"), &[&flag, &flag, "--web.listen-address=127.0.0.1:0"], None);
    assert_eq!(faults(&output, &["two of them are called `tame`"]), Vec::<String>::new(), "{output:?}");
}

#[test]
fn resource_limits_of_zero_are_limits_and_no_number_goes_wrong() {
    let sleeper = Sleeper::start(b"tame");
    let pid = sleeper.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, "--data=0", "--as=0", "--nofile=0"]).status().unwrap();
    assert!(set.success());
    let exporter = Exporter::start(&[&format!("--pid={pid}"), "--trend.block=100ms", "--interval=50ms"]);
    let limit = "memtrend_memory_limit_bytes{application=\"tame\",source=\"rlimit\"}";
    wait_for("the limit", Duration::from_secs(20), || exporter.page().value(limit));
    let page = correct_page(&exporter);
    assert_eq!(Page::parse(&page).must(limit), 0.0);
    assert!(page.contains("memtrend_application_max_fds{application=\"tame\"} 0\n"), "{page}");
    assert_eq!(odd_numbers(&page), Vec::<&str>::new());
    assert_eq!(exporter.get("/", &[]).status, 200);
}

#[test]
fn a_cgroup_limit_of_zero_is_a_limit_and_no_number_goes_wrong() {
    let tree = Tree::unpack("docker-v2");
    let limits = Command::new("find").arg(tree.path()).args(["-name", "memory.max"]).output().unwrap();
    for path in String::from_utf8(limits.stdout).unwrap().lines() {
        std::fs::write(path, "0\n").unwrap();
    }
    let page = correct_page(&Exporter::start(&tree.flags()));
    assert!(Page::parse(&page).series.iter().any(|(series, limit)| {
        series.starts_with("memtrend_memory_limit_bytes{") && series.contains("source=\"own\"") && *limit == 0.0
    }));
    assert_eq!(odd_numbers(&page), Vec::<&str>::new());
}

#[test]
fn applications_above_the_most_are_counted_and_not_silently_lost() {
    let sleepers = [Sleeper::start(b"one"), Sleeper::start(b"two"), Sleeper::start(b"three")];
    let mut flags = vec!["--max-applications=1".to_owned()];
    flags.extend(sleepers.iter().map(|sleeper| format!("--pid={}", sleeper.pid())));
    let page = correct_page(&Exporter::start(&flags));
    assert!(page.contains("\nmemtrend_applications 1\n"), "{page}");
    assert!(page.contains("\nmemtrend_applications_dropped 2\n"), "{page}");
}
