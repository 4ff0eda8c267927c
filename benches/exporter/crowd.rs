//! Processes to be watched: programs that sleep, each name a program of its own.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Sleeping processes, ended with this value.
#[derive(Debug)]
pub(crate) struct Crowd {
    folder: tempfile::TempDir,
    programs: usize,
    children: Vec<Child>,
}

impl Crowd {
    /// `processes` of `programs` names.
    pub(crate) fn start(processes: usize, programs: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for program in 0..programs {
            symlink(sleep(), folder.path().join(name(program))).unwrap();
        }
        let mut crowd = Self { folder, programs, children: Vec::new() };
        crowd.grow_to(processes);
        crowd
    }

    /// Adds processes, round the programs.
    pub(crate) fn grow_to(&mut self, processes: usize) {
        for number in self.children.len()..processes {
            let program = self.folder.path().join(name(number % self.programs));
            let child = Command::new(program).arg("100000").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
            self.children.push(child.expect("a process more: see `ulimit -u` and /proc/sys/kernel/pid_max"));
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        self.children.iter_mut().for_each(|child| drop(child.kill()));
        self.children.iter_mut().for_each(|child| drop(child.wait()));
    }
}

/// As the kernel names the program that is started by it.
fn name(program: usize) -> String {
    format!("application{program:04}")
}

fn sleep() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join("sleep")).find(|file| file.is_file()).expect("sleep")
}
