//! `memtrend health` beside a real memtrend, however that is guarded.

use super::bed::Folder;
use super::{TLS, users};
use crate::support::binary;
use crate::support::exporter::Exporter;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

/// Its exit code and what it printed.
fn health(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(binary()).arg("health").args(arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), printed)
}

#[test]
fn it_is_told_however_memtrend_is_guarded() {
    let folder = Folder::new();
    let certificate = format!("{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n");
    let well = "memtrend is healthy.\n";
    let asks =
        "memtrend answers, and asks for a password or a certificate: whether it makes its passes is not known.\n";
    for (config, expected) in [
        (String::new(), well),
        (TLS.to_owned(), well),
        (users(), asks),
        (format!("{TLS}{}", users()), asks),
        (certificate.clone(), asks),
        (format!("{certificate}  max_version: TLS12\n"), asks),
    ] {
        folder.write("web.yml", &config);
        let file = folder.path("web.yml").display().to_string();
        let exporter = Exporter::spawn(&["--web.config.file", &file]);
        let address = exporter.address.to_string();
        let flags = ["--web.listen-address", &address, "--web.config.file", &file];
        assert_eq!(health(&flags), (0, expected.to_owned()), "{config}");
        // As in a container: by the variables and the file of `serve`.
        folder.write("memtrend.toml", &format!("[web]\nlisten-address = ['{address}']\nconfig-file = '{file}'\n"));
        let by_file = health(&["--config.file", &folder.path("memtrend.toml").display().to_string()]);
        assert_eq!(by_file, (0, expected.to_owned()), "{config}");
    }
}

#[test]
fn one_that_does_not_answer_is_not_healthy() {
    let exporter = Exporter::start::<&str>(&[]);
    let address = exporter.address.to_string();
    let flags = ["--web.listen-address", &address, "--timeout", "300ms"];
    assert_eq!(health(&flags).0, 0);
    kill_process(Pid::from_raw(exporter.pid().try_into().unwrap()).unwrap(), Signal::STOP).unwrap();
    let expected = format!(
        "memtrend: {address} does not answer: no answer within 300ms; is memtrend running, and does it listen there?\n"
    );
    assert_eq!(health(&flags), (1, expected));
    drop(exporter);
    let (code, told) = health(&flags);
    assert!(code == 1 && told.contains("Connection refused"), "{told}");
}

/// What answers here is a mock: no pass of a real one can be made to hang for a minute.
fn answering(status: &str) -> (i32, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..length]).lines().next().unwrap().to_owned()
    });
    let told = health(&["--web.listen-address", &address]);
    assert_eq!(asked.join().unwrap(), "GET /-/healthy HTTP/1.1");
    told
}

#[test]
fn one_whose_passes_hang_is_not_healthy() {
    let (code, told) = answering("503 Service Unavailable");
    assert!(code == 1 && told.contains("no pass over the processes has ended for too long"), "{told}");
}

#[test]
fn what_is_no_memtrend_is_not_healthy() {
    let (code, told) = answering("404 Not Found");
    assert!(code == 1 && told.contains("answers with 404, as no memtrend does"), "{told}");
}

#[test]
fn what_is_wrong_with_the_question_is_another_exit_code() {
    let folder = Folder::new();
    folder.write("memtrend.toml", "[web]\nsystemd-socket = true\n");
    let file = folder.path("memtrend.toml").display().to_string();
    let (code, told) = health(&["--config.file", &file]);
    assert!(code == 2 && told.contains("name it by --web.listen-address"), "{told}");
    for wrong in [["--web.listen-address", "nowhere"], ["--timeout", "soon"], ["--web.config.file", "/none"]] {
        assert_eq!(health(&wrong).0, 2, "{wrong:?}");
    }
}
