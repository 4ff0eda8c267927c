//! The keeper's own process: starts the program, waits for it, and ends all that it has started.

use super::line::{Ended, Order, Told};
use crate::source::process::{Descendant, descendants};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, pidfd_send_signal, set_child_subreaper, wait,
};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Time between two looks at what has ended.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// What cannot be killed within this is left alone: it is not ours to kill, or hangs in the kernel.
const LONGEST_KILL: Duration = Duration::from_secs(10);

/// Keeps a program until it is ordered to end it, or until the line breaks.
///
/// # Errors
/// When the system refuses to make this process the parent of orphans, or the line is none.
pub(crate) fn keep(mut line: UnixStream, command: &[OsString]) -> io::Result<()> {
    // Whom a process leaves behind comes to us, however deep below.
    adopt_orphans()?;
    line.set_nonblocking(true)?;
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    // A group of its own: what a terminal sends to memtrend is not for the program.
    let started = Command::new(program).args(arguments).stdin(Stdio::null()).process_group(0).spawn();
    let main = match started {
        Ok(child) => child.id(),
        Err(error) => return Told::Refused(error.to_string()).write(&mut line),
    };
    // Nobody may be there to hear it, here and below: then the next look finds the line broken, and what was started is ended.
    drop(Told::Started(main).write(&mut line));
    let mut program = Some(main);
    let mut is_ending = false;
    loop {
        let _ = poll(&mut [PollFd::new(&line, PollFlags::IN)], Some(&LOOK));
        let (ended, has_more) = reap(program);
        if let Some(ended) = ended {
            program = None;
            let left = if has_more { descendants(std::process::id()).len().max(1) } else { 0 };
            drop(Told::Ended(ended, left).write(&mut line));
            if is_ending {
                signal_all(Signal::TERM);
            }
        }
        match Order::of(&read(&mut line)) {
            Some(Order::Kill) => break,
            // How long that may take is known to who orders it: then it orders to kill.
            Some(Order::End) => {
                is_ending = true;
                match program.and_then(find) {
                    Some(main) => signal(main, Signal::TERM),
                    None => signal_all(Signal::TERM),
                }
            }
            None => {}
        }
        if is_ending && program.is_none() && descendants(std::process::id()).is_empty() {
            break;
        }
    }
    end_all(&[]);
    Ok(())
}

/// Makes this process the parent of all whose parents below it end.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    set_child_subreaper(Some(rustix::process::getpid())).map_err(Into::into)
}

/// Kills all processes below this one but those that were there before, and theirs; those that are left are told.
pub(crate) fn end_all(before: &[Descendant]) -> Vec<Descendant> {
    let begun = Instant::now();
    loop {
        let spared: HashSet<Descendant> =
            before.iter().flat_map(|one| descendants(one.pid)).chain(before.iter().copied()).collect();
        let left: Vec<Descendant> =
            descendants(std::process::id()).into_iter().filter(|one| !spared.contains(one)).collect();
        left.iter().for_each(|one| signal(*one, Signal::KILL));
        // What dies may leave others to us, which the next list holds. One that changed its parent while the list was read is in
        // none: there is nobody below us when the kernel knows of no child.
        let (_, has_more) = reap(None);
        if !has_more || left.is_empty() && !before.is_empty() {
            return Vec::new();
        }
        if begun.elapsed() > LONGEST_KILL {
            return left;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal_all(what: Signal) {
    descendants(std::process::id()).into_iter().for_each(|one| signal(one, what));
}

/// Through a descriptor: a pid that has gone to another since it was listed is not hit.
fn signal(one: Descendant, what: Signal) {
    let pid = i32::try_from(one.pid).ok().and_then(Pid::from_raw);
    let Some(descriptor) = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
    if one.is_same() {
        // One that may not be signalled is told at the end, as what is left.
        let _ = pidfd_send_signal(descriptor, what);
    }
}

fn find(pid: u32) -> Option<Descendant> {
    descendants(std::process::id()).into_iter().find(|one| one.pid == pid)
}

fn read(line: &mut UnixStream) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((line.read(&mut byte)? > 0).then_some(byte[0]))
}

/// Waits for all that have ended; how the program has, if it is among them, and whether there are others.
fn reap(program: Option<u32>) -> (Option<Ended>, bool) {
    let mut ended = None;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                if program.is_some() && program == u32::try_from(pid.as_raw_nonzero().get()).ok() {
                    ended = Some(how(status));
                }
            }
            Err(Errno::CHILD) => return (ended, false),
            Ok(None) | Err(_) => return (ended, true),
        }
    }
}

fn how(status: WaitStatus) -> Ended {
    match status.terminating_signal() {
        Some(signal) => Ended::Signal(signal),
        None => Ended::Code(status.exit_status().unwrap_or(-1)),
    }
}
