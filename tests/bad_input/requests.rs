//! Bad requests: a 4xx or a closed connection, and the exporter answers on.

use crate::support::exporter::Exporter;
use crate::support::http::request;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

fn exporter() -> Exporter {
    Exporter::start(&[format!("--pid={}", std::process::id())])
}

/// The status that raw bytes are answered with; `None` when the connection is closed without one.
fn status(exporter: &Exporter, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(exporter.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // Errors mean that it is closed already; what was answered before that counts.
    let _ = stream.write_all(bytes);
    if !bytes.ends_with(b"\r\n\r\n") {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    let is_late = matches!(&end, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!is_late, "neither answered nor closed: {}", bytes.get(..40).unwrap_or(bytes).escape_ascii());
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].parse().unwrap())
}

#[test]
fn an_unknown_path_is_not_found() {
    let exporter = exporter();
    for path in ["/none", "/metrics/", "//metrics", "/-/", "/-/healthy/", "/metrics%00", "/%ff", "/..", "/{x}"] {
        assert_eq!(exporter.get(path, &[]).status, 404, "{path}");
    }
    assert_eq!(exporter.get("/metrics?name[]=x&%", &[]).status, 200, "a query changes nothing");
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let exporter = exporter();
    for path in ["/", "/metrics", "/-/healthy", "/-/ready"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = request(exporter.address, method, path, &["Content-Length: 0"]);
            assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET,HEAD")), "{method} {path}");
        }
        assert_eq!(request(exporter.address, "HEAD", path, &[]).status, 200, "{path}");
    }
}

#[test]
fn what_is_too_large_or_no_http_is_refused_and_the_next_is_answered() {
    let exporter = exporter();
    let header = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Large: {}\r\n\r\n", "a".repeat(100_000));
    let headers = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(20_000));
    let path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(100_000));
    let zeros = vec![0; 100_000];
    let cases: [(&str, &[u8], &[u16]); 12] = [
        ("a header of 100 KB", header.as_bytes(), &[431]),
        ("20,000 headers", headers.as_bytes(), &[431]),
        ("a path of 100 KB", path.as_bytes(), &[414, 431]),
        ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", &[400]),
        ("zeros", &zeros, &[400]),
        ("invalid UTF-8", b"\xff\xfe\xfd\r\n\r\n", &[400]),
        ("a method alone", b"GET\r\n\r\n", &[400]),
        ("an unknown version", b"GET / HTTP/9.9\r\n\r\n", &[400, 505]),
        ("a header name with a space", b"GET / HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n", &[400]),
        ("a negative length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", &[400]),
        ("half a request", b"GET /metr", &[400]),
        ("nothing", b"", &[400]),
    ];
    for (name, bytes, expected) in cases {
        let status = status(&exporter, bytes);
        assert!(status.is_none_or(|status| expected.contains(&status)), "{name}: {status:?}");
        assert_eq!(exporter.get("/-/healthy", &[]).status, 200, "after {name}");
    }
    assert_eq!(exporter.get("/metrics", &[]).status, 200);
    assert!(!exporter.log().iter().any(|line| line.contains("panicked")), "{:?}", exporter.log());
}

#[test]
fn nonsense_in_the_headers_that_are_read_gets_the_plain_page() {
    let exporter = exporter();
    let nonsense = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: \xff;q=x,,;\r\nAccept-Encoding: \xff;q=9\r\n\r\n";
    assert_eq!(status(&exporter, nonsense), Some(200));
    let answer = exporter.get("/metrics", &["Accept: a/b;q=-1, text/plain;q=NaN", "Accept-Encoding: gzip;q=0, *;q=x"]);
    assert_eq!(answer.status, 200);
    assert!(answer.header("Content-Type").is_some_and(|kind| kind.starts_with("text/plain")), "{}", answer.headers);
    assert!(answer.text().starts_with("# HELP"));
}
