//! A real server, asked by real `curl` and `openssl`.

mod bed;
mod health;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bed::{Bed, Folder};

/// `alice` with the password `secret`.
fn users() -> String {
    let hash = bcrypt::hash("secret", 5).unwrap();
    format!("basic_auth_users:\n  alice: {hash}\n")
}

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

/// Long enough for a change to be settled and looked for.
fn let_reload() {
    std::thread::sleep(Duration::from_millis(1500));
}

#[test]
fn plain_http_needs_no_file_and_an_empty_one_changes_nothing() {
    let folder = Folder::new();
    assert_eq!(Bed::plain(&folder).curl(&[]), Ok("ok 200".into()));
    assert_eq!(Bed::start(&folder, "").curl(&[]), Ok("ok 200".into()));
}

#[test]
fn headers_are_set_on_every_answer() {
    let folder = Folder::new();
    let headers = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n";
    let bed = Bed::start(&folder, &format!("{headers}{}", users()));
    let refused = bed.curl(&["-i"]).unwrap().to_lowercase();
    assert!(refused.contains("x-frame-options: deny"), "{refused}");
    assert!(refused.contains("www-authenticate: basic"), "{refused}");
    let missing = bed.curl(&["-i", "-u", "alice:secret", "--request-target", "/none"]);
    let missing = missing.unwrap().to_lowercase();
    assert!(missing.contains("404 not found"), "{missing}");
    assert!(missing.contains("x-frame-options: deny"), "{missing}");
}

#[test]
fn passwords_are_asked_for_on_every_path() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, &users());
    for _ in 0..2 {
        assert_eq!(bed.curl(&["-u", "alice:secret"]), Ok("ok 200".into()));
        for wrong in ["alice:wrong", "carol:secret", "carol:fakepassword", ":"] {
            let answer = bed.curl(&["-u", wrong]);
            assert_eq!(answer, Ok("Unauthorized\n 401".into()), "{wrong}");
        }
        let none = bed.curl(&["--request-target", "/none"]);
        assert_eq!(none, Ok("Unauthorized\n 401".into()));
    }
}

#[test]
fn tls_speaks_both_versions_and_tells_plain_http_off() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, TLS);
    for version in ["1.2", "1.3"] {
        let answer = bed.curl_tls(&["--tls-max", version]);
        assert_eq!(answer, Ok("ok 200".into()), "{version}");
    }
    let told = bed.curl(&["--http0.9"]).unwrap();
    assert!(told.starts_with("Client sent an HTTP request to an HTTPS server."), "{told}");
    assert!(told.ends_with(" 400"), "{told}");
    let http2 = bed.openssl(&["-alpn", "h2,http/1.1"]);
    assert!(http2.contains("ALPN protocol: http/1.1"), "{http2}");
}

#[test]
fn versions_and_suites_are_as_the_file_says() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, &format!("{TLS}  min_version: TLS13\n"));
    assert!(bed.curl_tls(&["--tls-max", "1.2"]).is_err());
    assert_eq!(bed.curl_tls(&[]), Ok("ok 200".into()));
    let suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    let text = format!("{TLS}  max_version: TLS12\n  cipher_suites: [{suite}]\n");
    let bed = Bed::start(&folder, &text);
    let cipher = |name| bed.curl_tls(&["--ciphers", name]);
    assert_eq!(cipher("ECDHE-ECDSA-AES256-GCM-SHA384"), Ok("ok 200".into()));
    assert!(cipher("ECDHE-ECDSA-AES128-GCM-SHA256").is_err());
    assert!(bed.curl_tls(&["--tlsv1.3"]).is_err());
}

#[test]
fn client_certificates_are_asked_for_as_the_file_says() {
    let folder = Folder::new();
    let ca = "  client_ca_file: ca.pem\n";
    let (no, good, other) = (false, true, true);
    for (kind, ca, none_ok, good_ok, other_ok) in [
        ("NoClientCert", "", true, good, other),
        ("RequestClientCert", "", true, good, other),
        ("RequireAnyClientCert", "", false, good, other),
        ("VerifyClientCertIfGiven", ca, true, good, no),
        ("RequireAndVerifyClientCert", ca, false, good, no),
    ] {
        let bed = Bed::start(&folder, &format!("{TLS}  client_auth_type: {kind}\n{ca}"));
        for version in ["1.2", "1.3"] {
            let ask = |cert: &[&str]| {
                let answer = bed.curl_tls(&[&["--tls-max", version], cert].concat());
                answer == Ok("ok 200".into())
            };
            let client = ["--cert", "client.pem", "--key", "client.key"];
            let stranger = ["--cert", "stranger.pem", "--key", "stranger.key"];
            assert_eq!(ask(&[]), none_ok, "{kind} {version} none");
            assert_eq!(ask(&client), good_ok, "{kind} {version} good");
            assert_eq!(ask(&stranger), other_ok, "{kind} {version} other");
        }
    }
}

#[test]
fn a_new_certificate_is_served_without_a_restart() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, TLS);
    assert!(bed.openssl(&[]).contains("CN = server"));
    folder.copy("second.pem", "server.pem");
    folder.copy("second.key", "server.key");
    let_reload();
    assert!(bed.openssl(&[]).contains("CN = second"));
    let log = bed.log();
    assert_eq!(log.matches("web config reloaded").count(), 1, "{log}");
    assert_eq!(log.matches("ERROR").count(), 0, "{log}");
}

#[test]
fn a_broken_or_weaker_file_leaves_the_one_before_in_use() {
    let folder = Folder::new();
    let good = format!("{TLS}{}", users());
    let bed = Bed::start(&folder, &good);
    let ask = || bed.curl_tls(&["-u", "alice:secret"]);
    for (n, text) in ["tls_server_config: [\n", "", TLS].iter().enumerate() {
        folder.write("web.yml", text);
        let_reload();
        for _ in 0..3 {
            assert_eq!(ask(), Ok("ok 200".into()), "{text}");
            assert_eq!(bed.curl_tls(&[]), Ok("Unauthorized\n 401".into()));
            std::thread::sleep(Duration::from_millis(600));
        }
        let log = bed.log();
        assert_eq!(log.matches("ERROR").count(), n + 1, "{log}");
    }
    folder.write("web.yml", &good.replace("alice", "bob"));
    let_reload();
    assert_eq!(ask(), Ok("Unauthorized\n 401".into()));
    assert_eq!(bed.curl_tls(&["-u", "bob:secret"]), Ok("ok 200".into()));
    assert!(bed.log().contains("web config reloaded"));
}

#[test]
fn a_file_which_appears_later_is_noticed() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, TLS);
    folder.write("web.yml", &TLS.replace("server.", "later."));
    let_reload();
    assert!(bed.openssl(&[]).contains("CN = server"));
    folder.copy("second.pem", "later.pem");
    folder.copy("second.key", "later.key");
    let_reload();
    assert!(bed.openssl(&[]).contains("CN = second"), "{}", bed.log());
}

/// Opens 100 connections which send `half` of something, asks, and waits for
/// the stalled ones to be closed.
fn stall(bed: &Bed, half: &[u8], ask: impl Fn() -> bed::Answer) {
    let start = Instant::now();
    let mut stalled = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(bed.address()).unwrap();
        stream.write_all(half).unwrap();
        stalled.push(stream);
    }
    assert_eq!(ask(), Ok("ok 200".into()));
    assert!(start.elapsed() < Duration::from_secs(2));
    for stream in &mut stalled {
        let wait = Duration::from_secs(13).saturating_sub(start.elapsed());
        stream.set_read_timeout(Some(wait)).unwrap();
        let closed = match stream.read(&mut [0; 512]) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        assert!(closed && start.elapsed() > Duration::from_secs(8));
    }
}

#[test]
fn stalled_requests_do_not_stop_others_and_are_closed() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, "");
    stall(&bed, b"GET / HTTP/1.1\r\nA:", || bed.curl(&[]));
}

#[test]
fn stalled_handshakes_do_not_stop_others_and_are_closed() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, TLS);
    stall(&bed, &[0x16, 3], || bed.curl_tls(&[]));
}

#[test]
fn connections_above_the_maximum_wait_for_a_free_place() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, "");
    let open = || TcpStream::connect(bed.address()).unwrap();
    let full: Vec<TcpStream> = (0..512).map(|_| open()).collect();
    assert!(bed.curl(&["--max-time", "1"]).is_err());
    drop(full);
    assert_eq!(bed.curl(&[]), Ok("ok 200".into()));
}

#[test]
fn too_large_a_header_is_refused() {
    let folder = Folder::new();
    let bed = Bed::start(&folder, "");
    let header = |size| format!("X-Large: {}", "a".repeat(size));
    assert_eq!(bed.curl(&["-H", &header(20_000)]), Ok("ok 200".into()));
    assert_eq!(bed.curl(&["-H", &header(40_000)]), Ok(" 431".into()));
}

#[test]
fn a_running_request_ends_and_idle_connections_do_not_hold_up_the_end() {
    let folder = Folder::new();
    let mut bed = Bed::start(&folder, "");
    let mut never = TcpStream::connect(bed.address()).unwrap();
    never.write_all(b"GET").unwrap();
    let mut idle = TcpStream::connect(bed.address()).unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_ne!(idle.read(&mut [0; 512]).unwrap(), 0);
    let running = bed.spawn_curl(&["--request-target", "/slow"]);
    std::thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    bed.stop();
    assert_eq!(running.join().unwrap(), Ok("slow 200".into()));
    bed.join();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(bed.curl(&[]).is_err());
}

#[test]
fn a_request_which_never_ends_is_cut_off() {
    let folder = Folder::new();
    let mut bed = Bed::start(&folder, "");
    let running = bed.spawn_curl(&["--request-target", "/never"]);
    std::thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    bed.stop();
    bed.join();
    let taken = start.elapsed();
    assert!(taken > Duration::from_secs(4) && taken < Duration::from_secs(7), "{taken:?}");
    assert!(running.join().unwrap().is_err());
}
