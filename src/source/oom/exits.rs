//! How processes end: a pidfd of each main process tells that it has, and from kernel 6.15 on how.

use crate::analysis::oom::Exit;
use crate::source::descriptors::{Allowance, Place};
use crate::source::process::read_stat;
use crate::source::roots::Roots;
use memtrend_pidfd::exit_status;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const SIGKILL: i32 = 9;

/// A process that is waited for.
#[derive(Debug)]
pub(super) struct Waited {
    pidfd: OwnedFd,
    pid: u32,
    start_ticks: u64,
    _place: Place,
}

impl AsFd for Waited {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Waited {
    /// Whether processes can be waited for: kernel 5.3 and later, and no sandbox that forbids it.
    pub(super) fn is_possible() -> bool {
        pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).is_ok()
    }

    /// Opens one. `None` where there is no such process here: pids are those of memtrend's own PID namespace, whatever
    /// procfs its figures are read from.
    pub(super) fn open(pid: u32, start_ticks: u64, allowance: &Allowance) -> Option<Self> {
        let place = allowance.take()?;
        let pidfd = pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::NONBLOCK).ok();
        // Kernels before 5.10 do not know the flag.
        let pidfd = pidfd.or_else(|| pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok())?;
        let is_same =
            read_stat(&Roots::default(), pid, &mut Vec::new()).is_ok_and(|stat| stat.starttime == start_ticks);
        is_same.then_some(Self { pidfd, pid, start_ticks, _place: place })
    }

    /// How it has ended, as far as that can be known.
    pub(super) fn exit(&self) -> Exit {
        match exit_status(self) {
            Ok(Some(status)) => exit_of(status),
            _ => self.exit_of_unreaped(),
        }
    }

    /// A process that is not reaped yet tells its status, to those who may look into it; to others it is 0.
    fn exit_of_unreaped(&self) -> Exit {
        let stat = read_stat(&Roots::default(), self.pid, &mut Vec::new()).ok();
        let status = stat.filter(|stat| stat.starttime == self.start_ticks).and_then(|stat| stat.exit_code);
        status.filter(|status| *status != 0).map_or(Exit::Unknown, exit_of)
    }
}

/// What a shell, and an init of a container, exits with when its child was killed by SIGKILL.
const CHILD_KILLED: i32 = 128 + SIGKILL;

fn exit_of(status: i32) -> Exit {
    let (signal, code) = (status & 0x7f, status >> 8 & 0xff);
    if signal == SIGKILL || signal == 0 && code == CHILD_KILLED { Exit::Killed } else { Exit::Otherwise }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::process::Command;

    fn start_of(pid: u32) -> u64 {
        read_stat(&Roots::default(), pid, &mut Vec::new()).unwrap().starttime
    }

    #[test]
    fn a_kill_is_told_from_another_end_also_before_it_is_reaped() {
        for (arguments, kills, expected) in
            [("sleep 60", true, Exit::Killed), ("exit 3", false, Exit::Otherwise), ("exit 137", false, Exit::Killed)]
        {
            let script = format!("read -r _; {arguments}");
            let mut command = Command::new("sh");
            let mut child = command.args(["-c", &script]).stdin(std::process::Stdio::piped()).spawn().unwrap();
            let waited = Waited::open(child.id(), start_of(child.id()), &Allowance::new(1)).unwrap();
            if kills {
                child.kill().unwrap();
            } else {
                drop(child.stdin.take());
            }
            let mut polled = [rustix::event::PollFd::new(&waited, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut polled, None).unwrap();
            assert_eq!(waited.exit(), expected, "a zombie");
            child.wait().unwrap();
            let after = waited.exit();
            assert!(after == expected || after == Exit::Unknown, "kernels before 6.15 do not tell: {after:?}");
        }
    }

    #[test]
    fn a_pid_of_another_process_is_not_waited_for() {
        let own = std::process::id();
        assert!(Waited::open(own, start_of(own) + 1, &Allowance::new(1)).is_none());
        assert!(Waited::open(own, start_of(own), &Allowance::new(0)).is_none(), "no descriptor to spare");
    }
}
