//! Who is who, on real processes: programs that turn into others, shells that started memtrend.

use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::{binary, wait_for};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::Duration;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_entry_point_that_becomes_the_application_late_is_found() {
    let exporter = Exporter::start(&["--match", "late=^sleep 4321$", "--trend.block", "1s"]);
    // The pattern stands in no command line before the exec.
    let script = "sleep 3; exec $PROGRAM 4321";
    let _shell = Ended(Command::new("sh").args(["-c", script]).env("PROGRAM", "sleep").spawn().unwrap());
    let up = || exporter.page().value("memtrend_application_up{application=\"late\"}");
    assert_eq!(up(), Some(0.0));
    wait_for("the program that the shell became", Duration::from_secs(30), || (up() == Some(1.0)).then_some(()));
}

#[test]
fn who_started_memtrend_is_not_the_application_though_its_command_line_names_it() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = address.to_string();
    let flags =
        ["serve", "--match", "app=named-by-nobody-else", "--trend.block", "1s", "--web.listen-address", &listen];
    // The shell waits for memtrend, as sudo and timeout do, and is killed with it.
    let script = "\"$@\" & child=$!; trap 'kill $child' TERM; wait";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(binary()).args(flags);
    let mut shell = Ended(shell.spawn().unwrap());
    wait_for("the first pass", Duration::from_secs(20), || {
        std::net::TcpStream::connect(address).ok()?;
        (get(address, "/-/ready", &[]).status == 200).then_some(())
    });
    let page = Page::parse(&get(address, "/metrics", &[]).text());
    assert_eq!(page.must("memtrend_application_up{application=\"app\"}"), 0.0, "{}", page.listing());
    let status = Command::new("kill").arg(shell.0.id().to_string()).status().unwrap();
    assert!(status.success());
    shell.0.wait().unwrap();
}
