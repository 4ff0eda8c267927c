//! The pages for people, and what they are made of as JSON.

use super::negotiation::takes_gzip;
use super::routes::{Shared, compressible, not_yet};
use crate::analysis::history::History;
use crate::analysis::report::{ApplicationReport, Report};
use crate::output::{html, json};
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Of every page. No address goes anywhere with a link: it holds names.
const PAGE: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CONTENT_SECURITY_POLICY, html::CONTENT_SECURITY_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

const JSON: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "application/json"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];

/// All applications.
pub(super) async fn overview(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let view = match html::View::of(uri.query().unwrap_or_default()) {
        Ok(view) => view,
        Err(wrong) => return line(StatusCode::BAD_REQUEST, "Not understood", &wrong, &shared),
    };
    let Some(report) = shared.current() else {
        let text = "The first pass over the processes is not finished yet: reload this page.";
        return line(StatusCode::SERVICE_UNAVAILABLE, "Not yet", text, &shared);
    };
    let old = shared.too_old(&report);
    let page = html::Overview::new(report, view, Arc::clone(&shared.telemetry_path), old);
    let applications = page.applications();
    let courses = shared.questions.ask(move |engine| {
        let course = |identity: &Arc<_>| engine.course(identity, html::MOST_BLOCKS);
        applications.iter().map(course).collect()
    });
    let page = page.with_courses(courses.await.unwrap_or_default());
    (PAGE, compressible(page, takes_gzip(&headers), "Accept-Encoding")).into_response()
}

/// One application.
pub(super) async fn application(State(shared): State<Shared>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let is_still = match html::View::of(query) {
        Ok(view) => view.is_still,
        Err(wrong) => return line(StatusCode::BAD_REQUEST, "Not understood", &wrong, &shared),
    };
    match one(&shared, query).await {
        Err((status, text)) => line(status, "No such application", &text, &shared),
        Ok(One { report, place, history }) => match report.applications.get(place) {
            Some(of) => {
                let (telemetry_path, old) = (&*shared.telemetry_path, shared.too_old(&report));
                let shown = html::Shown { is_still, telemetry_path, old };
                let page = html::application(of, &report, history.as_ref(), shown);
                (PAGE, page).into_response()
            }
            None => not_yet(),
        },
    }
}

/// All applications as JSON.
pub(super) async fn report_as_json(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let Some(report) = shared.current() else { return not_yet() };
    let page = json::Whole::new(report);
    (JSON, compressible(page, takes_gzip(&headers), "Accept-Encoding")).into_response()
}

/// One application as JSON.
pub(super) async fn application_as_json(State(shared): State<Shared>, uri: Uri) -> Response {
    match one(&shared, uri.query().unwrap_or_default()).await {
        Err((status, text)) => (status, JSON, json::error(&text)).into_response(),
        Ok(One { report, place, history }) => match report.applications.get(place) {
            Some(of) => (JSON, json::application(of, &report, history.as_ref())).into_response(),
            None => not_yet(),
        },
    }
}

/// What the pages load.
pub(super) async fn asset(uri: Uri) -> Response {
    let found = html::ASSETS.iter().find(|(name, ..)| uri.path().strip_prefix("/-/") == Some(name));
    let Some((_, media_type, content)) = found else { return super::routes::not_found().await.into_response() };
    // Asked for again each time: another memtrend may answer by then.
    let headers = [(CONTENT_TYPE, *media_type), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-cache")];
    (headers, *content).into_response()
}

/// An application in its report, with its floors where the engine was not too busy to tell them.
struct One {
    report: Arc<Report>,
    place: usize,
    history: Option<History>,
}

async fn one(shared: &Shared, query: &str) -> Result<One, (StatusCode, String)> {
    let identity = html::identity(query).map_err(|wrong| (StatusCode::BAD_REQUEST, wrong))?;
    let not_yet = || (StatusCode::SERVICE_UNAVAILABLE, "The first pass is not finished yet; try again.".to_owned());
    let report = shared.current().ok_or_else(not_yet)?;
    let is_it = |application: &ApplicationReport| *application.identity == identity;
    let place = report.applications.iter().position(is_it).ok_or_else(|| {
        let name = &identity.application;
        let text =
            format!("No application `{name}` is watched, with the namespace, pod and container that were given.");
        (StatusCode::NOT_FOUND, text)
    })?;
    let history = shared.questions.ask(move |engine| engine.history(&identity)).await;
    Ok(One { report, place, history })
}

/// A page that says one line.
fn line(status: StatusCode, title: &str, text: &str, shared: &Shared) -> Response {
    (status, PAGE, html::line(title, text, &shared.telemetry_path)).into_response()
}
