//! A made procfs with many processes, as in gVisor: a real exporter watches them, and no process is started.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

pub(super) struct Crowd {
    folder: tempfile::TempDir,
    size: u32,
}

impl Crowd {
    pub(super) fn new(size: u32) -> Self {
        let crowd = Self { folder: tempfile::tempdir().unwrap(), size };
        let procfs = crowd.path("proc");
        for folder in ["sys", "root"] {
            fs::create_dir_all(crowd.path(folder)).unwrap();
        }
        for pid in 1..=size {
            let folder = procfs.join(pid.to_string());
            fs::create_dir_all(&folder).unwrap();
            let name = format!("service-{pid:04}");
            let zeros = "0 ".repeat(12);
            let stat = format!(
                "{pid} ({name}) S 0 {pid} {pid} 0 0 0 0 0 0 0 844 98 0 0 20 0 1 0 11 729088 2 18446744073709551615 {zeros}17 {zeros}0\n"
            );
            fs::write(folder.join("stat"), stat).unwrap();
            fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
            fs::write(folder.join("cmdline"), format!("/app/{name}\0")).unwrap();
            fs::write(
                folder.join("status"),
                format!("Name:\t{name}\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t0\nThreads:\t1\n"),
            )
            .unwrap();
            crowd.hold(pid, 10_000 + pid);
        }
        fs::write(procfs.join("stat"), "cpu 0 0 0 0\nbtime 1790000000\n").unwrap();
        fs::write(procfs.join("meminfo"), "MemTotal:       134217728 kB\nMemAvailable:   67108864 kB\n").unwrap();
        crowd
    }

    /// Lets a process hold so many pages of 4 KiB.
    pub(super) fn hold(&self, pid: u32, pages: u32) {
        let statm = self.path("proc").join(pid.to_string()).join("statm");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(statm).unwrap();
        // Always as long: it is read at any moment.
        file.write_all_at(format!("99999999 {pages:08} 0 0 0 0 0\n").as_bytes(), 0).unwrap();
    }

    /// Every tenth one grows a step.
    pub(super) fn grow(&self, step: u32) {
        (10..=self.size).step_by(10).for_each(|pid| self.hold(pid, 10_000 + step * (50 + pid)));
    }

    pub(super) fn flags(&self) -> Vec<String> {
        let paths = [("procfs", "proc"), ("sysfs", "sys"), ("rootfs", "root")];
        paths.iter().map(|(flag, folder)| format!("--path.{flag}={}", self.path(folder).display())).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
