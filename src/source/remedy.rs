//! What opens what cannot be read: said by the log, and by `memtrend doctor` in the form of the place.

/// An application's control group is refused.
pub(crate) const GROUP_REFUSED: &str = "run memtrend as the application's user and group, or as root with SYS_PTRACE (or all of the application's capabilities)";

/// An application's control group is not to be found.
pub(crate) const GROUP_NOT_FOUND: &str = "mount the node's /sys read-only and name it by --path.sysfs";

/// Folders of descriptors are refused.
pub(crate) const DESCRIPTORS: &str =
    "run memtrend as the applications' user, or as root with DAC_READ_SEARCH (not needed from kernel 6.2 on)";

/// Environments are refused.
pub(crate) const ENVIRONMENT: &str = "run memtrend as the applications' user, or as root with SYS_PTRACE and DAC_READ_SEARCH, or set the version yourself";

/// There is no kernel log.
pub(crate) const LOG_NOT_FOUND: &str = "give memtrend the device /dev/kmsg and, as root, the capability SYSLOG";

/// The kernel log is refused.
pub(crate) const LOG_REFUSED: &str =
    "give memtrend the capability SYSLOG, as root or ambient (and, in a container, the device /dev/kmsg)";

/// Processes cannot be waited for.
pub(crate) const ENDS: &str = "a kernel of 5.3 or later, and a seccomp profile that permits pidfd_open";
