//! What one application's page tells in words and single figures.

use super::figures::{Between, growth, heap_at_limit, kills, restarts};
use super::time::When;
use crate::analysis::oom::LastKill;
use crate::analysis::report::{ApplicationReport, Present};
use crate::analysis::verdict::Verdict;
use crate::output::markup::Safe;
use crate::units::{Bytes, Span, Timestamp, count_as_f64, whole};
use std::fmt::{Display, Write};

/// A list of terms and what holds of them.
pub(super) struct Facts<'a>(&'a mut String);

impl<'a> Facts<'a> {
    pub(super) fn begin(page: &'a mut String) -> Self {
        page.push_str("<dl>");
        Self(page)
    }

    pub(super) fn end(self) {
        self.0.push_str("</dl>\n");
    }

    /// One of them, the figure and what else is said of it: both as they stand in HTML.
    fn fact(&mut self, term: &str, figure: impl Display, more: impl Display) {
        // Writing to a String cannot fail, here and below.
        let _ = write!(self.0, "<div><dt>{term}</dt><dd>{figure}<small>{more}</small></dd></div>");
    }
}

/// What to do, in a sentence or two; empty where nothing is to be done.
pub(super) fn advice(page: &mut String, application: &ApplicationReport) {
    let gain = application.present.as_ref().and_then(|present| present.restart_gain_seconds);
    let earlier = application.origin.as_ref().and_then(|origin| origin.earlier.as_ref());
    let steady = earlier.filter(|earlier| earlier.was_steady);
    match (application.verdict, gain) {
        (Verdict::Leaking, Some(gain)) => {
            let _ = write!(page, "<p>A restart buys {} and does not end the leak.", Span(gain));
        }
        (Verdict::Leaking, None) => page.push_str("<p>A restart does not end the leak."),
        (Verdict::Growing, Some(gain)) => drop(write!(page, "<p>A restart would buy {}.", Span(gain))),
        _ => return,
    }
    if application.leak_lifetimes > 1 {
        let _ = write!(page, " It has gone on over {} lives.", application.leak_lifetimes);
    }
    if let Some(steady) = steady.filter(|_| application.verdict == Verdict::Leaking) {
        let version = Safe(&steady.version);
        let _ = write!(page, " Version <bdi>{version}</bdi> was steady: going back to it may end the leak.");
    }
    page.push_str("</p>\n");
}

/// What matters most, beside the verdict.
pub(super) fn glance(page: &mut String, application: &ApplicationReport, now: Timestamp) {
    let mut facts = Facts::begin(page);
    if let Some(present) = &application.present {
        match present.time_to_limit {
            Some(time) => {
                let (earliest, latest) = (Span(time.earliest), Span(time.latest));
                let at = When { at: Timestamp(now.0 + time.expected), now };
                facts.fact("Time to limit", Span(time.expected), format_args!("{earliest} to {latest}; about {at}"));
            }
            None if application.verdict == Verdict::Leaking && present.memory.ceiling.is_some() => {
                facts.fact("Time to limit", "not known yet", "too little is seen of the present life");
            }
            None => facts.fact("Time to limit", "none", "not growing, or no limit"),
        }
        if let Some(gain) = present.restart_gain_seconds {
            facts.fact("A restart buys", Span(gain), "at the present growth");
        }
        if let Some(slope) = growth(application) {
            facts.fact("Growth", slope.rate, Between(slope.lower, slope.upper));
        }
        let floor = present.floor.map_or("no floor yet".to_owned(), |floor| format!("floor {}", Bytes(whole(floor))));
        facts.fact("Heap", present.memory.heap(), floor);
    }
    let restarts = restarts(application);
    let word = if restarts == 1 { "restart" } else { "restarts" };
    facts.fact("OOM kills", kills(application), format_args!("{restarts} {word}"));
    if let Some(version) = &application.about.version {
        facts.fact("Version", Safe(version), "");
    }
    facts.end();
}

/// The limit with the least room: whose it is, and what counts against it.
pub(super) fn limit(page: &mut String, present: &Present) {
    let Some(ceiling) = present.memory.ceiling else {
        page.push_str("<p>Nothing limits it that can be seen.</p>\n");
        return;
    };
    let mut facts = Facts::begin(page);
    let swap = if ceiling.swap_included { ", swap included" } else { "" };
    facts.fact("Limit", ceiling.limit, format_args!("{}{swap}", ceiling.source.name()));
    facts.fact("Used of it", ceiling.used, "by whoever shares it, and cannot be dropped");
    match heap_at_limit(present) {
        Some(heap) => facts.fact("Room", ceiling.room(), format_args!("it is hit at a heap of {heap}")),
        None => facts.fact("Room", "not told", "the limit is exceeded, and so not held"),
    }
    facts.fact("Its own", present.memory.unreclaimable(), "that cannot be dropped");
    facts.end();
}

/// The present life, and those that the leak has lasted.
pub(super) fn lives(page: &mut String, application: &ApplicationReport, now: Timestamp) {
    let mut facts = Facts::begin(page);
    if let Some(present) = &application.present {
        let since = When { at: present.started, now };
        facts.fact("Present life", Span((now.0 - present.started.0).max(0.0)), format_args!("since {since}"));
        let population = present.population;
        let threads = population.threads.map_or(String::new(), |threads| format!("{threads} threads"));
        facts.fact("Processes", population.processes, threads);
        facts.fact("Figures from", present.memory.basis.name().replace('_', " "), "");
    }
    let lives = application.leak_lifetimes;
    facts.fact("Lives that the leak has lasted", lives, if lives == 0 { "none is called" } else { "" });
    for (term, text) in [("Runtime", &application.about.runtime), ("Image", &application.about.image)] {
        if let Some(text) = text {
            facts.fact(term, Safe(text), "");
        }
    }
    facts.end();
}

/// The last kill with its victim.
pub(super) fn last_kill(page: &mut String, kill: &LastKill, now: Timestamp) {
    let at = When { at: kill.at, now };
    let _ =
        write!(page, "<p>The last one {at}, {} ago, scope {}", Span((now.0 - kill.at.0).max(0.0)), kill.scope.name());
    if let Some(limit) = kill.limit {
        let _ = write!(page, ", at a limit of {limit}");
    }
    if let Some(victim) = &kill.victim {
        let _ = write!(page, ": process <bdi>{}</bdi>, pid {}", Safe(&victim.process), victim.pid);
        if let Some(resident) = victim.resident {
            let _ = write!(page, ", which held {resident}");
        }
    }
    page.push_str(".</p>\n");
}

/// Time that its tasks have stalled on memory.
pub(super) fn pressure(page: &mut String, stalls: [u64; 2]) {
    let [some, full] = stalls.map(|microseconds| Span(count_as_f64(microseconds) / 1e6));
    let _ = writeln!(page, "<p>Stalled on memory: some of its tasks for {some}, all of them for {full}.</p>");
}
