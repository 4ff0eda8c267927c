//! The whole page of the real binary on trees of every known layout, compared with the committed one.
//!
//! `MEMTREND_ACCEPT=1` writes the pages anew: look at the difference before you commit it.

use crate::support::exporter::Exporter;
use crate::support::project;
use crate::support::tree::Tree;
use std::fmt::Write;
use std::fs;

/// What differs from run to run: memtrend's own figures and times.
const VOLATILE: &[&str] =
    &["process_", "memtrend_build_info", "memtrend_scan_duration", "memtrend_source_duration", "memtrend_last_scan"];

fn scenes() -> Vec<String> {
    let names = fs::read_dir(project().join("tests/fixtures")).unwrap().flatten();
    let mut scenes: Vec<String> = names
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".tree").map(str::to_owned))
        .collect();
    scenes.sort();
    scenes
}

/// The page without help texts and without what is volatile.
fn page_of(scene: &str) -> String {
    let tree = Tree::unpack(scene);
    let mut flags = tree.flags();
    flags.extend(["--version-env=APP_VERSION".to_owned(), "--interval=30s".to_owned()]);
    let exporter = Exporter::start(&flags);
    let answer = exporter.get("/metrics", &[]);
    let mut page = String::new();
    for line in answer.text().lines().filter(|line| !line.starts_with('#')) {
        if !VOLATILE.iter().any(|volatile| line.starts_with(volatile)) {
            writeln!(page, "{line}").unwrap();
        }
    }
    page
}

#[test]
fn the_page_of_every_layout_is_the_committed_one() {
    let mut different = Vec::new();
    for scene in scenes() {
        let page = page_of(&scene);
        let path = project().join(format!("tests/fixtures/{scene}.page"));
        if std::env::var_os("MEMTREND_ACCEPT").is_some() {
            fs::write(&path, &page).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        if page != committed {
            let missing = committed.lines().filter(|line| !page.lines().any(|other| other == *line));
            let new = page.lines().filter(|line| !committed.lines().any(|other| other == *line));
            let lines: Vec<String> =
                missing.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
            different.push(format!("{scene}:\n{}", lines.join("\n")));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn patterns_choose_among_containers() {
    let watched = |patterns: &[&str]| {
        let tree = Tree::unpack("containerd-burstable");
        let mut flags = tree.flags();
        flags.extend(patterns.iter().map(|pattern| (*pattern).to_owned()));
        let page = Exporter::start(&flags).page();
        let up = page.series.keys().filter_map(|series| series.strip_prefix("memtrend_application_up{application=\""));
        up.map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(watched(&[]), "checkout containerd etcd kubelet ledger report systemd");
    assert_eq!(watched(&["--namespace=shop", "--namespace", "job?"]), "checkout ledger report");
    assert_eq!(watched(&["--namespace=!kube-*,!jobs"]), "checkout containerd kubelet ledger systemd");
    assert_eq!(watched(&["--namespace=*", "--container=!*e*"]), "");
    assert_eq!(watched(&["--container", "l*"]), "ledger");
}
