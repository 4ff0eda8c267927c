//! Asks a Prometheus, one request at a time over one connection.

use super::address::Address;
use super::answer::refusal;
use super::problem::Problem;
use super::range::Range;
use crate::http::{Body, Failure, Peer, Session, Trust, shown, whole};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// For a connection, and its TLS.
const CONNECT_SECONDS: u64 = 10;

/// For a whole answer: Prometheus' own limit of a query is two minutes.
const ANSWER_SECONDS: u64 = 130;

/// Longest answer that is read: 300,000 points at the least.
pub(super) const LONGEST_ANSWER: usize = 16 << 20;

/// What may be read of an answer that is an error.
const LONGEST_ERROR: usize = 64 << 10;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// A client of one Prometheus.
pub struct Client {
    address: Address,
    place: Uri,
    headers: HeaderMap,
    runtime: Runtime,
    session: Session,
}

impl Client {
    /// Makes ready; connects with the first question.
    ///
    /// # Errors
    /// When https is asked for and this machine has no CA certificates.
    pub fn new(address: Address) -> Result<Self, Problem> {
        let peer = Peer::new(address.server.clone(), Trust::Machine, Duration::from_secs(CONNECT_SECONDS))?;
        let mut headers = peer.headers();
        headers.insert(CONTENT_TYPE, FORM);
        let place = Uri::try_from(format!("{}/api/v1/query_range", address.prefix));
        let place = place.map_err(|error| Problem::Connect(std::io::Error::other(error)))?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(Problem::Connect)?;
        Ok(Self { address, place, headers, runtime, session: Session::new(Arc::new(peer)) })
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
        let Self { place, headers, runtime, session, .. } = self;
        let request = || {
            let mut request = Request::new(Body::from(form.clone()));
            *request.method_mut() = Method::POST;
            request.uri_mut().clone_from(place);
            request.headers_mut().clone_from(headers);
            request
        };
        runtime.block_on(async {
            session.connect().await?;
            let response = in_time(session.send(request)).await??;
            in_time(body_of(response)).await?
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.address)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connect(error) => Self::Connect(error),
            Failure::Tls(error) => Self::Tls(error),
            Failure::NoRoots(why) => Self::NoRoots(why),
            Failure::Http(error) => Self::Http(error),
        }
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, Problem> {
    timeout(Duration::from_secs(ANSWER_SECONDS), work).await.map_err(|_| Problem::Slow(ANSWER_SECONDS))
}

/// The whole body, where the status is good.
async fn body_of(response: Response<Incoming>) -> Result<Option<Bytes>, Problem> {
    let status = response.status();
    let location = response.headers().get(LOCATION).map(|to| elsewhere(to.as_bytes()));
    if status.is_success() {
        return whole(response.into_body(), LONGEST_ANSWER).await.map_err(Problem::Http);
    }
    let body = whole(response.into_body(), LONGEST_ERROR).await.ok().flatten();
    let said = body.and_then(|body| refusal(&body));
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
