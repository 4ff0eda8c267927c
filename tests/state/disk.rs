//! The disk is full, and later it is not.

use super::Growing;
use crate::support::exporter::Exporter;
use crate::support::wait_for;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A file system in memory, unmounted with the test.
struct Tiny<'a>(&'a Path);

impl<'a> Tiny<'a> {
    /// `None` where nothing may be mounted.
    fn mount(folder: &'a Path, options: &str) -> Option<Self> {
        let mut command = Command::new("mount");
        let status = command.args(["-t", "tmpfs", "-o", options, "memtrend-test"]).arg(folder).status().unwrap();
        status.success().then_some(Self(folder))
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").arg("-o").arg(format!("remount,{options}")).arg(self.0).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Tiny<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_is_said_and_counted_and_nothing_else_suffers() {
    for (bad, good) in [("size=4k", "size=1m"), ("ro", "rw")] {
        let folder = tempfile::tempdir().unwrap();
        let Some(disk) = Tiny::mount(folder.path(), bad) else { return };
        let growing = Growing::start();
        let exporter = Exporter::start(&growing.flags(folder.path()));
        let saves = |result: &str| exporter.page().value(&format!("memtrend_state_saves_total{{result=\"{result}\"}}"));
        wait_for("failures", Duration::from_secs(20), || saves("failure").filter(|count| *count >= 3.0));
        let said = || exporter.log().iter().filter(|line| line.contains("state cannot be kept")).count();
        assert_eq!(said(), 1, "{:?}", exporter.log());
        assert!(exporter.page().must("memtrend_heap_bytes{application=\"growing\"}") > 0.0);
        disk.remount(good);
        let before = saves("success").unwrap_or(0.0);
        wait_for("success", Duration::from_secs(20), || saves("success").filter(|count| *count > before + 2.0));
        drop(exporter);
    }
}
