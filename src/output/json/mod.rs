//! The report as JSON, at `/api/v1/report`, and one application with its floors, at `/api/v1/application`: docs/api.md tells
//! the fields. Names and units are those of the metrics; what is not known is absent.

mod application;
mod growth;
mod kills;
mod memory;

use crate::analysis::history::{Block, History};
use crate::analysis::oom::KillSource;
use crate::analysis::report::{ApplicationReport, Report};
use crate::output::pieces::{PIECE, Pieces};
use application::Application;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Raised when a field changes its meaning or goes; new ones may come without.
const VERSION: u32 = 1;

/// All of a report, in the making.
pub struct Whole {
    report: Arc<Report>,
    /// The application that comes next; `None` before the head.
    next: Option<usize>,
}

impl Whole {
    /// The document of a report.
    pub fn new(report: Arc<Report>) -> Self {
        Self { report, next: None }
    }

    /// What stands before the applications, their list begun.
    fn head(&self, page: &mut Vec<u8>) {
        let report = &*self.report;
        let head = written(&Head {
            version: VERSION,
            timestamp_seconds: report.clock.wall.0,
            oom_sources: KillSource::ALL.iter().map(|source| OomSource::of(*source, report)).collect(),
            oom_kills_unattributed: report.kills.node.unattributed(),
            applications_dropped: report.dropped,
        });
        page.extend_from_slice(head.strip_suffix(b"}").unwrap_or(&head));
        page.extend_from_slice(b",\"applications\":[");
    }
}

impl Pieces for Whole {
    fn write_piece(&mut self, page: &mut Vec<u8>) -> bool {
        let applications = &self.report.applications;
        let mut next = self.next.unwrap_or(0);
        if next > applications.len() {
            return false;
        }
        let end = page.len() + PIECE;
        if self.next.is_none() {
            self.head(page);
        }
        while let Some(application) = applications.get(next).filter(|_| page.len() < end) {
            if next > 0 {
                page.push(b',');
            }
            page.extend_from_slice(&written(&Application::of(application, &self.report)));
            next += 1;
        }
        if next == applications.len() {
            page.extend_from_slice(b"]}");
            next += 1;
        }
        self.next = Some(next);
        true
    }
}

/// One application of it, with what is remembered of its floors; `history` is absent where the engine was too busy to tell.
pub fn application(application: &ApplicationReport, report: &Report, history: Option<&History>) -> Vec<u8> {
    let document = Alone {
        version: VERSION,
        timestamp_seconds: report.clock.wall.0,
        application: Application::of(application, report),
        heap_floors: history.map(|history| Floors::of(history, report)),
    };
    written(&document)
}

/// Says in the same form what is wrong with a request.
pub fn error(text: &str) -> Vec<u8> {
    written(&BTreeMap::from([("error", text)]))
}

/// Numbers, strings and maps by string: there is nothing that JSON cannot hold.
fn written(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}

#[derive(Serialize)]
struct Head {
    version: u32,
    timestamp_seconds: f64,
    oom_sources: Vec<OomSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_kills_unattributed: Option<u64>,
    applications_dropped: u64,
}

#[derive(Serialize)]
struct Alone<'a> {
    version: u32,
    timestamp_seconds: f64,
    application: Application<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heap_floors: Option<Floors<'a>>,
}

#[derive(Serialize)]
struct OomSource {
    source: &'static str,
    readable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kills: Option<u64>,
}

impl OomSource {
    fn of(source: KillSource, report: &Report) -> Self {
        let readable = report.kills.sources.readable.get(source.index()).copied().unwrap_or(false);
        Self { source: source.name(), readable, kills: report.kills.node.seen_by(source) }
    }
}

/// Blocks as [begin, seconds, bytes], oldest first.
type Blocks = Vec<[f64; 3]>;

#[derive(Serialize)]
struct Floors<'a> {
    all: Blocks,
    windows: BTreeMap<&'a str, Blocks>,
}

impl<'a> Floors<'a> {
    fn of(history: &History, report: &'a Report) -> Self {
        let blocks =
            |blocks: &[Block]| blocks.iter().map(|block| [block.begin.0, block.seconds, block.floor]).collect();
        let windows = report.windows.iter().map(String::as_str).zip(history.windows.iter().map(|of| blocks(of)));
        Self { all: blocks(&history.course), windows: windows.collect() }
    }
}
