//! The landing page: a table of the applications, the most urgent first. No script, nothing from elsewhere.

use crate::analysis::report::{ApplicationReport, Report};
use crate::analysis::verdict::Verdict;
use crate::units::{Bytes, Span, Timestamp, whole};
use std::fmt::Write;

/// What the page may load: nothing but its own style.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Rows shown; the rest is in the metrics.
const MOST_ROWS: usize = 200;

const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .7rem;border-bottom:1px solid #8884;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.growing,.leaking{font-weight:700}\
small{opacity:.75;font-weight:400}";

/// The page; `None` before the first pass.
pub fn landing(report: Option<&Report>, telemetry_path: &str) -> String {
    let mut page = String::with_capacity(4096);
    page.push_str("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>memtrend</title>");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"5\">");
    let path = Escaped(telemetry_path);
    // Writing to a String cannot fail, here and below.
    let _ = write!(page, "<style>{STYLE}</style></head><body><h1>memtrend</h1><p><a href=\"{path}\">Metrics</a></p>");
    match report {
        None => page.push_str("<p>The first pass is not finished yet.</p>"),
        Some(report) => table(&mut page, report),
    }
    page.push_str("</body></html>\n");
    page
}

fn table(page: &mut String, report: &Report) {
    let mut rows: Vec<&ApplicationReport> =
        report.applications.iter().filter(|application| !application.is_only_kills).collect();
    rows.sort_by(|a, b| urgency(a).total_cmp(&urgency(b)));
    page.push_str(
        "<table><thead><tr><th>Application</th><th>Verdict</th><th class=\"n\">Heap</th><th class=\"n\">Limit</th>\
         <th class=\"n\">Time to limit</th><th class=\"n\">A restart buys</th><th class=\"n\">OOM kills</th>\
         <th class=\"n\">Restarts</th></tr></thead><tbody>",
    );
    rows.iter().take(MOST_ROWS).for_each(|application| row(page, application, report.clock.wall));
    page.push_str("</tbody></table>");
    if rows.len() > MOST_ROWS {
        let _ = write!(page, "<p>{} more in the metrics.</p>", rows.len() - MOST_ROWS);
    }
    if report.dropped > 0 {
        let _ = write!(page, "<p>{} not watched: more than --max-applications.</p>", report.dropped);
    }
}

/// Least time to the limit first, then by verdict.
fn urgency(application: &ApplicationReport) -> f64 {
    let time = application.present.as_ref().and_then(|present| present.time_to_limit).map(|time| time.expected);
    time.unwrap_or(match application.verdict {
        Verdict::Leaking => 1e12,
        Verdict::Growing => 2e12,
        Verdict::Steady => 3e12,
        Verdict::Learning => 4e12,
    })
}

fn row(page: &mut String, application: &ApplicationReport, now: Timestamp) {
    let identity = &application.identity;
    let duration = application.onset.map(|onset| format!(" for {}", Span((now.0 - onset.0).max(0.0))));
    let verdict = application.verdict.name();
    let _ = write!(page, "<tr><td>{}", Escaped(&identity.application));
    let place = [&identity.namespace, &identity.pod, &identity.container];
    let place: Vec<&str> = place.into_iter().filter_map(Option::as_deref).collect();
    if !place.is_empty() {
        let _ = write!(page, "<br><small>{}</small>", Escaped(&place.join(" / ")));
    }
    if let Some(version) = &application.about.version {
        let _ = write!(page, "<br><small>version {}</small>", Escaped(version));
    }
    let _ = write!(
        page,
        "</td><td class=\"{verdict}\">{verdict}{}<br><small>{}</small></td>",
        duration.unwrap_or_default(),
        application.evidence
    );
    let Some(present) = &application.present else {
        let _ = write!(page, "<td colspan=\"4\">not running, or not readable</td>");
        return ends(page, application);
    };
    let limit = present.memory.ceiling.map_or_else(
        || "none".to_owned(),
        |ceiling| format!("{}<br><small>{}</small>", ceiling.limit, ceiling.source.name()),
    );
    let floor = present.floor.map(|floor| format!("<br><small>floor {}</small>", Bytes(whole(floor))));
    let _ = write!(
        page,
        "<td class=\"n\">{}{}</td><td class=\"n\">{limit}</td>",
        present.memory.heap(),
        floor.unwrap_or_default()
    );
    let time = present.time_to_limit.map(|time| {
        format!("<b>{}</b><br><small>{} to {}</small>", Span(time.expected), Span(time.earliest), Span(time.latest))
    });
    let gain = present.restart_gain_seconds.map(|gain| Span(gain).to_string());
    let _ = write!(
        page,
        "<td class=\"n\">{}</td><td class=\"n\">{}</td>",
        time.unwrap_or_default(),
        gain.unwrap_or_default()
    );
    ends(page, application);
}

fn ends(page: &mut String, application: &ApplicationReport) {
    let kills: u64 = application.totals.kills.iter().sum();
    let restarts: u64 = application.restarts.iter().sum();
    let _ = write!(page, "<td class=\"n\">{kills}</td><td class=\"n\">{restarts}</td></tr>");
}

/// Text as HTML, within elements and quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        assert_eq!(Escaped("<b a=\"'&").to_string(), "&lt;b a=&quot;&#39;&amp;");
    }

    #[test]
    fn before_the_first_pass_it_says_so() {
        assert!(landing(None, "/metrics").contains("not finished yet"));
    }
}
