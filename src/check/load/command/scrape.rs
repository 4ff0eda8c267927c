//! Reads a counter of the program again and again, as Prometheus would.

use super::exposition::sum;
use super::metric::Metric;
use super::reading::Reading;
use crate::http::{Body, Failure, Peer, Session, whole};
use crate::units::whole as whole_part;
use hyper::header::{ACCEPT, HeaderMap, HeaderValue};
use hyper::{Request, Response, body::Incoming};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// From the end of one look to the next.
const INTERVAL: Duration = Duration::from_millis(200);

/// For a connection, and for a whole answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Longest page that is read, in bytes.
const LONGEST_PAGE: usize = 4 << 20;

const FORMATS: HeaderValue = HeaderValue::from_static(
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9,*/*;q=0.1",
);

pub(super) struct Scrape {
    metric: Metric,
    headers: HeaderMap,
    session: Session,
}

impl Scrape {
    pub(super) fn new(metric: Metric, peer: Peer) -> Self {
        let mut headers = peer.headers();
        headers.insert(ACCEPT, FORMATS);
        Self { metric, headers, session: Session::new(Arc::new(peer)) }
    }

    /// Looks until it is dropped.
    pub(super) async fn repeat(mut self, reading: &Mutex<Reading>) {
        let mut number = 0;
        loop {
            number += 1;
            let found = self.look(number).await;
            {
                let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
                match found {
                    Ok(total) => reading.total(total),
                    Err(error) => reading.fail(format!("{}: {error}", self.metric)),
                }
            }
            sleep(INTERVAL).await;
        }
    }

    async fn look(&mut self, number: u64) -> Result<u64, String> {
        let told = |failure: Failure| failure.to_string();
        let late = |_| format!("no whole page within {} s", LIMIT.as_secs());
        self.session.connect().await.map_err(told)?;
        let request = || {
            let mut request = Request::new(Body::default());
            *request.uri_mut() = self.metric.target.path(number).unwrap_or_default();
            request.headers_mut().clone_from(&self.headers);
            request
        };
        let response = timeout(LIMIT, self.session.send(request)).await.map_err(late)?.map_err(told)?;
        let page = timeout(LIMIT, page(response)).await.map_err(late)??;
        let found = sum(&page, &self.metric.name, &self.metric.labels)?;
        found.map(whole_part).ok_or_else(|| "no such series on the page".to_owned())
    }
}

async fn page(response: Response<Incoming>) -> Result<hyper::body::Bytes, String> {
    let status = response.status();
    if !status.is_success() {
        return Err(format!("answered {}, expected a page of metrics", status.as_u16()));
    }
    let page = whole(response.into_body(), LONGEST_PAGE).await.map_err(|error| Failure::Http(error).to_string())?;
    page.ok_or_else(|| format!("its page is longer than {LONGEST_PAGE} bytes"))
}
