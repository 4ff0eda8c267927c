//! One row of the table: one application at a glance.

use super::address::{Named, View, places};
use super::figures::{Between, growth, heap_at_limit, kills, restarts};
use super::spark;
use super::time::When;
use crate::analysis::history::Block;
use crate::analysis::report::{ApplicationReport, Present};
use crate::analysis::sample::Identity;
use crate::output::markup::{Safe, SafeValue};
use crate::units::{Span, Timestamp};
use std::fmt::{self, Write};

/// Writes it; `course` is its floor, of at most [`spark::MOST_BLOCKS`] blocks.
pub(super) fn write(page: &mut String, application: &ApplicationReport, course: &[Block], view: View, now: Timestamp) {
    let identity = &application.identity;
    // Writing to a String cannot fail, here and below.
    let _ = write!(page, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}", Link(identity, view));
    if places(identity).next().is_some() {
        let _ = write!(page, "<small><bdi>{}</bdi></small>", Place(identity));
    }
    page.push_str("</th><td role=\"cell\" class=\"verdict\">");
    verdict(page, application, now);
    let _ = write!(page, "<small>{}</small></td><td role=\"cell\" class=\"floor\">", SafeValue(&application.evidence));
    let limit = application.present.as_ref().and_then(heap_at_limit).map(|heap| heap.as_f64());
    spark::beside_limit(page, course, limit, now.0);
    if let Some(first) = course.first() {
        let _ = write!(page, "<small>{}</small>", Span((now.0 - first.begin.0).max(0.0)));
    }
    page.push_str("</td>");
    match &application.present {
        Some(present) => memory(page, application, present),
        None => page.push_str("<td role=\"cell\" colspan=\"4\" class=\"gone\">not running, or not readable</td>"),
    }
    let _ = write!(page, "<td role=\"cell\" class=\"n kills\">{}", kills(application));
    match restarts(application) {
        0 => {}
        1 => page.push_str("<small>1 restart</small>"),
        restarts => drop(write!(page, "<small>{restarts} restarts</small>")),
    }
    page.push_str("</td></tr>\n");
}

/// The verdict as a word, since when, and since which version.
pub(super) fn verdict(page: &mut String, application: &ApplicationReport, now: Timestamp) {
    let name = application.verdict.name();
    let _ = write!(page, "<b class=\"{name}\">{name}</b>");
    if let Some(onset) = application.onset {
        // Of one that is gone it is not known until when.
        if application.present.is_some() {
            let _ = write!(page, " for {},", Span((now.0 - onset.0).max(0.0)));
        }
        let _ = write!(page, " since {}", When { at: onset, now });
    }
    match (&application.origin, &application.about.version) {
        (Some(origin), _) => {
            let told = origin.to_string();
            if !told.is_empty() {
                let _ = write!(page, "<small class=\"origin\">{}</small>", Safe(&told));
            }
        }
        (None, Some(version)) => drop(write!(page, "<small>version {}</small>", Safe(version))),
        (None, None) => {}
    }
}

/// Heap and limit, growth, time to the limit, what a restart buys.
fn memory(page: &mut String, application: &ApplicationReport, present: &Present) {
    let _ = write!(page, "<td role=\"cell\" class=\"n heap\">{}<small>", present.memory.heap());
    match present.memory.ceiling {
        Some(ceiling) => drop(write!(page, "of {}, {}", ceiling.limit, ceiling.source.name())),
        None => page.push_str("no limit"),
    }
    page.push_str("</small></td><td role=\"cell\" class=\"n growth\">");
    if let Some(slope) = growth(application) {
        let _ = write!(page, "{}<small>{}</small>", slope.rate, Between(slope.lower, slope.upper));
    }
    page.push_str("</td><td role=\"cell\" class=\"n left\">");
    if let Some(time) = present.time_to_limit {
        let (earliest, latest) = (Span(time.earliest), Span(time.latest));
        let _ = write!(page, "<b>{}</b><small>{earliest} to {latest}</small>", Span(time.expected));
    }
    page.push_str("</td><td role=\"cell\" class=\"n restart\">");
    if let Some(gain) = present.restart_gain_seconds {
        let _ = write!(page, "{}", Span(gain));
    }
    page.push_str("</td>");
}

/// The name of an application as the link to its page.
pub(super) struct Link<'a>(pub(super) &'a Identity, pub(super) View);

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(identity, view) = self;
        let still = if view.is_still { "&amp;refresh=off" } else { "" };
        let name = Safe(&identity.application);
        write!(f, "<a href=\"application?{}{still}\"><bdi>{name}</bdi></a>", Named(identity))
    }
}

/// Namespace, pod and container.
pub(super) struct Place<'a>(pub(super) &'a Identity);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (_, text)) in places(self.0).enumerate() {
            write!(f, "{}{}", if number > 0 { " / " } else { "" }, Safe(text))?;
        }
        Ok(())
    }
}
