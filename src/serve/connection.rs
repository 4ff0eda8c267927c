//! One connection: TLS, then HTTP/1.1 requests until it ends.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::reload::Web;

/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How long a client may take to send a request's header, or stay idle.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// How much of a request's header is taken, at most.
const HEADER_SIZE: usize = 32 * 1024;

/// How long a client may leave an answer unread, in milliseconds.
const UNREAD_TIME: u32 = 30_000;

/// The first byte of a TLS connection: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// What Go's servers say to such a client.
const NOT_TLS: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// What all connections share.
pub(super) struct Server {
    pub(super) router: Router,
    pub(super) web: Arc<Web>,
}

/// Serves a connection until it ends, or until `stop` and its request in flight is answered.
pub(super) async fn serve(stream: TcpStream, server: Arc<Server>, mut stop: watch::Receiver<()>) {
    if let Err(error) = set_options(&stream) {
        tracing::debug!("connection options not set: {error}");
    }
    let Some(tls) = server.web.current().tls.clone() else {
        return requests(stream, server, stop).await;
    };
    let handshaken = tokio::select! {
        _ = stop.changed() => return,
        done = timeout(HANDSHAKE_TIME, handshake(stream, &tls)) => done,
    };
    match handshaken {
        Ok(Ok(Some(stream))) => requests(stream, server, stop).await,
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!("TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        // Asked for each request: a connection kept alive gets no old users.
        let active = self.web.current();
        let mut response = if active.auth.allows(request.headers()).await {
            let answered = self.router.clone().call(request).await;
            answered.unwrap_or_else(|never| match never {})
        } else {
            unauthorized()
        };
        for (name, value) in &active.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}

fn unauthorized() -> Response {
    let mut response = (StatusCode::UNAUTHORIZED, "Unauthorized\n").into_response();
    let basic = HeaderValue::from_static("Basic");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
    response
}

fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_TIME)?;
    Ok(())
}

async fn handshake(
    mut stream: TcpStream,
    tls: &TlsAcceptor,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    let mut first = [0];
    let count = stream.peek(&mut first).await?;
    let [first] = first;
    if count > 0 && first != TLS_HANDSHAKE && first.is_ascii_alphabetic() {
        refuse_plain_http(&mut stream).await?;
        return Ok(None);
    }
    tls.accept(stream).await.map(Some)
}

async fn refuse_plain_http(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(NOT_TLS).await?;
    stream.shutdown().await?;
    // Closing with unread data would reset the connection before the client reads the answer.
    let mut rest = stream.take(u64::try_from(HEADER_SIZE).unwrap_or(u64::MAX));
    let mut nowhere = tokio::io::sink();
    let drain = tokio::io::copy(&mut rest, &mut nowhere);
    let _ = timeout(Duration::from_secs(1), drain).await;
    Ok(())
}

async fn requests<S>(stream: S, server: Arc<Server>, mut stop: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let begun = AtomicBool::new(false);
    let service = service_fn(|request| {
        begun.store(true, Ordering::Relaxed);
        let server = server.clone();
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_header_size(HEADER_SIZE)
        .max_buf_size(HEADER_SIZE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            if !begun.load(Ordering::Relaxed) {
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("connection ended: {error}");
    }
}
