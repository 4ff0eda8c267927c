//! Whose socket listens at an address: the load must reach the program that is watched.

use procfs::net::{TcpState, tcp, tcp6};
use std::collections::HashSet;
use std::fs;

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// One of these processes'.
    Theirs,
    /// Another's.
    Others,
    /// It is not seen from here, or whose it is.
    Unknown,
}

/// Whose socket listens at a port of this machine. The kernel's table of sockets and the descriptors of the processes are read,
/// once a run.
pub(super) fn of(port: u16, pids: &[u32]) -> Listener {
    let tables = [tcp(), tcp6()].into_iter().flatten().flatten();
    let listening = tables.filter(|entry| entry.state == TcpState::Listen && entry.local_address.port() == port);
    let sockets: HashSet<String> = listening.map(|entry| format!("socket:[{}]", entry.inode)).collect();
    if sockets.is_empty() {
        return Listener::Unknown;
    }
    let mut is_all_seen = true;
    for pid in pids {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            is_all_seen = false;
            continue;
        };
        let mut links = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        if links.any(|link| link.to_str().is_some_and(|link| sockets.contains(link))) {
            return Listener::Theirs;
        }
    }
    if is_all_seen { Listener::Others } else { Listener::Unknown }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_socket_is_found_with_its_process() {
        let own = std::process::id();
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().unwrap().port();
            assert_eq!([of(port, &[own]), of(port, &[])], [Listener::Theirs, Listener::Others], "{address}");
            drop(listener);
            assert_eq!(of(port, &[own]), Listener::Unknown, "{address}");
        }
    }
}
