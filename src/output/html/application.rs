//! The page of one application.

use super::address::{Named, View};
use super::frame::{self, Frame};
use super::row::{Place, verdict};
use super::runbooks::runbooks;
use super::time::Clock;
use super::{facts, figure, tables};
use crate::analysis::history::History;
use crate::analysis::report::{ApplicationReport, Report};
use crate::output::markup::{Safe, SafeValue};
use std::fmt::Write;

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whether it does not refresh itself.
    pub is_still: bool,
    /// Path of the metrics.
    pub telemetry_path: &'a str,
    /// How many seconds ago the last pass was, where passes hang.
    pub old: Option<f64>,
}

/// The page; `history` is absent where the engine was too busy to tell it.
pub fn application(
    application: &ApplicationReport,
    report: &Report,
    history: Option<&History>,
    shown: Shown<'_>,
) -> String {
    let Shown { is_still, telemetry_path, old } = shown;
    let (identity, now) = (&application.identity, report.clock.wall);
    let address = Named(identity).to_string();
    let other = format!("application?{address}{}", if is_still { "" } else { "&amp;refresh=off" });
    let mut page = String::with_capacity(1 << 14);
    frame::begin(
        &mut page,
        &Frame {
            title: &format!("{} {}", identity.application, application.verdict.name()),
            view: View { is_still, ..View::default() },
            other: Some(&other),
            telemetry_path,
            json: &format!("api/v1/application?{address}"),
        },
    );
    // Writing to a String cannot fail, here and below.
    let _ = write!(page, "<h1><bdi>{}</bdi></h1>\n<p class=\"place\">", Safe(&identity.application));
    let place = Place(identity).to_string();
    if !place.is_empty() {
        let _ = write!(page, "<bdi>{place}</bdi>. ");
    }
    let _ = writeln!(page, "As of {}.</p>", Clock(now));
    frame::age(&mut page, old);
    heading(&mut page, "verdict", "Verdict");
    page.push_str("<p class=\"lead\">");
    verdict(&mut page, application, now);
    let _ = writeln!(page, "</p><p>{}.</p>", SafeValue(&application.evidence));
    facts::advice(&mut page, application);
    if application.present.is_none() {
        page.push_str("<p class=\"warning\">Not running, or not readable.</p>\n");
    }
    facts::glance(&mut page, application, now);
    page.push_str("</section>\n");
    chart(&mut page, application, report, history);
    page.push_str("<div class=\"pair\">\n");
    if let Some(present) = &application.present {
        heading(&mut page, "growth", "Growth by window");
        let none = History::default();
        tables::windows(&mut page, present, report.windows.as_slice(), history.unwrap_or(&none));
        page.push_str("</section>\n");
        heading(&mut page, "kinds", "Memory by kind");
        tables::kinds(&mut page, present, report.windows.first().map_or("", String::as_str));
        page.push_str("</section>\n");
        heading(&mut page, "limit", "Limit");
        facts::limit(&mut page, present);
        page.push_str("</section>\n");
    }
    heading(&mut page, "lives", "Lives");
    facts::lives(&mut page, application, now);
    tables::restarts(&mut page, application);
    page.push_str("</section>\n");
    heading(&mut page, "kills", "OOM kills");
    tables::kills(&mut page, application);
    if let Some(kill) = &application.totals.last_kill {
        facts::last_kill(&mut page, kill, now);
    }
    page.push_str("</section>\n");
    heading(&mut page, "events", "Memory events");
    tables::events(&mut page, application);
    if let Some(stalls) = application.totals.pressure_microseconds {
        facts::pressure(&mut page, stalls);
    }
    page.push_str("</section>\n");
    let runbooks = runbooks(application, now);
    if !runbooks.is_empty() {
        heading(&mut page, "runbooks", "Runbooks");
        page.push_str("<ul>");
        for name in runbooks {
            let _ = write!(page, "<li>docs/runbooks/{name}.md</li>");
        }
        page.push_str("</ul></section>\n");
    }
    page.push_str("</div>\n");
    frame::end(&mut page);
    page
}

/// Begins a section.
fn heading(page: &mut String, id: &str, text: &str) {
    let _ = writeln!(page, "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{text}</h2>");
}

fn chart(page: &mut String, application: &ApplicationReport, report: &Report, history: Option<&History>) {
    heading(page, "floor", "Floor of the heap");
    match history {
        None => page.push_str("<p class=\"warning\">A pass is taking long: reload to see it.</p>"),
        Some(history) if history.course.is_empty() => page.push_str("<p>No block is complete yet.</p>"),
        Some(history) => {
            page.push_str("<figure>");
            figure::draw(page, application, &history.course, report.clock.wall);
            page.push_str(
                "<figcaption><span class=\"key floor\">lowest heap of each block of time, longer blocks further back</span> \
                 <span class=\"key limit\">heap at which the limit is hit</span> \
                 <span class=\"key slope\">growth behind the verdict, and ahead</span> \
                 <span class=\"key mark\">begin of the growth</span> Times are UTC.</figcaption></figure>",
            );
        }
    }
    page.push_str("</section>\n");
}
