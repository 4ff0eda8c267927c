//! What is answered to which request.

use super::body::PageBody;
use super::negotiation::{format, takes_gzip};
use crate::analysis::report::Report;
use crate::output::instruments::Instruments;
use crate::output::page::Page;
use crate::output::{html, json};
use crate::source::now;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::watch;

/// A report that is older than both is a sign that passes hang.
const LONGEST_AGE_SECONDS: f64 = 60.0;
const LONGEST_AGE_PASSES: f64 = 6.0;

/// What the handlers share: the current report, and the instruments that no report holds.
#[derive(Clone)]
struct Shared {
    report: watch::Receiver<Option<Arc<Report>>>,
    instruments: Instruments,
    telemetry_path: Arc<str>,
    longest_age_seconds: f64,
}

pub(super) fn router(
    report: watch::Receiver<Option<Arc<Report>>>,
    instruments: Instruments,
    telemetry_path: &str,
    interval: std::time::Duration,
) -> Router {
    let longest_age_seconds = LONGEST_AGE_SECONDS.max(interval.as_secs_f64() * LONGEST_AGE_PASSES);
    Router::new()
        .route("/", get(landing))
        .route(telemetry_path, get(metrics))
        .route("/api/v1/report", get(report_as_json))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .fallback(|| async { (StatusCode::NOT_FOUND, "Not found. The page / links to what there is.\n") })
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.\n") })
        .with_state(Shared { report, instruments, telemetry_path: telemetry_path.into(), longest_age_seconds })
}

impl Shared {
    fn current(&self) -> Option<Arc<Report>> {
        self.report.borrow().clone()
    }
}

fn not_yet() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The first pass over the processes is not finished yet; try again.\n")
        .into_response()
}

/// Healthy while passes are made: a pass that hangs must not look like an application at rest.
async fn healthy(State(shared): State<Shared>) -> Response {
    let age = shared.current().map(|report| now().moment.0 - report.clock.moment.0);
    if age.is_some_and(|age| age > shared.longest_age_seconds) {
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
    let (format, is_compressed) = (format(&headers), takes_gzip(&headers));
    let page = Page::new(report, shared.instruments.clone(), format);
    let mut response = Response::new(Body::new(PageBody::new(page, is_compressed)));
    let mut set = |name, value| drop(response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value)));
    set(CONTENT_TYPE, format.content_type());
    set(VARY, "Accept, Accept-Encoding");
    if is_compressed {
        set(CONTENT_ENCODING, "gzip");
    }
    response
}

async fn report_as_json(State(shared): State<Shared>) -> Response {
    let Some(report) = shared.current() else { return not_yet() };
    let headers =
        [(CONTENT_TYPE, "application/json"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];
    (headers, json::report(&report)).into_response()
}

async fn landing(State(shared): State<Shared>) -> Response {
    let page = html::landing(shared.current().as_deref(), &shared.telemetry_path);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, html::CONTENT_SECURITY_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, page).into_response()
}
