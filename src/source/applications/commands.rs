//! Matching command lines and pid files, each process and file looked at once.

use super::selector::{Selector, Wanted};
use crate::source::process::table::Process;
use crate::source::read_error::{ReadError, Tally};
use crate::source::roots::Roots;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

/// The longest part of a command line that is matched.
const LONGEST_COMMAND_LINE: u64 = 16 * 1024;

/// Which wanted application a process is itself, not by descent.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// By pid: the start that the answer belongs to, and the answer.
    answers: HashMap<u32, (u64, Box<str>, Option<usize>)>,
    passes: u64,
}

impl Commands {
    /// Forgets processes that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(u32) -> bool) {
        self.answers.retain(|pid, _| is_there(*pid));
        self.passes += 1;
    }

    /// The first wanted application whose pattern fits the process's command line.
    pub(super) fn matching(
        &mut self,
        wanted: &[Wanted],
        (pid, process): (u32, &Process),
        roots: &Roots,
        tally: &mut Tally,
    ) -> Option<usize> {
        if let Some((start, program, answer)) = self.answers.get(&pid)
            && *start == process.start_ticks
            && *program == process.program
            && !process.is_young()
        {
            return *answer;
        }
        let line = tally.ok(command_line(roots, pid))?;
        let line = if line.is_empty() { process.program.as_bytes().to_vec() } else { line };
        let answer = wanted
            .iter()
            .position(|wanted| matches!(&wanted.selector, Selector::CommandLine(pattern) if pattern.is_match(&line)));
        self.answers.insert(pid, (process.start_ticks, process.program.clone(), answer));
        answer
    }
}

/// Arguments joined by blanks; empty for who has none.
pub(crate) fn command_line(roots: &Roots, pid: u32) -> Result<Vec<u8>, ReadError> {
    let path = roots.of_process(pid, "cmdline");
    let mut line = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(LONGEST_COMMAND_LINE).read_to_end(&mut line))
        .map_err(|error| ReadError::io(&path, error))?;
    while line.last() == Some(&0) {
        line.pop();
    }
    line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    Ok(line)
}

/// The pid in a pid file; `None` while there is none. The first line counts, as PostgreSQL and others write more.
pub(super) fn pid_in_file(path: &std::path::Path, tally: &mut Tally) -> Option<u32> {
    let mut text = String::new();
    // Never waits, whatever stands there in its place.
    let open = File::options().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let read = open.and_then(|file| file.take(4096).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        read => tally.ok(read.map_err(|error| ReadError::io(path, error)))?,
    };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 0);
    tally.ok(pid.ok_or_else(|| ReadError::malformed(path, "a pid on the first line")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_pid_file_may_hold_more_lines_and_may_be_missing_or_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let mut tally = Tally::default();
        assert_eq!(pid_in_file(&path, &mut tally), None);
        assert_eq!(tally.counts, [0; 5]);
        std::fs::write(&path, " 4711\n/var/lib/postgresql\n").unwrap();
        assert_eq!(pid_in_file(&path, &mut tally), Some(4711));
        std::fs::write(&path, "none\n").unwrap();
        assert_eq!(pid_in_file(&path, &mut tally), None);
        assert_eq!(tally.counts, [0, 0, 1, 0, 0], "one malformed file");
    }
}
