//! The page of all applications: what needs somebody first, then a row for each.

use super::address::View;
use super::frame::{self, Frame};
use super::order::{Column, order};
use super::row;
use super::time::Clock;
use crate::analysis::history::Block;
use crate::analysis::oom::KillSource;
use crate::analysis::report::{ApplicationReport, Report};
use crate::analysis::sample::Identity;
use crate::analysis::verdict::Verdict;
use crate::output::pieces::{PIECE, Pieces};
use crate::units::Span;
use std::fmt::Write;
use std::sync::Arc;

/// Rows shown unless all are asked for.
const MOST_ROWS: usize = 200;

/// The page in the making.
pub struct Overview {
    report: Arc<Report>,
    view: View,
    telemetry_path: Arc<str>,
    /// Seconds since the last pass, where that is too long ago.
    old: Option<f64>,
    /// Places of the applications in the report, as they are shown; and how many there are beside these.
    shown: Vec<usize>,
    hidden: usize,
    courses: Vec<Vec<Block>>,
    next: Next,
}

/// What is to be written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Head,
    Row(usize),
    Nothing,
}

impl Overview {
    /// The page of a report as a view shows it; `old` tells how many seconds ago the last pass was, where passes hang.
    pub fn new(report: Arc<Report>, view: View, telemetry_path: Arc<str>, old: Option<f64>) -> Self {
        let mut shown = order(&report, view);
        if !view.shows_all {
            shown.truncate(MOST_ROWS);
        }
        let hidden = report.applications.len() - shown.len();
        Self { report, view, telemetry_path, old, shown, hidden, courses: Vec::new(), next: Next::Head }
    }

    /// The applications whose floors it shows, from the first row to the last.
    pub fn applications(&self) -> Vec<Arc<Identity>> {
        self.rows().map(|application| Arc::clone(&application.identity)).collect()
    }

    /// Adds their floors, in that order, each of at most [`super::MOST_BLOCKS`] blocks.
    pub fn with_courses(self, courses: Vec<Vec<Block>>) -> Self {
        Self { courses, ..self }
    }

    fn rows(&self) -> impl Iterator<Item = &ApplicationReport> {
        self.shown.iter().filter_map(|place| self.report.applications.get(*place))
    }

    fn head(&self, page: &mut String) {
        let other = View { is_still: !self.view.is_still, ..self.view }.to_string();
        let title = self.title();
        frame::begin(
            page,
            &Frame {
                title: &title,
                view: self.view,
                other: Some(&other),
                telemetry_path: &self.telemetry_path,
                json: "api/v1/report",
            },
        );
        page.push_str("<h1>Applications</h1>\n");
        self.warnings(page);
        self.summary(page);
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            page,
            "<table class=\"applications{}\" role=\"table\"><caption>{} of {}, {}{}. As of {}.</caption>\
             <thead role=\"rowgroup\"><tr role=\"row\">",
            if self.shown.len() > MOST_ROWS { " many" } else { "" },
            self.shown.len(),
            self.shown.len() + self.hidden,
            self.view.sort.words(),
            if self.view.is_reversed { ", turned round" } else { "" },
            Clock(self.report.clock.wall)
        );
        for column in Column::ALL {
            self.heading(page, column);
            if column == Column::Verdict {
                page.push_str("<th scope=\"col\" role=\"columnheader\" class=\"floor\">Floor</th>");
            }
        }
        page.push_str("</tr></thead><tbody role=\"rowgroup\">\n");
    }

    fn title(&self) -> String {
        let of = |verdict: Verdict| match self.count(verdict) {
            0 => None,
            count => Some(format!("{count} {}", verdict.name())),
        };
        let urgent: Vec<String> = [Verdict::Leaking, Verdict::Growing].into_iter().filter_map(of).collect();
        match (self.old, &*urgent, self.count(Verdict::Steady)) {
            (Some(_), ..) => "old".to_owned(),
            (None, [], 0) => "nothing known yet".to_owned(),
            (None, [], _) => "no growth".to_owned(),
            (None, urgent, _) => urgent.join(", "),
        }
    }

    fn count(&self, verdict: Verdict) -> usize {
        let told = self.report.applications.iter().filter(|application| !application.is_only_kills);
        told.filter(|application| application.verdict == verdict).count()
    }

    fn warnings(&self, page: &mut String) {
        frame::age(page, self.old);
        if self.report.dropped > 0 {
            let dropped = self.report.dropped;
            let _ = writeln!(page, "<p class=\"warning\">{dropped} not watched: more than --max-applications.</p>");
        }
        if self.courses.is_empty() && !self.shown.is_empty() {
            page.push_str("<p class=\"warning\">No floors: a pass is taking long. Reload to see them.</p>\n");
        }
    }

    /// How many of each verdict, and which one has the least time left.
    fn summary(&self, page: &mut String) {
        page.push_str("<p class=\"summary\">");
        for verdict in [Verdict::Leaking, Verdict::Growing, Verdict::Steady, Verdict::Learning] {
            let (count, name) = (self.count(verdict), verdict.name());
            // What is none needs no colour.
            let class = if count > 0 { name } else { "none" };
            let _ = write!(page, "<span class=\"{class}\">{count} {name}</span> ");
        }
        if let Some((first, seconds)) = self.first_at_its_limit() {
            let (link, growth) = (row::Link(&first.identity, self.view), first.verdict.name());
            let _ = write!(page, "First at its limit: {link}, {growth}, in <b>{}</b>.", Span(seconds));
        }
        page.push_str("</p>\n");
    }

    /// Of those that leak or grow.
    fn first_at_its_limit(&self) -> Option<(&ApplicationReport, f64)> {
        let left = |application: &ApplicationReport| Some(application.present.as_ref()?.time_to_limit?.expected);
        let all = self.report.applications.iter().filter_map(|application| Some((application, left(application)?)));
        let growing = all.filter(|(one, _)| matches!(one.verdict, Verdict::Leaking | Verdict::Growing));
        growing.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    fn heading(&self, page: &mut String, column: Column) {
        let view = self.view.sorted_by(column);
        let is_rising = column.rises() != self.view.is_reversed;
        let sorted = match self.view.sort == column {
            true if is_rising => " aria-sort=\"ascending\"",
            true => " aria-sort=\"descending\"",
            false => "",
        };
        let class = if matches!(column, Column::Name | Column::Verdict) { "" } else { " class=\"n\"" };
        let _ = write!(
            page,
            "<th scope=\"col\" role=\"columnheader\"{class}{sorted}><a href=\"{view}\">{}</a></th>",
            column.title()
        );
    }

    fn tail(&self, page: &mut String) {
        page.push_str("</tbody></table>\n");
        if self.hidden > 0 {
            let all = View { shows_all: true, ..self.view };
            let _ = writeln!(
                page,
                "<p>{} more: the rest of them, and those that are gone and of which kills alone are still told. \
                 <a href=\"{all}\">Show all</a></p>",
                self.hidden
            );
        } else if self.view.shows_all {
            let few = View { shows_all: false, ..self.view };
            let _ = writeln!(page, "<p><a href=\"{few}\">Show the first {MOST_ROWS} only</a></p>");
        }
        self.sources(page);
        frame::end(page);
    }

    /// What is read of kills, and what no application owns.
    fn sources(&self, page: &mut String) {
        let kills = &self.report.kills;
        let of = |readable: bool| {
            let all = KillSource::ALL.iter();
            let is = |source: &&KillSource| kills.sources.readable.get(source.index()).copied() == Some(readable);
            all.filter(is).map(|source| source.name()).collect::<Vec<_>>().join(", ")
        };
        let (read, not_read) = (of(true), of(false));
        page.push_str("<p class=\"sources\">Kills are seen by: ");
        page.push_str(if read.is_empty() { "nothing" } else { &read });
        if !not_read.is_empty() {
            let _ = write!(page, "; cannot be read: {not_read}");
        }
        if let Some(unattributed) = kills.node.unattributed() {
            let _ = write!(page, "; of no application here: {unattributed}");
        }
        page.push_str(".</p>");
    }
}

impl Pieces for Overview {
    fn write_piece(&mut self, page: &mut Vec<u8>) -> bool {
        let mut piece = String::with_capacity(PIECE / 8);
        if self.next == Next::Head {
            self.head(&mut piece);
            self.next = Next::Row(0);
        }
        while let Next::Row(number) = self.next {
            if piece.len() >= PIECE {
                break;
            }
            let application = self.shown.get(number).and_then(|place| self.report.applications.get(*place));
            let Some(application) = application else {
                self.tail(&mut piece);
                self.next = Next::Nothing;
                break;
            };
            let course = self.courses.get(number).map(Vec::as_slice).unwrap_or_default();
            row::write(&mut piece, application, course, self.view, self.report.clock.wall);
            self.next = Next::Row(number + 1);
        }
        page.extend_from_slice(piece.as_bytes());
        !piece.is_empty()
    }
}
