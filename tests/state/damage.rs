//! Its files are damaged.

use super::{Growing, show, shown};
use crate::kills::rounds;
use crate::support::binary;
use crate::support::exporter::Exporter;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Both files as a memtrend has left them that has seen something.
fn kept(folder: &std::path::Path) -> [Vec<u8>; 2] {
    let growing = Growing::start();
    let mut exporter = Exporter::start(&growing.flags(folder));
    thread::sleep(Duration::from_secs(3));
    assert_eq!(exporter.terminate(), Some(0));
    ["kills", "trends"].map(|name| fs::read(folder.join(name)).unwrap())
}

#[test]
fn no_byte_can_be_changed_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let files = kept(folder.path());
    assert!(shown(folder.path())["trends"]["applications"][0]["application"] == "growing");
    for round in 0..usize::try_from(rounds(100, 2000)).unwrap() {
        let name = ["kills", "trends"][round % 2];
        let whole = &files[round % 2];
        let mut changed = whole.clone();
        changed[round * 7919 % whole.len()] ^= u8::try_from(round * 31 % 255 + 1).unwrap();
        fs::write(folder.path().join(name), &changed).unwrap();
        let output = show(folder.path());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}, round {round}: {output:?}");
        assert!(told.starts_with("memtrend: state.dir: ") && told.lines().count() == 1, "{told}");
        fs::write(folder.path().join(name), whole).unwrap();
    }
}

#[test]
fn what_is_damaged_or_newer_is_put_aside_with_one_line_and_memtrend_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let files = kept(folder.path());
    let newer = |name: &str| {
        let text = String::from_utf8_lossy(&files[usize::from(name == "trends")]).into_owned();
        text.replacen(&format!("{name} 1 "), &format!("{name} 2 "), 1).into_bytes()
    };
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("kills", files[0][..files[0].len() - 1].to_vec(), "checksum"),
        ("trends", Vec::new(), "does not begin with"),
        ("kills", newer("kills"), "its format is kills 2, this memtrend reads kills 1"),
        ("trends", b"memtrend-state trends 2 00000000\n".to_vec(), "its format is trends 2"),
    ];
    for (name, content, expected) in cases {
        fs::write(folder.path().join(name), &content).unwrap();
        let growing = Growing::start();
        let exporter = Exporter::start(&growing.flags(folder.path()));
        let said: Vec<String> = exporter.log().into_iter().filter(|line| line.contains("level=warn")).collect();
        assert!(said.len() == 1 && said[0].contains(expected) && said[0].contains(name), "{said:?}");
        let aside = folder.path().join(format!("{name}.aside"));
        assert_eq!(fs::read(&aside).unwrap(), content, "{name}");
        fs::remove_file(aside).unwrap();
    }
}

#[test]
fn two_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let growing = Growing::start();
    let flags = growing.flags(folder.path());
    let _first = Exporter::start(&flags);
    let mut second = Command::new("timeout");
    let output = second
        .arg("20")
        .arg(binary())
        .arg("serve")
        .arg("--web.listen-address=127.0.0.1:0")
        .args(&flags)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("state.dir: another memtrend keeps its state in "), "{told}");
}
