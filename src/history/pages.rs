//! A whole past, one page after another in bounded memory.

use super::answer::{Matrix, Series, matrix};
use super::client::Client;
use super::columns::{Column, Cursor, Joined};
use super::labels::Labels;
use super::problem::Problem;
use super::range::{MOST_POINTS, Range};
use super::warnings::Warnings;
use crate::analysis::sample::{About, LoadCounters};
use crate::trace::Row;
use crate::units::{Bytes, count_as_f64, whole};
use std::collections::HashMap;
use std::sync::Arc;

/// Most series that are judged at once.
const MOST_SERIES: usize = 1000;

/// A query beside the main one.
#[derive(Clone, Debug)]
pub struct Query {
    /// The flag that it came by, for errors.
    pub flag: &'static str,
    /// PromQL.
    pub text: String,
    /// What it tells.
    pub column: Column,
}

/// Reads the series of a query, with other queries as columns.
#[derive(Debug)]
pub struct Pages<'a> {
    client: &'a mut Client,
    query: &'a str,
    columns: Vec<(&'a Query, Joined)>,
    range: Range,
    /// Points of a series in a page: fewer when answers are too long.
    points: u64,
    known: HashMap<Labels, usize>,
    warnings: Warnings,
    about: Arc<About>,
}

/// The flag of the main query.
const MAIN: &str = "--query";

/// A problem and the flag whose query has it.
type Blamed = (&'static str, Problem);

impl<'a> Pages<'a> {
    /// Begins at the first instant of `range`.
    pub fn new(client: &'a mut Client, query: &'a str, columns: &'a [Query], range: Range) -> Self {
        Self {
            client,
            query,
            columns: columns.iter().map(|column| (column, Joined::default())).collect(),
            range,
            points: MOST_POINTS,
            known: HashMap::new(),
            warnings: Warnings::default(),
            about: Arc::default(),
        }
    }

    /// Shows every known row to `take`, with its series' number (counted from 0 in order of appearance) and labels; rows of a
    /// series come in order of time, and those of different series a page at a time. `read` is told of points of time that
    /// are done, `warn` of the first few different warnings, cut short, with the flag of the query that they come with.
    ///
    /// # Errors
    /// The flag of the query that is to blame, and why.
    pub fn read(
        mut self,
        mut take: impl FnMut(usize, &Labels, &Row),
        mut read: impl FnMut(u64),
        mut warn: impl FnMut(&'static str, &str),
    ) -> Result<(), Blamed> {
        let mut done = 0;
        while let Some(page) = self.range.page(done, self.points) {
            let Some((judged, columns)) = self.page(page, &mut warn)? else {
                self.points = (page.points() / 2).max(1);
                continue;
            };
            self.join(&judged, &columns, &mut take)?;
            done += page.points();
            read(page.points());
        }
        if self.known.is_empty() {
            return Err((MAIN, Problem::Empty));
        }
        match self.columns.iter().find(|(_, joined)| !joined.any) {
            Some((query, joined)) => Err((query.flag, if joined.seen { Problem::Apart } else { Problem::Empty })),
            None => Ok(()),
        }
    }

    /// The answers of a page; `None` when one of them is too long.
    #[expect(clippy::type_complexity, reason = "the main answer and those of the columns")]
    fn page(
        &mut self,
        page: Range,
        warn: &mut impl FnMut(&'static str, &str),
    ) -> Result<Option<(Vec<Series>, Vec<Vec<Series>>)>, Blamed> {
        let mut ask = |flag, query: &str| match ask(self.client, query, page).map_err(|problem| (flag, problem))? {
            Some(answer) => {
                self.warnings.tell(&answer.warnings, |warning| warn(flag, warning));
                Ok(Some(answer.series))
            }
            None => Ok(None),
        };
        let Some(judged) = ask(MAIN, self.query)? else { return Ok(None) };
        let mut columns = Vec::with_capacity(self.columns.len());
        for (query, _) in &self.columns {
            let Some(found) = ask(query.flag, &query.text)? else { return Ok(None) };
            columns.push(found);
        }
        Ok(Some((judged, columns)))
    }

    fn join(
        &mut self,
        judged: &[Series],
        columns: &[Vec<Series>],
        take: &mut impl FnMut(usize, &Labels, &Row),
    ) -> Result<(), Blamed> {
        for series in judged {
            let next = self.known.len();
            self.known.entry(series.labels.clone()).or_insert(next);
        }
        if self.known.len() > MOST_SERIES {
            return Err((MAIN, Problem::Many(MOST_SERIES)));
        }
        let is_alone = self.known.len() == 1;
        for series in judged {
            let mut cursors = Vec::with_capacity(columns.len());
            for ((query, joined), found) in self.columns.iter_mut().zip(columns) {
                let one = joined.series(&series.labels, is_alone, found).map_err(|problem| (query.flag, problem))?;
                cursors.extend(one.map(|one| Cursor { column: query.column, points: &one.points }));
            }
            let number = self.known.get(&series.labels).copied().unwrap_or_default();
            for (at, heap) in series.points.iter().filter(|(_, heap)| *heap >= 0.0) {
                let mut row = Row {
                    timestamp_seconds: count_as_f64(*at) / 1000.0,
                    heap: Bytes(whole(*heap)),
                    limit: None,
                    live_heap: None,
                    load: LoadCounters::default(),
                    start_seconds: None,
                    oom_kills: None,
                    about: Arc::clone(&self.about),
                };
                cursors.iter_mut().for_each(|cursor| cursor.fill(*at, &mut row));
                take(number, &series.labels, &row);
            }
        }
        Ok(())
    }
}

fn ask(client: &mut Client, query: &str, page: Range) -> Result<Option<Matrix>, Problem> {
    match client.ask(query, page)? {
        Some(body) => matrix(&body).map(Some),
        None if page.points() > 1 => Ok(None),
        None => Err(Problem::Long(super::client::LONGEST_ANSWER)),
    }
}
