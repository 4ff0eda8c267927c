//! What is around every page: head, navigation, end.

use super::address::View;
use crate::output::markup::Safe;
use crate::units::Span;
use std::fmt::Write;

/// What the pages may load: their own style, script and icon, and themselves again.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the pages load, below `/-/`: name, media type, content.
pub const ASSETS: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
    ("icon.svg", "image/svg+xml", include_str!("icon.svg")),
];

/// How a page is framed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Its title, before `memtrend`: untrusted.
    pub(super) title: &'a str,
    /// The page of all applications as it is looked at.
    pub(super) view: View,
    /// The page itself with the refreshing turned over, as it stands in an attribute; `None` where there is nothing to refresh.
    pub(super) other: Option<&'a str>,
    /// Path of the metrics.
    pub(super) telemetry_path: &'a str,
    /// The same as JSON, as it stands in an attribute.
    pub(super) json: &'a str,
}

/// Up to the begin of what is the page's own. All addresses are relative: a proxy may put a path before them.
pub(super) fn begin(page: &mut String, frame: &Frame<'_>) {
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    if !frame.title.is_empty() {
        // Writing to a String cannot fail, here and below.
        let _ = write!(page, "{} – ", Safe(frame.title));
    }
    page.push_str(
        "memtrend</title><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"-/icon.svg\">\
         <link rel=\"stylesheet\" href=\"-/page.css\">",
    );
    if frame.other.is_some() && !frame.view.is_still {
        page.push_str("<script src=\"-/page.js\" defer></script>");
    }
    let metrics = Safe(frame.telemetry_path.trim_start_matches('/'));
    let _ = write!(
        page,
        "</head>\n<body><a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header><nav aria-label=\"memtrend\"><a class=\"home\" href=\"{}\">memtrend</a><a href=\"{metrics}\">Metrics</a>\
         <a href=\"{}\">JSON</a>",
        frame.view, frame.json
    );
    if let Some(other) = frame.other {
        let what = if frame.view.is_still { "Refresh every 30 s" } else { "Stop refreshing" };
        let _ = write!(page, "<a href=\"{other}\">{what}</a>");
    }
    page.push_str(
        "</nav></header>\n<p id=\"old\" class=\"warning\" role=\"status\" hidden>This could not be refreshed: \
         what you see is old.</p>\n<main id=\"main\">",
    );
}

/// A warning where the last pass was so many seconds ago that passes must hang.
pub(super) fn age(page: &mut String, old: Option<f64>) {
    if let Some(seconds) = old {
        let ago = Span(seconds);
        let _ = writeln!(
            page,
            "<p class=\"warning\">The last pass over the processes was {ago} ago: what you see is old.</p>"
        );
    }
}

/// The rest.
pub(super) fn end(page: &mut String) {
    let _ = writeln!(page, "</main>\n<footer>memtrend {}</footer></body></html>", env!("CARGO_PKG_VERSION"));
}

/// A page that says one line: of what is not there, or not understood.
pub fn line(title: &str, text: &str, telemetry_path: &str) -> String {
    let mut page = String::new();
    let view = View::default();
    begin(&mut page, &Frame { title, view, other: None, telemetry_path, json: "api/v1/report" });
    let _ = write!(page, "<h1>{}</h1><p>{}</p><p><a href=\"{view}\">All applications</a></p>", Safe(title), Safe(text));
    end(&mut page);
    page
}
