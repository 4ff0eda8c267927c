//! What is known of an application beside its name: version and runtime.

use crate::analysis::sample::clean_label;
use crate::source::remedy;
use crate::source::roots::Roots;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Once;

/// The kernel's own bound on arguments and environment is larger; what is beyond is not searched.
const LONGEST_ENVIRONMENT: u64 = 256 * 1024;

/// The value of one variable in a process's environment as it started; nothing else of it is kept. `None` where it is
/// not set or not readable (another user's without SYS_PTRACE and DAC_READ_SEARCH).
pub(super) fn variable(roots: &Roots, pid: u32, name: &str) -> Option<Box<str>> {
    let mut environment = Vec::new();
    let path = roots.of_process(pid, "environ");
    let read = File::open(&path).and_then(|file| file.take(LONGEST_ENVIRONMENT).read_to_end(&mut environment));
    if let Err(error) = read {
        say_once(&path, &error);
        return None;
    }
    let value = environment
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    (!value.is_empty()).then(|| clean_label(value))
}

/// Says once that environments may not be read, and what would permit it.
fn say_once(path: &Path, error: &io::Error) {
    static SAID: Once = Once::new();
    if error.kind() == io::ErrorKind::PermissionDenied {
        let remedy = remedy::ENVIRONMENT;
        SAID.call_once(|| {
            tracing::warn!(path = %path.display(), %error, remedy, "environment not readable: the version is unknown");
        });
    }
}

/// A language runtime by the name of its program.
pub(super) fn runtime(program: &str) -> Option<&'static str> {
    match program {
        "java" => Some("jvm"),
        "node" | "nodejs" => Some("node"),
        "dotnet" => Some("dotnet"),
        "ruby" => Some("ruby"),
        "beam.smp" => Some("beam"),
        "php" | "php-fpm" => Some("php"),
        _ if program.starts_with("python") => Some("python"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_the_variable_asked_for_is_read_and_by_its_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("7")).unwrap();
        std::fs::write(folder.path().join("7/environ"), b"APP_VERSION_OLD=1\0APP_VERSION=2.4.1\0SECRET=x\0EMPTY=\0")
            .unwrap();
        let roots = Roots { procfs: folder.path().to_owned(), ..Roots::default() };
        assert_eq!(variable(&roots, 7, "APP_VERSION").as_deref(), Some("2.4.1"));
        assert_eq!(variable(&roots, 7, "VERSION"), None);
        assert_eq!(variable(&roots, 7, "EMPTY"), None);
        assert_eq!(variable(&roots, 8, "APP_VERSION"), None);
    }
}
