//! Tables of one application's page.

use super::figures::Between;
use super::spark;
use crate::analysis::history::History;
use crate::analysis::oom::{Cause, Scope};
use crate::analysis::report::{ApplicationReport, Present};
use crate::analysis::sample::{Kind, MemoryEvent};
use std::fmt::{Display, Write};

/// Begins a table with its caption and its headings, each with its class.
fn begin(page: &mut String, caption: &str, headings: &[(&str, &str)]) {
    // Writing to a String cannot fail, here and below.
    let _ = write!(page, "<table><caption>{caption}</caption><thead><tr>");
    for (class, heading) in headings {
        let _ = write!(page, "<th scope=\"col\" class=\"{class}\">{heading}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
}

fn end(page: &mut String) {
    page.push_str("</tbody></table>\n");
}

fn name(page: &mut String, name: impl Display, meaning: &str) {
    let _ = write!(page, "<tr><th scope=\"row\">{name}");
    if !meaning.is_empty() {
        let _ = write!(page, "<small>{meaning}</small>");
    }
    page.push_str("</th>");
}

fn figure(page: &mut String, figure: Option<impl Display>) {
    page.push_str("<td class=\"n\">");
    if let Some(figure) = figure {
        let _ = write!(page, "{figure}");
    }
    page.push_str("</td>");
}

/// Slopes with their bounds, and the floors that they are of.
pub(super) fn windows(page: &mut String, present: &Present, windows: &[String], history: &History) {
    let caption = "Slope of the floor with its 95 % bounds; empty until the window has enough blocks";
    begin(page, caption, &[("", "Window"), ("floor", "Floor"), ("n", "Growth")]);
    for ((slope, window), blocks) in present.slopes.iter().zip(windows).zip(&history.windows) {
        name(page, window, "");
        page.push_str("<td class=\"floor\">");
        spark::alone(page, blocks);
        page.push_str("</td><td class=\"n\">");
        if let Some(slope) = slope {
            let _ = write!(page, "{}<small>{}</small>", slope.rate, Between(slope.lower, slope.upper));
        }
        page.push_str("</td></tr>\n");
    }
    end(page);
}

/// Memory by kind, and which kinds grow.
pub(super) fn kinds(page: &mut String, present: &Present, shortest: &str) {
    let rates = || Kind::ALL.iter().filter_map(|kind| present.by_kind.get(*kind)).map(|rate| rate.0);
    let fastest = rates().filter(|rate| *rate > 0.0).reduce(f64::max);
    let growth = format!("Growth over {shortest}");
    begin(page, "Where it grows", &[("", "Kind"), ("n", "Now"), ("n", &growth)]);
    for &kind in Kind::ALL {
        let Some(amount) = present.memory.by_kind.get(kind) else { continue };
        let rate = present.by_kind.get(kind);
        name(page, kind.name(), meaning(kind));
        figure(page, Some(amount));
        match rate {
            Some(rate) if fastest == Some(rate.0) => {
                figure(page, Some(format_args!("<b>{rate}</b><small>the most</small>")))
            }
            rate => figure(page, rate),
        }
        page.push_str("</tr>\n");
    }
    end(page);
}

fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Anon => "heap, stacks, private mappings",
        Kind::File => "page cache and file mappings",
        Kind::Shmem => "shared memory, tmpfs",
        Kind::Swap => "swapped out",
        Kind::SlabReclaimable => "kernel: dentries, inodes",
        Kind::SlabUnreclaimable => "kernel: what cannot be dropped",
        Kind::PageTables => "kernel: page tables",
        Kind::KernelStack => "kernel: stacks of its threads",
        Kind::Percpu => "kernel: per processor",
        Kind::Sock => "kernel: socket buffers",
        Kind::KernelOther => "kernel: the rest",
    }
}

/// Kills by whose limit was hit.
pub(super) fn kills(page: &mut String, application: &ApplicationReport) {
    begin(page, "Kills by whose limit was hit", &[("", "Scope"), ("n", "Kills")]);
    for (&scope, kills) in Scope::ALL.iter().zip(application.totals.kills) {
        let meaning = match scope {
            Scope::Own => "its own limit",
            Scope::Ancestor => "a limit above: the pod, the slice",
            Scope::Node => "the machine ran out of memory",
            Scope::Userspace => "a killer in user space",
            Scope::Unknown => "cannot be told",
        };
        name(page, scope.name(), meaning);
        figure(page, Some(kills));
        page.push_str("</tr>\n");
    }
    end(page);
}

/// Lives that ended and were followed by another.
pub(super) fn restarts(page: &mut String, application: &ApplicationReport) {
    begin(page, "Restarts by what ended the life before", &[("", "Cause"), ("n", "Restarts")]);
    for (&cause, restarts) in Cause::ALL.iter().zip(application.restarts) {
        let meaning = match cause {
            Cause::Oom => "an out-of-memory kill",
            Cause::Exit => "anything else, for certain",
            Cause::Unknown => "cannot be told",
        };
        name(page, cause.name(), meaning);
        figure(page, Some(restarts));
        page.push_str("</tr>\n");
    }
    end(page);
}

/// Memory events of its cgroups, where the kernel counts them.
pub(super) fn events(page: &mut String, application: &ApplicationReport) {
    if application.totals.events.iter().all(Option::is_none) {
        page.push_str("<p>None are counted here: it has no cgroup of its own, or the kernel does not tell.</p>\n");
        return;
    }
    begin(page, "Events of its cgroups, as long as they are counted", &[("", "Event"), ("n", "Count")]);
    for (&event, count) in MemoryEvent::ALL.iter().zip(application.totals.events) {
        let meaning = match event {
            MemoryEvent::Low => "reclaimed though below memory.low",
            MemoryEvent::High => "throttled above memory.high",
            MemoryEvent::Max => "the limit was about to be exceeded",
            MemoryEvent::Oom => "the limit was hit and reclaim failed",
            MemoryEvent::OomGroupKill => "all of it was killed together",
        };
        if let Some(count) = count {
            name(page, event.name(), meaning);
            figure(page, Some(count));
            page.push_str("</tr>\n");
        }
    }
    end(page);
}
