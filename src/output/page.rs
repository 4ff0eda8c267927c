//! The metrics page.

use super::catalogue::{Family, OOM_KILLS, Samples, family_at};
use super::encoder::{FamilyWriter, Format, identity_labels};
use super::instruments::Instruments;
use super::pieces::{PIECE, Pieces};
use crate::analysis::report::{ApplicationReport, Report};
use std::sync::Arc;

/// Whether a family has samples of an application: of one that is long gone its kills alone are told.
pub(super) fn is_told(application: &ApplicationReport, family: &Family) -> bool {
    !application.is_only_kills || family.name == OOM_KILLS
}

/// A page in the making.
pub struct Page {
    report: Arc<Report>,
    /// The labels of each application.
    labels: Vec<String>,
    instruments: Instruments,
    format: Format,
    /// The place of the family that is being written, whether its header is, and the next application.
    family: usize,
    has_header: bool,
    application: usize,
    is_finished: bool,
}

impl Page {
    /// The page of a report.
    pub fn new(report: Arc<Report>, instruments: Instruments, format: Format) -> Self {
        let labels = report.applications.iter().map(|application| identity_labels(&application.identity)).collect();
        Self { report, labels, instruments, format, family: 0, has_header: false, application: 0, is_finished: false }
    }

    /// The whole page at once.
    pub fn whole(mut self) -> Vec<u8> {
        let mut page = Vec::new();
        while self.write_piece(&mut page) {}
        page
    }
}

impl Pieces for Page {
    fn write_piece(&mut self, page: &mut Vec<u8>) -> bool {
        if self.is_finished {
            return false;
        }
        let end = page.len() + PIECE;
        while let Some(family) = family_at(self.family) {
            let (format, has_header) = (self.format, self.has_header);
            let mut writer = FamilyWriter { family, format, has_header, labels: "", page };
            match family.samples {
                Samples::Exporter(extract) => extract(&self.report, &mut writer),
                Samples::Instrument => self.instruments.emit(family.name, &mut writer),
                Samples::Application(extract) => {
                    let applications = self.report.applications.iter().zip(&self.labels);
                    for (application, labels) in applications.skip(self.application) {
                        if writer.page.len() >= end {
                            break;
                        }
                        writer.labels = labels;
                        if !is_told(application, family) {
                            self.application += 1;
                            continue;
                        }
                        extract(application, &self.report, &mut writer);
                        self.application += 1;
                    }
                    if self.application < self.report.applications.len() {
                        self.has_header = writer.has_header;
                        return true;
                    }
                }
            }
            (self.family, self.has_header, self.application) = (self.family + 1, false, 0);
            if page.len() >= end {
                return true;
            }
        }
        if self.format == Format::OpenMetrics {
            page.extend_from_slice(b"# EOF\n");
        }
        self.is_finished = true;
        true
    }
}
