//! Bad input against the real binary: one clear line, exit code 2 or a 4xx, and nothing lost.

mod cases;
mod hostile;
mod requests;

use crate::support::binary;
use crate::support::exporter::Exporter;
use cases::{AT_START, CONFIG, Case, ENVIRONMENT, FLAGS, WEB};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Lines of the longest answer: clap's with a tip and a usage.
const MOST_LINES: usize = 7;

/// A folder with what the cases name: `plain`, `folder`, and certificates `a` and `b` with their keys.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain"), "plain text\n").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for name in ["a", "b"] {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={name}")])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
    folder
}

/// Runs memtrend in a folder; what starts although it should not is killed, and has no exit code.
fn run(folder: &Path, flags: &[&str], environment: Option<(&str, &str)>) -> Output {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "5"]).arg(binary()).args(flags).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).envs(environment).env("RUST_BACKTRACE", "1");
    command.output().unwrap()
}

fn run_case(folder: &Path, case: &Case, more: &[&str]) -> Output {
    fs::write(folder.join("config.toml"), case.config).unwrap();
    fs::write(folder.join("web.yml"), case.web).unwrap();
    run(folder, &[case.flags, more].concat(), case.environment)
}

/// What is wrong with an answer to bad input.
fn faults(output: &Output, expected: &[&str]) -> Vec<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().next().unwrap_or_default();
    let mut faults = Vec::new();
    let mut check = |is_right: bool, fault: String| faults.extend((!is_right).then_some(fault));
    check(output.status.code() == Some(2), format!("{}, not exit code 2", output.status));
    check(output.stdout.is_empty(), "something on standard output".to_owned());
    check(first.starts_with("memtrend: ") || first.starts_with("error: "), format!("begins `{first}`"));
    check(errors.lines().count() <= MOST_LINES, format!("{} lines", errors.lines().count()));
    for word in ["panicked", "backtrace", "RUST_BACKTRACE"] {
        check(!errors.contains(word), format!("`{word}` in it"));
    }
    for (place, word) in expected.iter().enumerate() {
        let text = if place == 0 { first } else { &errors };
        check(text.contains(word), format!("no `{word}` in it"));
    }
    faults
}

/// Whether the line of the file and carets stand below a message that names line and column.
fn shows_the_place(output: &Output, content: &[u8]) -> bool {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let content = String::from_utf8_lossy(content).into_owned();
    let mut lines = errors.lines();
    let place = lines.next().and_then(|first| first.strip_prefix("memtrend: config.toml:"));
    let mut numbers = place.into_iter().flat_map(|place| place.split(':')).map_while(|word| word.parse::<usize>().ok());
    let (Some(line), Some(column)) = (numbers.next(), numbers.next()) else { return false };
    let text = content.lines().nth(line - 1).unwrap_or_default();
    let carets = format!("   | {}^", " ".repeat(column - 1));
    lines.next() == Some(&format!(" {line} | {text}"))
        && lines
            .next()
            .is_some_and(|marked| marked.starts_with(&carets) && marked.trim_end_matches('^').len() < marked.len())
        && lines.next().is_none()
}

/// Flags with which a case that starts after all disturbs nobody.
fn aside(case: &Case) -> &'static [&'static str] {
    let flags = case.flags.iter().any(|flag| flag.contains("listen-address") || flag.contains("systemd-socket"));
    let variable = case.environment.is_some_and(|(name, _)| name.contains("LISTEN_ADDRESS"));
    if flags || variable || case.flags.contains(&"bogus") { &[] } else { &["--web.listen-address=127.0.0.1:0"] }
}

/// Runs the cases; a check must find what a start would.
fn check(cases: &[Case]) {
    let folder = folder();
    let mut wrong = Vec::new();
    for case in cases {
        for (way, more) in [("start", aside(case)), ("check", &["--config.check"])] {
            let output = run_case(folder.path(), case, more);
            let mut faults = faults(&output, case.expected);
            if case.expected[0].starts_with("config.toml:") && !shows_the_place(&output, case.config) {
                faults.push("the place is not shown below".to_owned());
            }
            if !faults.is_empty() {
                let errors = String::from_utf8_lossy(&output.stderr);
                let errors: String = errors.chars().take(600).collect();
                wrong.push(format!("{} ({way}): {}\n{errors}", case.name, faults.join("; ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} runs:\n{}", wrong.len(), cases.len() * 2, wrong.join("\n"));
}

/// The answers to all cases that end.
fn answers() -> Vec<(&'static str, String)> {
    let folder = folder();
    let cases = [CONFIG, FLAGS, ENVIRONMENT, WEB].into_iter().flatten();
    let text = |output: Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let mut answers: Vec<_> =
        cases.map(|case| (case.name, text(run_case(folder.path(), case, &["--config.check"])))).collect();
    answers.extend(AT_START.iter().map(|case| (case.name, text(run_case(folder.path(), case, aside(case))))));
    answers
}

#[test]
fn what_is_wrong_in_the_configuration_file_is_told_and_shown() {
    check(CONFIG);
}

#[test]
fn what_is_wrong_in_a_flag_is_told() {
    check(FLAGS);
}

#[test]
fn what_is_wrong_in_the_environment_is_told() {
    check(ENVIRONMENT);
}

#[test]
fn what_is_wrong_in_the_web_config_is_told_with_its_place() {
    check(WEB);
}

#[test]
fn what_is_wrong_only_here_and_now_ends_the_start() {
    let folder = folder();
    for case in AT_START {
        let output = run_case(folder.path(), case, aside(case));
        assert_eq!(faults(&output, case.expected), Vec::<String>::new(), "{}: {output:?}", case.name);
    }
}

#[test]
fn a_port_in_use_is_told_with_its_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder().path(), &["--web.listen-address", &address], None);
    let expected = [&format!("web.listen-address: cannot listen on {address}"), "the port is in use: name another"];
    assert_eq!(faults(&output, &expected), Vec::<String>::new(), "{output:?}");
}

#[test]
fn no_answer_gives_its_reason_twice() {
    let reasons = ["(os error", "KeyMismatch", "no items found", "no certificate in it", "valid UTF-8"];
    let twice: Vec<String> = answers()
        .into_iter()
        .filter(|(_, answer)| reasons.iter().any(|reason| answer.matches(reason).count() > 1))
        .map(|(name, answer)| format!("{name}: {answer}"))
        .collect();
    assert!(twice.is_empty(), "{}", twice.concat());
}

#[test]
fn no_answer_names_a_type_of_the_program() {
    let types = ["u32", "u64", "struct ", "Options", "Cgroup(", "Pid("];
    let inner: Vec<String> = answers()
        .into_iter()
        .filter(|(_, answer)| types.iter().any(|name| answer.contains(name)))
        .map(|(name, answer)| format!("{name}: {answer}"))
        .collect();
    assert!(inner.is_empty(), "{}", inner.concat());
}

#[test]
fn a_check_passes_what_is_good() {
    let folder = folder();
    let web = "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n";
    fs::write(folder.path().join("web.yml"), web).unwrap();
    fs::write(folder.path().join("config.toml"), "interval = '1s'\n[trend]\nblock = '12s'\n").unwrap();
    let longest = format!("--unit={}=x", "n".repeat(128));
    let good: [&[&str]; 5] = [
        &[],
        &["--config.file=config.toml"],
        &["--web.config.file=web.yml"],
        &["--interval=30s", "--max-applications=100000", "--trend.block=1h", "--web.listen-address=:65535"],
        &[&longest],
    ];
    for flags in good {
        let output = run(folder.path(), &[flags, &["--config.check"]].concat(), None);
        assert!(
            output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(),
            "{flags:?}: {output:?}"
        );
    }
}

#[test]
fn a_pid_file_that_is_missing_is_waited_for_and_no_error() {
    let folder = folder();
    let file = folder.path().join("none.pid");
    let exporter = Exporter::start(&[format!("--pid-file=app={}", file.display())]);
    let page = exporter.page();
    assert_eq!(page.must("memtrend_application_up{application=\"app\"}"), 0.0);
    assert_eq!(errors_of_applications(&page), 0.0);
}

#[test]
fn a_pid_file_of_garbage_is_a_counted_error() {
    let folder = folder();
    let file = folder.path().join("app.pid");
    let mut uncounted = Vec::new();
    for garbage in [&b"none\n"[..], b"", b"\n1\n", b"-1", b"0", b"1.5", b"99999999999", b"\xff\xfe", b"1 2", b"\0"] {
        fs::write(&file, garbage).unwrap();
        let page = Exporter::start(&[format!("--pid-file={}", file.display())]).page();
        assert_eq!(page.must("memtrend_application_up{application=\"app\"}"), 0.0, "{}", garbage.escape_ascii());
        if errors_of_applications(&page) < 1.0 {
            uncounted.push(garbage.escape_ascii().to_string());
        }
    }
    assert_eq!(uncounted, Vec::<String>::new());
    let exporter = Exporter::start(&[format!("--pid-file=app={}", folder.path().display())]);
    assert!(errors_of_applications(&exporter.page()) >= 1.0, "a folder is counted");
}

fn errors_of_applications(page: &crate::support::page::Page) -> f64 {
    let errors = page.series.iter().filter(|(series, _)| series.starts_with("memtrend_source_errors_total"));
    errors.filter(|(series, _)| series.contains("source=\"applications\"")).map(|(_, count)| count).sum()
}
