//! The verdict as workflow commands of GitHub Actions, which show as annotations of the run. Escaped as the toolkit does
//! (actions/toolkit, packages/core/src/command.ts): a message holds no `%` and no end of line, a property no `:` and no `,` either.

use super::text::clean;
use crate::analysis::gate::report::{Conclusion, GateReport, Outcome};

/// Longest message, in characters.
const MOST: usize = 1000;

/// One line for the verdict, and one for each check that does not hold or could not be told; each ends with a newline.
pub fn render(report: &GateReport) -> String {
    let level = match report.conclusion {
        Conclusion::NoLeak => "notice",
        Conclusion::Leak | Conclusion::Failed => "error",
        Conclusion::Inconclusive => "warning",
    };
    let subject = clean(&report.subject, 60);
    let mut page = command(level, &format!("memtrend: {}: {subject}", report.conclusion.name()), &report.sentence);
    for checked in &report.checks {
        let level = match checked.outcome {
            Outcome::Failed => "error",
            Outcome::Unknown => "warning",
            Outcome::Passed | Outcome::Told => continue,
        };
        // The verdict has said it.
        if checked.sentence != report.sentence {
            let title = format!("memtrend: {} {}: {subject}", checked.check.name(), checked.outcome.name());
            page.push_str(&command(level, &title, &checked.sentence));
        }
    }
    page
}

fn command(level: &str, title: &str, message: &str) -> String {
    let title = escaped(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} title={title}::{}\n", escaped(&clean(message, MOST)))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::*;

    #[test]
    fn the_verdict_and_what_does_not_hold_are_told_once() {
        assert_eq!(
            render(&fixture::no_leak()),
            "::notice title=memtrend%3A no leak%3A node server.js --port 8080::grows -3 B per request (-61 to 7), limit 100 B per request\n"
        );
        assert_eq!(
            format!("\n{}", render(&fixture::with_baseline())),
            r#"
::error title=memtrend%3A leak%3A node server.js --port 8080::leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request
::error title=memtrend%3A baseline-growth failed%3A node server.js --port 8080::2.90 KiB per request (2.88-2.94) more than in the earlier run
::error title=memtrend%3A baseline-level failed%3A node server.js --port 8080::its level is +29 %25 against the earlier run's, limit +10 %25
"#
        );
        assert_eq!(
            format!("\n{}", render(&fixture::killed())),
            r#"
::error title=memtrend%3A failed%3A node server.js --port 8080::the kernel OOM-killed a process of it
::warning title=memtrend%3A growth unknown%3A node server.js --port 8080::it was seen for too short a time after its warm-up; so far 20 KiB per request (19-22); limit 100 B per request
"#
        );
        assert!(render(&fixture::inconclusive()).starts_with("::warning title=memtrend%3A inconclusive%3A "));
    }

    #[test]
    fn names_do_not_become_commands_or_properties() {
        let page = render(&fixture::hostile());
        for line in page.lines() {
            let (properties, message) = line.strip_prefix("::error title=").unwrap().split_once("::").unwrap();
            assert!(!properties.contains([':', ',', '\r']) && !message.contains("##["), "{line}");
            assert!(message.contains("%250A") && line.chars().all(|character| !character.is_control()), "{line}");
        }
    }
}
