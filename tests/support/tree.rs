//! Unpacks the fixture trees; their format is told in `fixtures/README.md`.

use super::project;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// An unpacked tree, removed with the test.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
    closed: Vec<PathBuf>,
}

impl Tree {
    pub(crate) fn unpack(name: &str) -> Self {
        let text = fs::read_to_string(project().join(format!("tests/fixtures/{name}.tree"))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Self { folder, closed: Vec::new() };
        let mut entry: Option<(String, Vec<&str>)> = None;
        for line in text.lines() {
            if let Some(head) = line.strip_prefix("=== ") {
                entry.replace((head.to_owned(), Vec::new())).inspect(|(head, lines)| tree.write(head, lines));
            } else if let Some((_, lines)) = &mut entry {
                lines.push(line);
            }
        }
        entry.inspect(|(head, lines)| tree.write(head, lines));
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The flags that make memtrend look at this tree.
    pub(crate) fn flags(&self) -> Vec<String> {
        [("procfs", "proc"), ("sysfs", "sys"), ("rootfs", "root")]
            .iter()
            .map(|(flag, folder)| format!("--path.{flag}={}", self.path().join(folder).display()))
            .collect()
    }

    fn write(&mut self, head: &str, lines: &[&str]) {
        let (path, attribute) = match head.strip_suffix(')').and_then(|head| head.rsplit_once(" (")) {
            Some((path, attribute)) => (path, attribute),
            None => (head, ""),
        };
        let target = self.path().join(path.trim_end_matches('/'));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if let Some(link) = attribute.strip_prefix("link ") {
            symlink(link, target).unwrap();
        } else if path.ends_with('/') {
            fs::create_dir_all(&target).unwrap();
            self.set_mode(target, attribute);
        } else {
            let plain = || lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
            let content = if attribute == "escaped" { unescaped(&lines.concat()) } else { plain() };
            fs::write(&target, content).unwrap();
            self.set_mode(target, attribute);
        }
    }

    fn set_mode(&mut self, path: PathBuf, attribute: &str) {
        if let Some(mode) = attribute.strip_prefix("mode ") {
            let mode = u32::from_str_radix(mode, 8).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            self.closed.push(path);
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        for path in &self.closed {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        }
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.next() {
                Some(b'0') => bytes.push(0),
                Some(b'n') => bytes.push(b'\n'),
                Some(b'\\') => bytes.push(b'\\'),
                Some(b'x') => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                }
                other => panic!("no escape: {other:?}"),
            },
            _ => bytes.push(byte),
        }
    }
    std::ffi::OsString::from_vec(bytes).into_vec()
}
