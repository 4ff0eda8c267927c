//! Asks a memtrend of this machine whether it is well, as a container's health check does.

use crate::config::ListenAddress;
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};

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
        return speak(stream).await;
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
    let provider = ring::default_provider();
    let any = AnyService(provider.signature_verification_algorithms);
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(any))
        .with_no_client_auth();
    let name = ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
    speak(TlsConnector::from(Arc::new(config)).connect(name, stream).await?).await
}

async fn speak<S>(stream: S) -> io::Result<Health>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(unwrapped)?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/-/healthy").header("Host", "localhost").body(String::new());
    let answer = sender.send_request(request.map_err(io::Error::other)?).await;
    connection.abort();
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

/// Takes any certificate whose private key the service proves to have.
#[derive(Debug)]
struct AnyService(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyService {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
