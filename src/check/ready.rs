//! When the program is ready.

use super::load::Target;
use crate::http::{Body, Peer, Session, Trust};
use hyper::Request;
use std::fmt;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::timeout;

/// One sign of it.
#[derive(Clone, Debug)]
pub(crate) enum Ready {
    /// A URL answers with a status below 400.
    Http(Target, Trust),
    /// An address takes connections.
    Tcp(String),
    /// It prints a line that fits.
    Log(regex::bytes::Regex),
    /// So much time has passed.
    After(Duration),
}

/// One try has so long.
const LONGEST_TRY: Duration = Duration::from_secs(2);

impl Ready {
    /// Whether it answers now; a sign that cannot be asked for does not.
    pub(super) fn answers(&self) -> bool {
        match self {
            Self::Http(target, trust) => status(target, *trust).is_some_and(|status| status < 400),
            Self::Tcp(address) => {
                let mut addresses = address.to_socket_addrs().into_iter().flatten();
                addresses.any(|address| TcpStream::connect_timeout(&address, LONGEST_TRY).is_ok())
            }
            Self::Log(_) | Self::After(_) => false,
        }
    }
}

/// The status of an answer; none when there is no answer.
fn status(target: &Target, trust: Trust) -> Option<u16> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build().ok()?;
    let peer = Arc::new(Peer::new(target.address().clone(), trust, LONGEST_TRY).ok()?);
    let request = || {
        let mut request = Request::new(Body::default());
        *request.uri_mut() = target.path(0).unwrap_or_default();
        *request.headers_mut() = peer.headers();
        request
    };
    let mut session = Session::new(Arc::clone(&peer));
    let answer = runtime.block_on(async { timeout(LONGEST_TRY, session.send(request)).await });
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
    Some(answer.ok()?.ok()?.status().as_u16())
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(target, _) => write!(f, "an answer below 400 from {target}"),
            Self::Tcp(address) => write!(f, "{address} to take connections"),
            Self::Log(pattern) => write!(f, "a line that fits /{pattern}/"),
            Self::After(time) => write!(f, "{} s to pass", time.as_secs_f64()),
        }
    }
}
