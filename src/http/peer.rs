//! One server: how connections to it are made.

use super::address::Address;
use super::body::Body;
use super::failure::Failure;
use super::received::{Counted, Received, Stream};
use super::trust::{Trust, connector};
use hyper::HeaderMap;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// What is read ahead of a connection, in bytes; the head of an answer must fit in.
const BUFFER: usize = 64 << 10;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("memtrend/", env!("CARGO_PKG_VERSION")));

/// A server that requests go to, by any number of connections.
#[derive(Debug)]
pub struct Peer {
    address: Address,
    tls: Option<Tls>,
    /// For a connection, and for its TLS.
    connect_limit: Duration,
    /// Where the last connection was made, so that a name is looked up once.
    known: Mutex<Option<SocketAddr>>,
}

struct Tls(TlsConnector);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Peer {
    /// Makes ready, without a connection.
    ///
    /// # Errors
    /// When the address is one of https and this machine has no CA certificates.
    pub fn new(address: Address, trust: Trust, connect_limit: Duration) -> Result<Self, Failure> {
        let tls = address.is_secure.then(|| connector(trust).map(Tls)).transpose()?;
        Ok(Self { address, tls, connect_limit, known: Mutex::default() })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Headers of every request: who is asked, who asks, and the credentials of the address.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.extend(HeaderValue::try_from(self.address.authority()).ok().map(|host| (HOST, host)));
        headers.insert(USER_AGENT, AGENT);
        let credentials = self.address.authorization.as_ref().and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(credentials.map(|mut value| {
            value.set_sensitive(true);
            (AUTHORIZATION, value)
        }));
        headers
    }

    pub(super) async fn connect(&self) -> Result<(SendRequest<Body>, Received), Failure> {
        let stream = self.reach().await.map_err(Failure::Connect)?;
        // A request is written at once: nothing is gained by waiting for more. Without it, it is only slower.
        let _ = stream.set_nodelay(true);
        let stream = match &self.tls {
            None => Counted::new(stream),
            Some(Tls(tls)) => {
                let name = ServerName::try_from(self.address.host.clone());
                let name = name.map_err(|error| Failure::Tls(io::Error::other(error)))?;
                Counted::new(self.soon(tls.connect(name, stream)).await.map_err(Failure::Tls)?)
            }
        };
        let received = stream.received();
        Ok((handshake(stream).await.map_err(Failure::Http)?, received))
    }

    /// Where it was before, else wherever its name leads.
    async fn reach(&self) -> io::Result<TcpStream> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let last = *known();
        let again = match last {
            Some(last) => self.soon(TcpStream::connect(last)).await.ok(),
            None => None,
        };
        let stream = match again {
            Some(stream) => stream,
            None => {
                *known() = None;
                self.soon(TcpStream::connect((self.address.host.as_str(), self.address.port))).await?
            }
        };
        *known() = stream.peer_addr().ok();
        Ok(stream)
    }

    async fn soon<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let limit = self.connect_limit.as_secs_f64();
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("nothing within {limit} s"));
        timeout(self.connect_limit, work).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Begins to speak HTTP/1.1 over a stream that stands; ends with what sends.
///
/// # Errors
/// None is known.
pub async fn speak(stream: impl Stream) -> Result<SendRequest<Body>, hyper::Error> {
    handshake(Counted::new(stream)).await
}

async fn handshake(stream: Counted) -> Result<SendRequest<Body>, hyper::Error> {
    let mut builder = Builder::new();
    builder.max_buf_size(BUFFER);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    // Its errors come out with the answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
