//! Node: a hook that it loads before the program, and that collects and answers when it is asked.
//!
//! Each process that inherits the environment listens on a socket of its own, named by its pid, in the folder of the hook: children
//! and workers of `cluster` too. Worker threads have heaps of their own, which are not asked. Where Node's permission model is on
//! (`--permission`), a program does not start with the hook, unless it may read it (`--allow-fs-read`).

use super::LiveHeap;
use super::deadline::Deadline;
use super::error::{RuntimeError, said};
use super::managed::ManagedProcess;
use super::socket::{self, Unanswered};
use crate::units::Bytes;
use serde::Deserialize;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const HOOK: &str = include_str!("hook.cjs");

const HOOK_NAME: &str = "hook.cjs";

/// `sun_path` of `sockaddr_un` has 108 bytes, the last of them 0; a pid has at most ten digits.
const LONGEST_FOLDER: usize = 107 - "/4294967295".len();

/// The most sockets that are tried when the folder is to be removed.
const MOST_SOCKETS: usize = 4096;

/// How long a socket may take to be connected to then.
const TRY: Duration = Duration::from_millis(20);

/// The folder with the hook, and with a socket for each Node that has loaded it. It is removed with this value; but while such a
/// Node runs it is left, because programs that this starts would fail without the file that their environment names.
#[derive(Debug)]
pub struct NodeHook {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
}

/// What the hook says.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Usage(Usage),
    Error { error: String },
}

/// Of `v8.getHeapStatistics()`, in bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    pid: u32,
    heap_used: u64,
    heap_resident: u64,
    /// How often it has told so.
    asked: u32,
}

/// A question that is answered after a full collection.
const COLLECT: &[u8] = b"collect\n";

/// A question that is answered at once.
const TELL: &[u8] = b"tell\n";

/// What answers is itself a program that V8 compiles better the more often it runs: 240 kB over the first 40 answers, with Node 20.
/// After so many there is hardly more to come; they take some 20 ms, once.
const WARM: u32 = 50;

impl NodeHook {
    /// Writes the hook into a new folder below `parent`, which only its user may enter.
    ///
    /// # Errors
    /// When it cannot be written, or its path is too long for sockets or no UTF-8.
    pub fn new(parent: &Path) -> Result<Self, RuntimeError> {
        let refused = |source| RuntimeError::Folder { folder: parent.to_owned(), source };
        // As Node sees it: without links.
        let parent = parent.canonicalize().map_err(refused)?;
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("memtrend-").permissions(private).tempdir_in(parent);
        let folder = folder.map_err(refused)?;
        let path = folder.path().to_owned();
        if path.to_str().is_none_or(|text| text.len() > LONGEST_FOLDER) {
            return Err(RuntimeError::FolderName { folder: path, longest: LONGEST_FOLDER });
        }
        std::fs::write(path.join(HOOK_NAME), HOOK).map_err(refused)?;
        Ok(Self { folder: Some(folder), path })
    }

    /// The variable that has Node load the hook, for the environment of a program: `options` is what it holds already.
    pub fn environment(&self, options: Option<&OsStr>) -> (&'static str, OsString) {
        let hook = self.path.join(HOOK_NAME);
        let mut value = OsString::from(format!("--require {}", quoted(&hook.to_string_lossy())));
        if let Some(options) = options.filter(|options| !options.is_empty()) {
            value.push(" ");
            value.push(options);
        }
        ("NODE_OPTIONS", value)
    }

    /// Has a Node collect, and tells what is left.
    pub(super) fn collect(&self, process: &ManagedProcess, deadline: &Deadline) -> Result<LiveHeap, RuntimeError> {
        let inner_pid = process.standing()?.inner_pid;
        let mut usage = self.ask(process, inner_pid, COLLECT, deadline)?;
        if usage.asked < WARM {
            for _ in usage.asked..WARM {
                self.ask(process, inner_pid, TELL, deadline)?;
            }
            usage = self.ask(process, inner_pid, COLLECT, deadline)?;
        }
        let held = process.standing()?.held;
        let outside = held.map(|held| held.as_f64() - Bytes(usage.heap_resident).as_f64());
        Ok(LiveHeap { heap: Bytes(usage.heap_used), outside, took: deadline.taken() })
    }

    fn ask(
        &self,
        process: &ManagedProcess,
        inner_pid: u32,
        question: &[u8],
        deadline: &Deadline,
    ) -> Result<Usage, RuntimeError> {
        let socket = self.path.join(inner_pid.to_string());
        let answer = socket::ask(&socket, question, deadline).map_err(|unanswered| {
            // An end or a stop explains more than what it broke.
            process.standing().err().unwrap_or_else(|| explained(process, deadline, unanswered))
        })?;
        let malformed = || process.malformed("a line of JSON from memtrend's hook in Node");
        match serde_json::from_slice(&answer) {
            Ok(Said::Usage(usage)) if usage.pid == inner_pid => Ok(usage),
            Ok(Said::Error { error }) => {
                Err(RuntimeError::Refused { pid: process.pid(), said: said(error.as_bytes()) })
            }
            // It has ended in the middle of it, or is nothing of ours.
            _ => Err(process.standing().err().unwrap_or_else(malformed)),
        }
    }

    /// Whether a Node that has loaded the hook runs still.
    fn is_in_use(&self) -> bool {
        let entries = std::fs::read_dir(&self.path).into_iter().flatten().flatten().take(MOST_SOCKETS);
        let mut sockets = entries.map(|entry| entry.path()).filter(|path| !path.ends_with(HOOK_NAME));
        sockets.any(|path| matches!(socket::open(&path, &Deadline::new(TRY)), Ok(_) | Err(Unanswered::Late)))
    }
}

impl Drop for NodeHook {
    fn drop(&mut self) {
        if self.is_in_use()
            && let Some(folder) = self.folder.take()
        {
            let _ = folder.keep();
        }
    }
}

fn explained(process: &ManagedProcess, deadline: &Deadline, unanswered: Unanswered) -> RuntimeError {
    let pid = process.pid();
    match unanswered {
        Unanswered::Nobody => RuntimeError::NoHook(pid),
        Unanswered::Late => RuntimeError::Late { pid, doing: "no turn of its event loop", within: deadline.within() },
        Unanswered::Endless => process.malformed("an answer with an end"),
        other @ Unanswered::System(_) => RuntimeError::Connection { pid, source: other.into() },
    }
}

/// A word of NODE_OPTIONS: in quotes, and with a backslash before what would end them.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::source::runtime::Runtime;
    use std::io::{Read, Write};
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixListener;

    #[test]
    fn the_users_options_are_kept_and_paths_quoted() {
        let parent = tempfile::tempdir().unwrap();
        let odd = parent.path().join("a \"b\" \\c");
        std::fs::create_dir(&odd).unwrap();
        let hook = NodeHook::new(&odd).unwrap();
        let (name, alone) = hook.environment(None);
        let text = alone.to_str().unwrap().to_owned();
        assert!(name == "NODE_OPTIONS" && text.starts_with("--require \"/"), "{text}");
        assert!(text.contains("/a \\\"b\\\" \\\\c/memtrend-") && text.ends_with("/hook.cjs\""), "{text}");
        let (_, both) = hook.environment(Some(OsStr::new("--max-old-space-size=100")));
        assert_eq!(both.to_str().unwrap(), format!("{text} --max-old-space-size=100"));
        assert_eq!(hook.environment(Some(OsStr::new(""))).1, alone);
    }

    #[test]
    fn the_folder_is_private_and_goes() {
        let parent = tempfile::tempdir().unwrap();
        let hook = NodeHook::new(parent.path()).unwrap();
        assert_eq!(std::fs::metadata(&hook.path).unwrap().mode() & 0o777, 0o700);
        drop(hook);
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_no_place_for_sockets_is_an_error() {
        let parent = tempfile::tempdir().unwrap();
        let long = parent.path().join("x".repeat(100));
        std::fs::create_dir(&long).unwrap();
        assert!(matches!(NodeHook::new(&long), Err(RuntimeError::FolderName { .. })));
        assert!(matches!(NodeHook::new(Path::new("/nonexistent")), Err(RuntimeError::Folder { .. })));
    }

    #[test]
    fn whatever_stands_in_the_hooks_place_is_told_from_it() {
        let parent = tempfile::tempdir().unwrap();
        let hook = NodeHook::new(parent.path()).unwrap();
        let own = std::process::id();
        let process = ManagedProcess::pretended(own, Runtime::Node).unwrap();
        let asked = || hook.collect(&process, &Deadline::new(Duration::from_secs(10)));
        assert!(matches!(asked(), Err(RuntimeError::NoHook(_))));
        let listener = UnixListener::bind(hook.path.join(own.to_string())).unwrap();
        let fine = format!("{{\"pid\":{own},\"heapUsed\":5,\"heapResident\":7,\"asked\":50}}\n");
        let other = fine.replace(&own.to_string(), &(own + 1).to_string());
        let negative = fine.replace(":5", ":-5");
        let answers = [fine.as_str(), "{\"error\":\"no\\u001b gc\"}", &other, &negative, "", "{", "[[[[", "\0\u{ff}"];
        let said = answers.map(|answer| {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.read_exact(&mut [0; COLLECT.len()]).unwrap();
                    stream.write_all(answer.as_bytes()).unwrap();
                });
                asked()
            })
        });
        let [fine, refused, bad @ ..] = said;
        let fine = fine.unwrap();
        assert_eq!(fine.heap, Bytes(5));
        // The listener is this process itself: it holds more than seven bytes.
        assert!(fine.outside.is_some_and(|outside| outside > 1e5), "{fine:?}");
        assert!(matches!(refused, Err(RuntimeError::Refused { said, .. }) if said == "no  gc"));
        assert!(bad.iter().all(|bad| matches!(bad, Err(RuntimeError::Malformed { .. }))), "{bad:?}");
    }
}
