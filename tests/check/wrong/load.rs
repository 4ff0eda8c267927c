//! What shows only when the program runs: a load that fails, is not answered or not counted fails closed, with an example.

use super::super::marked::{Marked, shell};
use super::super::servers::free_port;
use crate::support::binary;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// What every connection to a port of our own is answered by, again and again.
fn answering(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Both go with the test's process.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_all(stream, answer));
        }
    });
    port
}

fn answer_all(mut stream: TcpStream, answer: &str) {
    let mut request = [0; 8192];
    while stream.read(&mut request).is_ok_and(|length| length > 0) {
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn fails_closed(flags: &[&str], expected: &[&str]) {
    let flags: Vec<&str> = ["--warm-up=0s", "--min-time=20s"].iter().chain(flags).copied().collect();
    let over = Marked::check(&flags, &shell("exec sleep 1000", 0)).end(&flags.join(" "));
    over.assert_fails_closed(&flags.join(" "));
    for word in expected {
        assert!(over.sentence().contains(word), "{word}: {over:?}");
    }
    assert!(over.errors.is_empty(), "{over:?}");
}

#[test]
fn answers_of_500_fail_closed_with_an_example() {
    let port = answering("HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nbroken");
    fails_closed(
        &["--proxied", "--http", &format!("http://127.0.0.1:{port}/{{n}}")],
        &["requests failed: ", "500", "127.0.0.1"],
    );
}

#[test]
fn a_server_that_speaks_no_http_fails_closed_with_an_example() {
    let port = answering("\u{1b}[31mwho is there?\n");
    fails_closed(&["--proxied", "--http", &format!("http://127.0.0.1:{port}/")], &["requests failed: "]);
}

#[test]
fn a_silent_server_fails_closed() {
    let port = answering("");
    let url = format!("http://127.0.0.1:{port}/");
    fails_closed(
        &["--proxied", "--http", &url, "--request-timeout=300ms"],
        &["requests failed: ", "no whole answer within 0.3 s"],
    );
}

#[test]
fn a_server_of_somebody_else_is_not_taken_for_the_program() {
    let port = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let url = format!("http://localhost:{port}/");
    fails_closed(&["--http", &url], &["what listens at localhost:", "is not the program"]);
}

#[test]
fn a_port_that_nobody_listens_at_is_never_ready() {
    let url = format!("http://127.0.0.1:{}/", free_port());
    let port = answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    let ill = format!("http://127.0.0.1:{port}/healthz");
    let cases = [
        (format!("--http={url}"), "waited for 127.0.0.1:"),
        (format!("--ready-http={url}"), "an answer below 400 from "),
        (format!("--ready-http={ill}"), "/healthz"),
        ("--ready-log=never".to_owned(), "/never/"),
    ];
    thread::scope(|scope| {
        for (flag, expected) in &cases {
            scope.spawn(move || fails_closed(&[flag, "--ready-timeout=1s"], &["not ready after 1", expected]));
        }
    });
}

#[test]
fn a_counter_that_is_not_there_fails_closed() {
    let port = answering("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nother 1\n");
    let place = format!("http_requests_total@http://127.0.0.1:{port}/metrics");
    fails_closed(&["--load=sleep 1000", "--requests-from", &place], &["requests could not be counted: "]);
}

#[test]
fn a_process_or_a_container_of_nobody_fails_closed_at_once() {
    for (flag, expected) in [
        ("--pid=4194304", "there is no process 4194304 here"),
        ("--container=0123456789abcdef", "no process here is in a container whose id begins with 0123456789abcdef"),
    ] {
        let over = Marked::check(&[flag, "--http=http://127.0.0.1:1/"], &[]).end(flag);
        over.assert_fails_closed(flag);
        assert!(over.sentence().contains(expected), "{over:?}");
        assert!(over.took < Duration::from_secs(5), "{over:?}");
    }
}

#[test]
fn hostile_words_of_the_command_do_not_reach_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut check = Command::new(binary());
    check.args(["check", "--ready-after=5s", "--ready-timeout=300ms"]);
    for report in ["json", "junit", "markdown", "svg"] {
        check.arg(format!("--{report}")).arg(path(report));
    }
    let hostile = "\u{1b}]0;evil\u{7}\u{1b}[2J\r\n::error::evil <script>]]>&amp; \u{202e}|x|";
    check.args(["--", "sh", "-c", "sleep 1000", hostile]).env("GITHUB_ACTIONS", "true");
    let over = Marked::start_kept(check, Stdio::null()).end("hostile");
    assert_eq!(over.status.code(), Some(2), "{over:?}");
    let reports = ["json", "junit", "markdown", "svg"].map(|report| std::fs::read_to_string(path(report)).unwrap());
    for text in reports.iter().chain([&over.output, &over.errors]) {
        let is_harmless = |one: char| one == '\n' || !(one.is_control() || one == '\u{202e}');
        assert!(text.chars().all(is_harmless), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("::error::evil")), "{text}");
    }
    let [json, junit, markdown, svg] = reports;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert!(report["subject"].as_str().unwrap().starts_with("sh -c sleep 1000 "), "{report}");
    for xml in [junit, svg] {
        roxmltree::Document::parse(&xml).unwrap();
    }
    assert!(!markdown.contains("<script>"), "{markdown}");
}

#[test]
fn a_rate_that_the_program_cannot_answer_fails_closed_and_soon() {
    // Two connections that each take a fiftieth of a second answer a hundred a second.
    let port = free_port();
    let script = "import http.server,time\nclass H(http.server.BaseHTTPRequestHandler):\n protocol_version='HTTP/1.1'\n def do_GET(s):\n  time.sleep(.02);s.send_response(200);s.send_header('Content-Length','0');s.end_headers()\n def log_message(s,*a):pass\nimport sys\nhttp.server.ThreadingHTTPServer(('127.0.0.1',int(sys.argv[1])),H).serve_forever()";
    let command = ["python3", "-c", script, &port.to_string()].map(str::to_owned);
    let url = format!("--http=http://127.0.0.1:{port}/");
    let flags = [url.as_str(), "--rate=1000", "--connections=2", "--warm-up=1s", "--min-time=5s", "--max-time=60s"];
    let over = Marked::check(&flags, &command).end("too slow");
    over.assert_fails_closed("too slow");
    assert!(over.sentence().contains(" of 1000 requests a second: ask for fewer by --rate"), "{over:?}");
    assert!(over.took < Duration::from_secs(20), "{over:?}");
}
