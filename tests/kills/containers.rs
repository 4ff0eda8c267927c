//! Containers that the engine removes at once when they are killed.

use super::{assert_own_kills, kills, rounds, told, wait_known};
use crate::support::docker::{Docker, HELD, IMAGE, MIB};
use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::wait_for;
use std::process::Stdio;
use std::time::Duration;

/// A name that no container of another run of these tests has: memtrend sees those too.
fn own(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

/// Runs a container to its end by the kernel's hand some seconds later; the engine removes it at once.
fn run_to_its_end(docker: &Docker, name: &str) {
    let (held, rate) = (HELD.to_string(), (20 * MIB).to_string());
    let mut command =
        docker.command(&["run", "--rm", "--name", name, "--network=none", "-m", "48m", "--memory-swap", "48m"]);
    command.args([IMAGE, "/leaky", "leak", "--start", &held, "--rate", &rate]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(137), "killed by the kernel");
}

fn watching(more: &[&str]) -> Exporter {
    let mut flags = vec!["--application=auto", "--trend.block=10s", "--interval=250ms"];
    flags.extend(more);
    Exporter::start(&flags)
}

#[test]
fn every_container_that_is_killed_and_removed_is_counted_once_one_after_another() {
    let Some(docker) = Docker::start() else { return };
    let exporter = watching(&[]);
    let (name, count) = (own("lonely"), rounds(5, 1000));
    for _ in 0..count {
        run_to_its_end(&docker, &name);
    }
    assert_own_kills(&exporter, &name, count);
    println!("{count} of {count} containers counted, one after another\n{}", told(&exporter.page(), &exporter));
}

#[test]
fn every_container_that_is_killed_and_removed_is_counted_once_four_at_a_time() {
    let Some(docker) = Docker::start() else { return };
    let exporter = watching(&[]);
    let count = rounds(3, 250);
    let names = ["crowd-a", "crowd-b", "crowd-c", "crowd-d"].map(own);
    std::thread::scope(|scope| {
        for name in &names {
            let docker = &docker;
            scope.spawn(move || (0..count).for_each(|_| run_to_its_end(docker, name)));
        }
    });
    names.iter().for_each(|name| assert_own_kills(&exporter, name, count));
    println!("{0} of {0} containers counted, four at a time\n{1}", 4 * count, told(&exporter.page(), &exporter));
}

#[test]
fn without_any_permission_a_kill_is_unknown_and_the_log_says_what_would_make_it_exact() {
    let Some(docker) = Docker::start() else { return };
    let address = docker.sidecar(&["--user=65534:65534", "--cap-drop=ALL"]);
    let page = || Page::parse(&get(address, "/metrics", &[]).text());
    for kill in [1.0, 2.0] {
        docker.leak("app", 48, 10 * MIB, &["--pid=container:watcher"]);
        wait_for("the neighbour", Duration::from_secs(10), || {
            page().value("memtrend_heap_bytes{application=\"leaky\"}")
        });
        docker.wait_killed("app", 0);
        wait_for("the kill", Duration::from_secs(15), || (kills(&page(), "leaky")[4] >= kill).then_some(()));
        assert_eq!(kills(&page(), "leaky"), [0.0, 0.0, 0.0, 0.0, kill]);
        docker.run(&["rm", "app"]);
        wait_for("its end", Duration::from_secs(15), || {
            page().value("memtrend_heap_bytes{application=\"leaky\"}").is_none().then_some(())
        });
    }
    assert_eq!(page().must("memtrend_oom_source_success{source=\"cgroup\"}"), 0.0);
    let log = String::from_utf8(docker.command(&["logs", "watcher"]).output().unwrap().stderr).unwrap();
    assert!(log.contains("SYS_PTRACE") && log.contains("SYSLOG"), "{log}");
    assert_eq!(log.matches("memory control group not readable").count(), 1, "said once, not for each life: {log}");
}

#[test]
fn a_container_at_its_limit_that_ends_by_itself_or_is_killed_by_hand_is_no_kill() {
    let Some(docker) = Docker::start() else { return };
    let exporter = watching(&[]);
    let name = own("tidy");
    let is_up = |page: &Page| page.must(&format!("memtrend_application_up{{application=\"{name}\"}}"));
    let run = |stop_at: &str| {
        let mut arguments = vec!["run", "-d", "--rm", "--name", &name, "--network=none"];
        arguments.extend(["-m", "48m", "--memory-swap", "48m", IMAGE, "/leaky", "leak", "--stop-at", stop_at]);
        docker.run(&[&arguments[..], &["--start", "44000000", "--rate", "500000"]].concat());
        wait_known(&exporter, &name);
    };
    let wait_removed = || {
        wait_for("its end", Duration::from_secs(20), || (is_up(&exporter.page()) == 0.0).then_some(()));
        wait_for("its removal", Duration::from_secs(10), || {
            (!docker.command(&["inspect", &name]).output().unwrap().status.success()).then_some(())
        });
    };
    run("45000000");
    wait_removed();
    run("900000000");
    docker.run(&["kill", "--signal", "KILL", &name]);
    wait_removed();
    run("900000000");
    let restarts =
        || exporter.page().must(&format!("memtrend_restarts_total{{application=\"{name}\",cause=\"exit\"}}"));
    wait_for("both restarts to be exits", Duration::from_secs(5), || (restarts() == 2.0).then_some(()));
    let page = exporter.page();
    assert_eq!(kills(&page, &name), [0.0; 5], "{}", told(&page, &exporter));
}
