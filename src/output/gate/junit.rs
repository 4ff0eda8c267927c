//! The report as JUnit XML, for GitLab, Jenkins and others: one suite, one test case for each check.
//!
//! GitLab shows the text within `failure`, `error` and `skipped` and nothing else of them (lib/gitlab/ci/parsers/test/junit.rb), and
//! tells cases apart by class and name; Jenkins takes what is before the last dot of a class for its package.

use super::text::{self, Style};
use crate::analysis::gate::report::{GateReport, Outcome};
use crate::output::chart::text::shortened;
use crate::output::markup::Safe;
use std::fmt::Write;

/// Longest name of a class, in characters.
const MOST: usize = 100;

/// The document.
pub fn render(report: &GateReport) -> String {
    let count = |outcome| report.checks.iter().filter(|checked| checked.outcome == outcome).count();
    let (failed, unknown, told) = (count(Outcome::Failed), count(Outcome::Unknown), count(Outcome::Told));
    let (tests, seconds) = (report.checks.len(), report.stages.verdict);
    let class = shortened(&report.subject, MOST).replace('.', "_");
    let counts = format!("tests=\"{tests}\" failures=\"{failed}\" errors=\"{unknown}\"");
    let mut page = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(page, "<testsuites name=\"memtrend check\" {counts} time=\"{seconds:.3}\">");
    let _ = writeln!(
        page,
        "<testsuite name=\"memtrend check: {}\" {counts} skipped=\"{told}\" time=\"{seconds:.3}\">",
        Safe(&report.subject)
    );
    for checked in &report.checks {
        let _ = write!(page, "<testcase classname=\"memtrend.{}\" name=\"{}\"", Safe(&class), checked.check.name());
        let sentence = Safe(&checked.sentence);
        let element = match checked.outcome {
            Outcome::Passed => {
                page.push_str("/>\n");
                continue;
            }
            Outcome::Failed => "failure",
            Outcome::Unknown => "error",
            Outcome::Told => "skipped",
        };
        let kind = checked.outcome.name();
        let kind = if element == "skipped" { String::new() } else { format!(" type=\"{kind}\"") };
        let _ = writeln!(page, "><{element} message=\"{sentence}\"{kind}>{sentence}</{element}></testcase>");
    }
    page.push_str("<system-out>");
    for line in text::render(report, Style::default()).lines() {
        let _ = writeln!(page, "{}", Safe(line));
    }
    page.push_str("</system-out>\n</testsuite>\n</testsuites>\n");
    page
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::render;
    use super::text::{self, Style};
    use roxmltree::{Document, Node};

    /// What came of a case: the element, its message and its text.
    type Outcome<'a> = Option<(&'a str, &'a str, &'a str)>;

    fn cases<'a>(document: &'a Document) -> Vec<(&'a str, Outcome<'a>)> {
        let outcome = |case: Node<'a, 'a>| {
            let inner = case.first_element_child()?;
            Some((inner.tag_name().name(), inner.attribute("message")?, inner.text()?))
        };
        let all = document.descendants().filter(|node| node.has_tag_name("testcase"));
        all.map(|case| (case.attribute("name").unwrap(), outcome(case))).collect()
    }

    #[test]
    fn each_check_is_a_case_with_its_outcome() {
        let report = fixture::with_baseline();
        let page = render(&report);
        let document = Document::parse(&page).unwrap();
        let suite = document.root_element().first_element_child().unwrap();
        let attribute = |name| suite.attribute(name).unwrap();
        assert_eq!(["tests", "failures", "errors", "skipped", "time"].map(attribute), ["6", "3", "0", "1", "42.300"]);
        let told: Vec<_> =
            cases(&document).into_iter().map(|(name, outcome)| (name, outcome.map(|one| one.0))).collect();
        assert_eq!(
            told,
            [
                ("growth", Some("failure")),
                ("baseline-growth", Some("failure")),
                ("baseline-level", Some("failure")),
                ("program", None),
                ("load", None),
                ("idle", Some("skipped"))
            ]
        );
        let out = suite.last_element_child().unwrap();
        assert_eq!(
            (out.tag_name().name(), out.text()),
            ("system-out", Some(&*text::render(&report, Style::default())))
        );
    }

    #[test]
    fn what_could_not_be_told_is_an_error() {
        let page = render(&fixture::inconclusive());
        let document = Document::parse(&page).unwrap();
        let (name, outcome) = cases(&document)[0];
        let (element, message, text) = outcome.unwrap();
        assert_eq!((name, element, message), ("growth", "error", text));
        assert!(message.contains("slowing down"), "{message}");
    }

    #[test]
    fn any_name_gives_xml_and_nothing_that_xml_forbids() {
        let page = render(&fixture::hostile());
        let document = Document::parse(&page).unwrap();
        assert!(page.chars().all(|character| matches!(character, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')));
        let (_, outcome) = cases(&document)[0];
        assert!(
            outcome.unwrap().2.contains("<img src=x>") && document.descendants().all(|node| !node.has_tag_name("img"))
        );
    }
}
