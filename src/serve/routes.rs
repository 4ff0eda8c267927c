//! What is answered to which request.

use super::body::PageBody;
use super::negotiation::{format, takes_gzip};
use super::pages;
use super::questions::Questions;
use crate::analysis::report::Report;
use crate::output::instruments::Instruments;
use crate::output::page::Page;
use crate::output::pieces::Pieces;
use crate::source::now;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::watch;

/// A report that is older than both is a sign that passes hang.
const LONGEST_AGE_SECONDS: f64 = 60.0;
const LONGEST_AGE_PASSES: f64 = 6.0;

/// What the handlers share: the current report, what no report holds, and who can be asked for more.
#[derive(Clone)]
pub(super) struct Shared {
    report: watch::Receiver<Option<Arc<Report>>>,
    instruments: Instruments,
    pub(super) questions: Questions,
    pub(super) telemetry_path: Arc<str>,
    longest_age_seconds: f64,
}

pub(super) fn router(
    report: watch::Receiver<Option<Arc<Report>>>,
    instruments: Instruments,
    questions: Questions,
    telemetry_path: &str,
    interval: std::time::Duration,
) -> Router {
    let longest_age_seconds = LONGEST_AGE_SECONDS.max(interval.as_secs_f64() * LONGEST_AGE_PASSES);
    Router::new()
        .route("/", get(pages::overview))
        .route("/application", get(pages::application))
        .route("/-/{asset}", get(pages::asset))
        .route(telemetry_path, get(metrics))
        .route("/api/v1/report", get(pages::report_as_json))
        .route("/api/v1/application", get(pages::application_as_json))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .fallback(not_found)
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.\n") })
        .with_state(Shared {
            report,
            instruments,
            questions,
            telemetry_path: telemetry_path.into(),
            longest_age_seconds,
        })
}

impl Shared {
    pub(super) fn current(&self) -> Option<Arc<Report>> {
        self.report.borrow().clone()
    }

    /// The age of a report in seconds, where it is a sign that passes hang.
    pub(super) fn too_old(&self, report: &Report) -> Option<f64> {
        let age = now().moment.0 - report.clock.moment.0;
        (age > self.longest_age_seconds).then_some(age)
    }
}

pub(super) async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "Not found. The page / links to what there is.\n")
}

pub(super) fn not_yet() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The first pass over the processes is not finished yet; try again.\n")
        .into_response()
}

/// Healthy while passes are made: a pass that hangs must not look like an application at rest.
async fn healthy(State(shared): State<Shared>) -> Response {
    if shared.current().is_some_and(|report| shared.too_old(&report).is_some()) {
        return (StatusCode::SERVICE_UNAVAILABLE, "No pass over the processes has ended for too long.\n")
            .into_response();
    }
    "memtrend is healthy.\n".into_response()
}

async fn ready(State(shared): State<Shared>) -> Response {
    if shared.current().is_some() { "memtrend is ready.\n".into_response() } else { not_yet() }
}

async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let Some(report) = shared.current() else { return not_yet() };
    let format = format(&headers);
    let page = Page::new(report, shared.instruments.clone(), format);
    let mut response = compressible(page, takes_gzip(&headers), "Accept, Accept-Encoding");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}

/// A page that is made while it is sent, compressed or not; `vary` names what that and its form depend on.
pub(super) fn compressible(page: impl Pieces + 'static, is_compressed: bool, vary: &'static str) -> Response {
    let mut response = Response::new(Body::new(PageBody::new(Box::new(page), is_compressed)));
    let mut set = |name, value| drop(response.headers_mut().insert(name, HeaderValue::from_static(value)));
    set(VARY, vary);
    if is_compressed {
        set(CONTENT_ENCODING, "gzip");
    }
    response
}
