//! Asks a memtrend of this machine whether it is well, as a container's health check does.

use crate::config::ListenAddress;
use crate::http::{Body, Stream, Trust, connector, speak};
use hyper::{Request, StatusCode};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, Error as TlsError};

/// What a service says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Passes are made.
    Healthy,
    /// No pass has ended for too long.
    Hanging,
    /// It answers with another status than a memtrend does.
    Foreign(u16),
    /// It answers, and asks for a password or a certificate first: whether passes are made is not known.
    Guarded,
}

/// Asks the service that listens on `address`, by TLS where it speaks that; nothing secret is sent, so that any certificate
/// will do.
///
/// # Errors
/// When nothing answers there within `at_most`.
pub fn probe(address: &ListenAddress, is_tls: bool, at_most: Duration) -> io::Result<Health> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {at_most:?}"));
        timeout(at_most, ask(address, is_tls)).await.map_err(late)?
    })
}

async fn ask(address: &ListenAddress, is_tls: bool) -> io::Result<Health> {
    let stream = connect(address).await?;
    if !is_tls {
        return healthy(stream).await;
    }
    match by_tls(stream).await {
        Err(error) if asks_for_certificate(&error) => Ok(Health::Guarded),
        answered => answered,
    }
}

/// All addresses of a machine are asked for at its own.
async fn connect(ListenAddress { host, port }: &ListenAddress) -> io::Result<TcpStream> {
    match host.as_str() {
        "" | "::" => match TcpStream::connect(("127.0.0.1", *port)).await {
            Ok(stream) => Ok(stream),
            Err(error) => TcpStream::connect(("::1", *port)).await.map_err(|_| error),
        },
        "0.0.0.0" => TcpStream::connect(("127.0.0.1", *port)).await,
        host => TcpStream::connect((host, *port)).await,
    }
}

async fn by_tls(stream: TcpStream) -> io::Result<Health> {
    let connector = connector(Trust::Anyone).map_err(io::Error::other)?;
    let name = ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
    healthy(connector.connect(name, stream).await?).await
}

async fn healthy(stream: impl Stream) -> io::Result<Health> {
    let mut sender = speak(stream).await.map_err(unwrapped)?;
    let request = Request::get("/-/healthy").header("Host", "localhost").body(Body::default());
    let answer = sender.send_request(request.map_err(io::Error::other)?).await;
    Ok(match answer.map_err(unwrapped)?.status() {
        StatusCode::OK => Health::Healthy,
        StatusCode::UNAUTHORIZED => Health::Guarded,
        StatusCode::SERVICE_UNAVAILABLE => Health::Hanging,
        status => Health::Foreign(status.as_u16()),
    })
}

/// The error of the connection itself, where there is one.
fn unwrapped(error: hyper::Error) -> io::Error {
    let of_tls = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(|source| source.get_ref()?.downcast_ref::<TlsError>());
    match of_tls {
        Some(of_tls) => io::Error::other(of_tls.clone()),
        None => io::Error::other(error),
    }
}

/// TLS 1.2 has no alert of its own for that (RFC 5246, 7.4.6).
fn asks_for_certificate(error: &io::Error) -> bool {
    let alert = error.get_ref().and_then(|error| error.downcast_ref::<TlsError>());
    matches!(
        alert,
        Some(TlsError::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure))
    )
}
