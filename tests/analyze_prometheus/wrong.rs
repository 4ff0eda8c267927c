//! What cannot be read: each time one clear line, exit code 2, and no credentials.

use super::{BEGIN, analyze, over, run, write};
use crate::support::canned::{Canned, ok};
use crate::support::prometheus::Prometheus;
use crate::support::{binary, wait_for};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::Duration;

/// Holds it to one line with all of `expected`, and exit code 2.
pub(super) fn says(output: &Output, expected: &[&str]) {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(!error.contains("s3cret"), "{error}");
    for part in expected {
        assert!(error.contains(part), "expected {part:?}: {error}");
    }
}

/// A query of a few points.
fn ask(url: &str, more: &[&str]) -> Output {
    run(&over(url, "heap", 8, 15), more)
}

fn matrix(values: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"__name__":"heap"}},"values":[{values}]}}]}}}}"#
    )
}

#[test]
fn what_a_real_prometheus_refuses_is_said_in_its_words() {
    let mut past = String::from("# TYPE many gauge\n");
    (0..1001).for_each(|number| past += &format!("many{{number=\"{number}\"}} 1 {BEGIN}\n"));
    let prometheus = Prometheus::of_past(&(past + "# EOF\n"), None);
    let url = format!("http://{}", prometheus.address);
    let asked = |query: &str| run(&over(&url, query, 8, 15), &[]);
    says(&asked("heap{"), &[&url, "--query: Prometheus refuses the query: bad_data", "parse error"]);
    says(&asked("\"text\""), &[&url, "--query: Prometheus refuses the query: bad_data", "string"]);
    says(&asked("nothing"), &[&url, "--query: no series fits it in this time"]);
    says(&asked("many"), &[&url, "--query: gives more than 1000 series: narrow the query"]);
    let limit = run(&over(&url, "many{number='1'}", 8, 15), &["--limit-query", "nothing"]);
    says(&limit, &[&url, "--limit-query: no series fits it in this time"]);
    // A place without Prometheus' API, behind a real one.
    says(&ask(&format!("{url}/elsewhere"), &[]), &[&format!("{url}/elsewhere: answers 404"), "path prefix"]);
}

#[test]
fn credentials_open_a_real_prometheus_and_are_never_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=CA:FALSE",
        ])
        .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let web = format!(
        "tls_server_config:\n  cert_file: {}\n  key_file: {}\nbasic_auth_users:\n  me: {}\n",
        path("cert.pem"),
        path("key.pem"),
        bcrypt::hash("s3cret@", 4).unwrap()
    );
    let past = format!("# TYPE heap gauge\nheap 5 {BEGIN}\n# EOF\n");
    let prometheus = Prometheus::of_past(&past, Some(&web));
    let port = prometheus.address.port();
    let asked = |url: &str, certificates: &str| {
        let mut command = Command::new(binary());
        command.args(["analyze", "--format", "json"]).args(over(url, "heap", 8, 15));
        command.env("SSL_CERT_FILE", certificates).env_remove("SSL_CERT_DIR").output().unwrap()
    };
    let url = format!("https://me:s3cret%40@localhost:{port}");
    wait_for("Prometheus to answer", Duration::from_secs(30), || {
        (asked(&url, &path("cert.pem")).status.code() == Some(0)).then_some(())
    });
    let shown = format!("https://localhost:{port}: ");
    let forbidden = [&shown, "refuses access (401)", "--bearer-token-file"];
    says(&asked(&format!("https://me:s3cret@localhost:{port}"), &path("cert.pem")), &forbidden);
    says(&asked(&format!("https://localhost:{port}"), &path("cert.pem")), &forbidden);
    says(&asked(&url, &path("key.pem")), &["no CA certificates on this machine", "SSL_CERT_FILE"]);
    says(&asked(&url.replace("localhost", "127.0.0.1"), &path("cert.pem")), &["TLS: ", "SSL_CERT_FILE"]);
    says(&asked(&url.replace("https", "http"), ""), &[&format!("http://localhost:{port}: "), "answers 400"]);
}

#[test]
fn a_bearer_token_is_sent_and_each_page_asked_as_a_form() {
    let canned = Canned::always(ok(&matrix(&format!("[{BEGIN},\"5\"],[{},\"6\"]", BEGIN + 15))));
    let folder = tempfile::tempdir().unwrap();
    let token = write(folder.path(), "token", "s3cret\n");
    let flags = ["--bearer-token-file", token.to_str().unwrap()];
    let output = ask(&format!("http://{}/prefix/", canned.address), &flags);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let request = &canned.requests()[0];
    assert!(request.starts_with("POST /prefix/api/v1/query_range HTTP/1.1\r\n"), "{request}");
    assert!(request.to_ascii_lowercase().contains("\r\nauthorization: bearer s3cret\r\n"), "{request}");
    let form = format!("\r\n\r\nquery=heap&start={BEGIN}.000&end={}.000&step=15.000", BEGIN + 7 * 15);
    assert!(request.ends_with(&form), "{request}");

    let empty = write(folder.path(), "empty", "");
    says(&ask("http://localhost:1", &["--bearer-token-file", empty.to_str().unwrap()]), &["empty", "one bearer token"]);
    says(&ask("http://localhost:1", &["--bearer-token-file", "/nowhere"]), &["--bearer-token-file /nowhere: "]);
}

#[test]
fn an_answer_that_is_too_long_is_asked_for_in_halves() {
    let long = || ok(&" ".repeat((16 << 20) + 1));
    let short = matrix(&format!("[{BEGIN},\"5\"]"));
    let canned = Canned::start(move |number| if number == 0 { long() } else { ok(&short) });
    let url = format!("http://{}", canned.address);
    let output = run(&over(&url, "heap", 4, 15), &[]);
    // The prepared answer is the same for both halves: its second row does not rise.
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let ends = |request: &String| request.split("&start=").nth(1).unwrap().to_owned();
    let asked: Vec<String> = canned.requests().iter().map(ends).collect();
    let page = |from: u64, to: u64| format!("{}.000&end={}.000&step=15.000", BEGIN + from * 15, BEGIN + to * 15);
    assert_eq!(asked, [page(0, 3), page(0, 1), page(2, 3)]);

    let endless = Canned::start(move |_| long());
    says(
        &run(&over(&format!("http://{}", endless.address), "heap", 2, 15), &[]),
        &["longer than 16777216 bytes", "narrow"],
    );
}

#[test]
fn what_it_warns_of_is_told_once_and_never_without_end() {
    let partial = "No StoreAPIs \u{1b}[2Jmatched";
    let warned = move |number: usize| {
        let mut warnings = vec![partial.to_owned(), "x".repeat(5000)];
        warnings.extend((0..3).map(|other| format!("{number}: {other}")));
        let values = format!("[{},\"5\"]", BEGIN + u64::try_from(number).unwrap() * 15);
        let body = matrix(&values).replacen('{', &format!("{{\"warnings\":{},", serde_json::json!(warnings)), 1);
        ok(&body)
    };
    let canned = Canned::start(warned);
    let url = format!("http://{}", canned.address);
    // Two pages, of which the limit is asked for too.
    let output = run(&over(&url, "heap", 12_000, 15), &["--limit-query", "limit"]);
    assert_eq!((output.status.code(), canned.requests().len()), (Some(0), 4), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 10, "{told}");
    let line = |flag: &str, warning: &str| format!("memtrend: {url}: {flag}: warning: {warning}");
    assert_eq!(lines[0], line("--query", "No StoreAPIs \\u{1b}[2Jmatched"));
    assert_eq!(lines[1], line("--query", &"x".repeat(200)));
    // Both come with each answer, and three others.
    let others = ["0: 0", "0: 1", "0: 2"].map(|warning| line("--query", warning)).into_iter();
    let others = others.chain(["1: 0", "1: 1", "1: 2"].map(|warning| line("--limit-query", warning)));
    let others = others.chain(["2: 0", "2: 1"].map(|warning| line("--query", warning)));
    assert_eq!(lines[2..], others.collect::<Vec<_>>());

    // Those of an answer that ends in an error come before it.
    let empty = r#"{"status":"success","warnings":["partial"],"data":{"resultType":"matrix","result":[]}}"#;
    let output = ask(&format!("http://{}", Canned::always(ok(empty)).address), &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    let [warning, error] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
    assert!(warning.ends_with("--query: warning: partial") && error.contains("no series fits it"), "{told}");
    // None, and `null` as some write it for none.
    let none = matrix(&format!("[{BEGIN},\"5\"]")).replacen('{', "{\"warnings\":null,", 1);
    let output = ask(&format!("http://{}", Canned::always(ok(&none)).address), &[]);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{output:?}");
}

#[test]
fn what_is_no_answer_of_a_prometheus_is_said() {
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: https://me:s3cret@other/x/api/v1/query_range\r\nContent-Length: 0\r\n\r\n";
    let unavailable = ok(r#"{"status":"error","errorType":"unavailable","error":"not\u001b ready"}"#);
    let unavailable = String::from_utf8(unavailable).unwrap().replace("200 OK", "503 Service Unavailable");
    let cases: [(Vec<u8>, &str); 9] = [
        (ok("<html>hello</html>"), "is not JSON of Prometheus' range API"),
        (ok(r#"{"status":"success"}"#), "is not JSON of Prometheus' range API"),
        (ok(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#), "gives a vector: expected series"),
        (ok(&matrix(r#"[1,"one"]"#)), "--query: heap: `one`: expected samples that are numbers"),
        (redirect.into(), "redirects (302) to https://other/x: redirects are not followed"),
        (unavailable.into(), "refuses the query: unavailable: not  ready"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec(), "expected an answer by HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "expected an answer by HTTP"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_vec(), "refuses access (403)"),
    ];
    for (answer, expected) in cases {
        let canned = Canned::always(answer);
        let shown = format!("http://{}: ", canned.address);
        says(&ask(&format!("http://me:s3cret@{}", canned.address), &[]), &[&shown, expected]);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    says(
        &ask(&format!("http://{closed}"), &[]),
        &[&format!("http://{closed}: cannot connect"), "refused", "--prometheus"],
    );
    says(&ask("http://no.such.host.invalid", &[]), &["http://no.such.host.invalid: cannot connect"]);
}

#[test]
fn flags_that_say_nothing_sensible_are_refused() {
    let usual = ["--prometheus", "http://localhost:1", "--query", "heap"];
    let cases: [(&[&str], &str); 9] = [
        (&["--step", "0s"], "--step"),
        (&["--step", "-5s"], "--step"),
        (&["--step", "soon"], "not a duration"),
        (&["--from", "now"], "--from is not before --to"),
        (&["--from", "yesterday"], "not a time: expected 2026-05-04T14:05:00Z"),
        (&["--to", "2026-01-01"], "not a time"),
        (&["--step", "1ms"], "longer --step"),
        (&["trace.csv"], "--prometheus"),
        (&["--labels", "labels.csv"], "--labels"),
    ];
    for (flags, expected) in cases {
        let output = analyze(&[&usual[..], flags].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(expected), "{flags:?}: {error}");
    }
    says(
        &analyze(&["--prometheus", "ftp://me:s3cret@host", "--query", "heap"]),
        &["--prometheus: expected an address"],
    );
    for alone in [&["--prometheus", "http://localhost:1"][..], &["--query", "heap"], &[]] {
        assert_eq!(analyze(alone).status.code(), Some(2), "{alone:?}");
    }
}
