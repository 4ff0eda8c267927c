//! Asks a Prometheus, one request at a time over one connection.

use super::address::Address;
use super::answer::{refusal, shown};
use super::problem::Problem;
use super::range::Range;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// For a connection, and its TLS.
const CONNECT_SECONDS: u64 = 10;

/// For a whole answer: Prometheus' own limit of a query is two minutes.
const ANSWER_SECONDS: u64 = 130;

/// Longest answer that is read: 300,000 points at the least.
pub(super) const LONGEST_ANSWER: usize = 16 << 20;

/// What may be read of an answer that is an error.
const LONGEST_ERROR: usize = 64 << 10;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("memtrend/", env!("CARGO_PKG_VERSION")));

/// A client of one Prometheus.
pub struct Client {
    address: Address,
    authorization: Option<HeaderValue>,
    tls: Option<TlsConnector>,
    runtime: Runtime,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Makes ready; connects with the first question.
    ///
    /// # Errors
    /// When https is asked for and this machine has no CA certificates.
    pub fn new(address: Address) -> Result<Self, Problem> {
        let mut authorization = address.authorization.as_ref().and_then(|value| HeaderValue::try_from(value).ok());
        authorization.iter_mut().for_each(|value| value.set_sensitive(true));
        let tls = address.is_secure.then(connector).transpose()?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(Problem::Connect)?;
        Ok(Self { address, authorization, tls, runtime, connection: None })
    }

    /// The body of the answer to a range query; `None` when it is too long.
    ///
    /// # Errors
    /// When there is no answer, or one that is an error.
    pub(super) fn ask(&mut self, query: &str, page: Range) -> Result<Option<Bytes>, Problem> {
        let seconds = |milliseconds: u64| format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
        let form = format!(
            "query={}&start={}&end={}&step={}",
            utf8_percent_encode(query, NON_ALPHANUMERIC),
            seconds(page.from),
            seconds(page.to),
            seconds(page.step)
        );
        let Self { address, authorization, tls, runtime, connection } = self;
        runtime.block_on(async {
            let kept = connection.take().filter(SendRequest::is_ready);
            let was_kept = kept.is_some();
            let mut sender = match kept {
                Some(kept) => kept,
                None => connect(address, tls.as_ref()).await?,
            };
            let request = || request(address, authorization.as_ref(), &form);
            let mut response = in_time(ANSWER_SECONDS, sender.send_request(request()?)).await?;
            // A connection that was kept may just have been closed: that is no error of the other side.
            if was_kept && response.is_err() {
                sender = connect(address, tls.as_ref()).await?;
                response = in_time(ANSWER_SECONDS, sender.send_request(request()?)).await?;
            }
            let body = in_time(ANSWER_SECONDS, body_of(response.map_err(Problem::Http)?)).await??;
            *connection = body.is_some().then_some(sender);
            Ok(body)
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.address)
    }
}

async fn in_time<T>(seconds: u64, work: impl Future<Output = T>) -> Result<T, Problem> {
    timeout(Duration::from_secs(seconds), work).await.map_err(|_| Problem::Slow(seconds))
}

async fn soon<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, format!("nothing within {CONNECT_SECONDS} s"));
    timeout(Duration::from_secs(CONNECT_SECONDS), work).await.unwrap_or_else(|_| Err(late()))
}

fn connector() -> Result<TlsConnector, Problem> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (good, _) = roots.add_parsable_certificates(found.certs);
    if good == 0 {
        let why = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
        return Err(Problem::NoRoots(shown(&why)));
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Problem::Tls(std::io::Error::other(error)))?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

async fn connect(address: &Address, tls: Option<&TlsConnector>) -> Result<SendRequest<Full<Bytes>>, Problem> {
    let stream = soon(TcpStream::connect((address.host.as_str(), address.port))).await.map_err(Problem::Connect)?;
    let Some(tls) = tls else { return speak(stream).await };
    let name =
        ServerName::try_from(address.host.clone()).map_err(|error| Problem::Tls(std::io::Error::other(error)))?;
    speak(soon(tls.connect(name, stream)).await.map_err(Problem::Tls)?).await
}

async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Problem>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(Problem::Http)?;
    // Its errors come out with the answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn request(
    address: &Address,
    authorization: Option<&HeaderValue>,
    form: &str,
) -> Result<Request<Full<Bytes>>, Problem> {
    let request = Request::post(format!("{}/api/v1/query_range", address.prefix))
        .header(HOST, address.authority())
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, FORM);
    let request = authorization.into_iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
    let invalid = |error: hyper::http::Error| Problem::Connect(std::io::Error::other(error));
    request.body(Full::from(form.to_owned())).map_err(invalid)
}

/// The whole body, where the status is good.
async fn body_of<B>(response: Response<B>) -> Result<Option<Bytes>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error = hyper::Error>,
{
    let status = response.status();
    let location = response.headers().get(LOCATION).map(|to| elsewhere(to.as_bytes()));
    if status.is_success() {
        return match Limited::new(response.into_body(), LONGEST_ANSWER).collect().await {
            Ok(body) => Ok(Some(body.to_bytes())),
            Err(error) => error.downcast::<hyper::Error>().map_or(Ok(None), |error| Err(Problem::Http(*error))),
        };
    }
    let body = Limited::new(response.into_body(), LONGEST_ERROR).collect().await.map(|body| body.to_bytes());
    let said = body.ok().and_then(|body| refusal(&body));
    Err(match (status, said) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED, _) => {
            Problem::Forbidden(status.as_u16())
        }
        (_, Some(said)) => Problem::Refused(said),
        _ if status.is_redirection() => {
            Problem::Redirect { status: status.as_u16(), to: location.unwrap_or_else(|| "nowhere".to_owned()) }
        }
        _ => Problem::Status(status.as_u16()),
    })
}

/// Where a redirect leads, without credentials, query and the API's path.
fn elsewhere(location: &[u8]) -> String {
    let text = String::from_utf8_lossy(location);
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = text.strip_suffix("/api/v1/query_range").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once("://") else { return shown(text) };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    shown(&format!("{scheme}://{place}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_redirect_leads_is_shown_without_credentials() {
        let cases: [(&[u8], &str); 4] = [
            (b"https://me:secret@host/prom/api/v1/query_range?query=x", "https://host/prom"),
            (b"/login?next=/", "/login"),
            (b"https://host", "https://host"),
            (b"\xff\x1b[2J", "\u{fffd} [2J"),
        ];
        for (location, expected) in cases {
            assert_eq!(elsewhere(location), expected);
        }
    }
}
