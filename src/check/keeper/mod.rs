//! A process between memtrend and what it starts, so that nothing stays behind however either of them ends.
//!
//! Orphans of the program become the keeper's children, and it kills all that is below it when the line to memtrend breaks: when
//! memtrend is killed, too. When the keeper is killed, the program becomes memtrend's own child, which does the same.

mod inside;
mod line;

pub(crate) use inside::{adopt_orphans, end_all, keep};
use line::Order;
pub(crate) use line::{Ended, Told};
use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A keeper that is ordered to kill does so within this, or is given up.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What is to be kept.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    /// The program and its arguments.
    pub(crate) command: &'a [OsString],
    /// Variables of its environment, besides memtrend's own.
    pub(crate) environment: &'a [(OsString, OsString)],
    /// Where its standard output and its standard error go.
    pub(crate) output: [Stdio; 2],
}

/// The line to a keeper. When it is dropped, all that the keeper holds is killed.
#[derive(Debug)]
pub(crate) struct Keeper {
    child: Child,
    line: UnixStream,
}

impl Keeper {
    /// Starts a program below a keeper; what becomes of it is told from a thread of its own.
    pub(crate) fn start(kept: Kept<'_>, tell: impl Fn(Told) + Send + 'static) -> io::Result<Self> {
        let (line, far_end) = UnixStream::pair()?;
        let [output, errors] = kept.output;
        let mut command = Command::new("/proc/self/exe");
        command.arg0("memtrend").args([OsStr::new("keep"), OsStr::new("--")]).args(kept.command);
        command.envs(kept.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(OwnedFd::from(far_end)).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn()?;
        // The command holds the far end too: only without it does the line break when the keeper ends.
        drop(command);
        let mut answers = BufReader::new(line.try_clone()?);
        thread::Builder::new().name("keeper".to_owned()).spawn(move || {
            loop {
                let told = Told::read(&mut answers);
                let is_lost = told == Told::Lost;
                tell(told);
                if is_lost {
                    return;
                }
            }
        })?;
        Ok(Self { child, line })
    }

    /// The keeper's pid: all below it is the program's.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the program to end; that it has is told. Whether there is a keeper who can ask it.
    pub(crate) fn end(&mut self) -> bool {
        self.order(Order::End)
    }

    /// Kills all that is left, and waits for the keeper.
    pub(crate) fn kill(&mut self) {
        self.order(Order::Kill);
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > LONGEST_WAIT {
                drop(self.child.kill());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether it can be taken: a keeper that is gone need not.
    fn order(&mut self, order: Order) -> bool {
        self.line.write_all(&[order.byte()]).is_ok()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}
