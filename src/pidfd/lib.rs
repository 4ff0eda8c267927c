//! How a process has ended that is nobody's child here: `PIDFD_GET_INFO` with `PIDFD_INFO_EXIT`, kernel 6.15 and later.
//!
//! The one place with `unsafe`: no crate asks the kernel this question yet.

use rustix::fd::AsFd;
use rustix::io;
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

/// `struct pidfd_info` of `linux/pidfd.h`, in its first published size, which every later kernel still takes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    pid: u32,
    tgid: u32,
    ppid: u32,
    ids: [u32; 8],
    exit_code: i32,
}

const PIDFD_INFO_EXIT: u64 = 1 << 3;
const GET_INFO: Opcode = opcode::read_write::<PidfdInfo>(0xff, 11);

/// The wait status of the process behind a pidfd, as `wait(2)` gives it to its parent; `None` while it is not known: until it
/// has been reaped.
///
/// # Errors
/// `ENOTTY` or `EINVAL` where the kernel does not know the question.
pub fn exit_status(pidfd: impl AsFd) -> io::Result<Option<i32>> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: the opcode reads and writes a `struct pidfd_info` of the size that it encodes, which is that of `PidfdInfo`;
    // a descriptor that is no pidfd answers ENOTTY.
    match unsafe { ioctl(pidfd, Updater::<GET_INFO, _>::new(&mut info)) } {
        Ok(()) => Ok((info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code)),
        // It is gone, and was before its end was kept.
        Err(io::Errno::SRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use std::process::Command;

    const SIGKILL: i32 = 9;

    fn knows(pidfd: impl AsFd) -> bool {
        let is_known = exit_status(pidfd).is_ok();
        if !is_known {
            eprintln!("this kernel does not tell how processes ended: nothing tried");
        }
        is_known
    }

    #[test]
    fn the_signal_and_the_code_of_an_end_are_told_after_it() {
        assert_eq!(size_of::<PidfdInfo>(), 64);
        let own = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).unwrap();
        if !knows(&own) {
            return;
        }
        let mut killed = Command::new("sleep").arg("60").spawn().unwrap();
        let pidfd = pidfd_open(Pid::from_child(&killed), PidfdFlags::empty()).unwrap();
        assert_eq!(exit_status(&pidfd).unwrap(), None, "it runs");
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(exit_status(&pidfd).unwrap(), Some(SIGKILL));
        let mut ended =
            Command::new("sh").args(["-c", "read -r _; exit 3"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pidfd = pidfd_open(Pid::from_child(&ended), PidfdFlags::empty()).unwrap();
        drop(ended.stdin.take());
        ended.wait().unwrap();
        assert_eq!(exit_status(&pidfd).unwrap(), Some(3 << 8));
    }

    #[test]
    fn what_is_no_pidfd_is_an_error() {
        assert!(exit_status(std::io::stderr()).is_err());
    }
}
