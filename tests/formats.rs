//! The page as Prometheus' own tools judge it.

use crate::support::exporter::Exporter;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

fn promtool(arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed: scripts/setup");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn promtool_finds_nothing_to_say_of_the_text_page() {
    let exporter = Exporter::start(&["--application", "auto", "--trend.block", "1s"]);
    let answer = exporter.get("/metrics", &[]);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let (fine, said) = promtool(&["check", "metrics"], &answer.body);
    assert!(fine && said.is_empty(), "{said}");
}

#[test]
fn prometheus_stores_the_open_metrics_page() {
    let exporter = Exporter::start(&["--application", "auto", "--trend.block", "1s"]);
    let answer =
        exporter.get("/metrics", &["Accept: application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.1"]);
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let page = answer.text();
    assert!(page.ends_with("# EOF\n"));
    // The command wants times, which a page must not have.
    let timed: String = page
        .lines()
        .map(|line| if line.starts_with('#') { format!("{line}\n") } else { format!("{line} 1790000000\n") })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("page");
    std::fs::write(&input, timed).unwrap();
    let blocks = folder.path().join("blocks");
    let arguments = ["tsdb", "create-blocks-from", "openmetrics", input.to_str().unwrap(), blocks.to_str().unwrap()];
    let (fine, said) = promtool(&arguments, b"");
    assert!(fine && std::fs::read_dir(&blocks).unwrap().count() > 0, "{said}");
}

#[test]
fn a_compressed_page_is_the_page() {
    let exporter = Exporter::start(&["--application", "auto", "--interval", "30s"]);
    let names = |text: &str| -> Vec<String> {
        let series = text.lines().filter_map(|line| line.rsplit_once(' ').map(|(series, _)| series.to_owned()));
        series.collect()
    };
    let plain = exporter.get("/metrics", &[]);
    let answer = exporter.get("/metrics", &["Accept-Encoding: gzip"]);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("vary"), Some("Accept, Accept-Encoding"));
    let mut page = String::new();
    flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut page).unwrap();
    assert_eq!(names(&page), names(&plain.text()));
    assert!(answer.body.len() * 3 < page.len(), "{} of {}", answer.body.len(), page.len());
    assert!(exporter.get("/metrics", &["Accept-Encoding: gzip;q=0"]).header("content-encoding").is_none());
}

#[test]
fn health_and_readiness_are_told_and_termination_is_clean() {
    let mut exporter = Exporter::start(&["--interval", "1s", "--application", "auto"]);
    for path in ["/-/healthy", "/-/ready", "/"] {
        assert_eq!(exporter.get(path, &[]).status, 200, "{path}");
    }
    assert_eq!(exporter.get("/none", &[]).status, 404);
    let landing = exporter.get("/", &[]);
    assert!(landing.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    assert_eq!(exporter.terminate(), Some(0));
}
