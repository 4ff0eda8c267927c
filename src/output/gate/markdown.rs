//! The report as Markdown, for the summary of a GitHub job or a comment on a merge request of GitLab.
//!
//! What somebody else chose is written with character references, which stand for themselves and never for structure (CommonMark
//! 0.31, 6.2), in table cells too; and what either site makes of plain text afterwards (mentions, references, links, short codes) is
//! broken up by a word joiner, which cannot be seen.

use super::{sketch, told};
use crate::analysis::gate::report::{GateReport, Outcome};
use crate::output::markup::is_harmless;
use std::fmt::{self, Write};

/// Longest sentence, in characters.
const MOST: usize = 1000;

/// The document.
pub fn render(report: &GateReport) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(page, "## memtrend: {}\n\n**{}**\n", report.conclusion.name(), Inert(&report.sentence));
    let _ = writeln!(page, "<code>{}</code>\n\n| check | outcome | |\n|---|---|---|", Inert(&report.subject));
    for checked in &report.checks {
        let outcome = checked.outcome.name();
        let bold = if matches!(checked.outcome, Outcome::Failed | Outcome::Unknown) { "**" } else { "" };
        let _ = writeln!(page, "| {} | {bold}{outcome}{bold} | {} |", checked.check.name(), Inert(&checked.sentence));
    }
    table(&mut page, "growth of", told::parts(report).into_iter().chain(told::kinds(report)));
    table(&mut page, "run", told::rest(report).into_iter());
    if !report.notes.is_empty() {
        page.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(page, "- note: {}", Inert(note));
    }
    let chart = sketch::draw(report, false);
    if !chart.is_empty() {
        let chart = chart.join("\n");
        let _ =
            write!(page, "\n<details><summary>Memory over the run</summary>\n\n```text\n{chart}\n```\n\n</details>\n");
    }
    page
}

fn table(page: &mut String, title: &str, rows: impl Iterator<Item = told::Told>) {
    let _ = writeln!(page, "\n| {title} | |\n|---|---|");
    for (name, text) in rows {
        let _ = writeln!(page, "| {} | {} |", Inert(name), Inert(&text));
    }
}

/// Text that is nothing but text.
struct Inert<'a>(&'a str);

impl fmt::Display for Inert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars().take(MOST).peekable();
        let mut word = 0;
        while let Some(character) = characters.next() {
            match character {
                // `www.` becomes a link.
                '.' if word != 3 => f.write_char('.')?,
                '.' | '#' | '$' | '&' | '*' | '<' | '>' | '@' | '['..='`' | '{'..='~' | '!' => {
                    write!(f, "&#{};", u32::from(character))?;
                }
                _ if is_harmless(character) => f.write_char(character)?,
                _ => f.write_char('\u{fffd}')?,
            }
            let begins = characters.peek().is_some_and(|next| next.is_alphanumeric() || matches!(next, '/' | '"'));
            if begins && matches!(character, '!' | '#' | '$' | '%' | '&' | ':' | '@' | '~') {
                f.write_char('\u{2060}')?;
            }
            word = if character.eq_ignore_ascii_case(&'w') { word + 1 } else { 0 };
        }
        if self.0.chars().nth(MOST).is_some() { f.write_str(" …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::fixture;
    use super::*;

    #[test]
    fn it_has_the_verdict_the_tables_and_the_chart() {
        let page = render(&fixture::with_baseline());
        let (told, chart) = page.split_once("<details>").unwrap();
        assert_eq!(
            format!("\n{told}"),
            r#"
## memtrend: leak

**leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request**

<code>node server.js --port 8080</code>

| check | outcome | |
|---|---|---|
| growth | **failed** | leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request |
| baseline-growth | **failed** | 2.90 KiB per request (2.88-2.94) more than in the earlier run |
| baseline-level | **failed** | its level is +29 % against the earlier run's, limit +10 % |
| program | passed | it ran from beginning to end |
| load | passed | 20500 requests, none failed |
| idle | told | 1.8 MiB of 84.4 MiB came back when the load had stopped |

| growth of | |
|---|---|
| memory | 3.00 KiB per request (3.00-3.03): leak; 12 floors over 21 s |
| anon | +3 KiB per request, 72.5 MiB at the end |
| file | +2 B per request, 12.3 MiB at the end |

| run | |
|---|---|
| memory | ready 24.0 MiB, floor 68.3 MiB, peak 85.8 MiB, end 84.4 MiB, after idle 82.6 MiB |
| work | 20500 requests at 500 a second, 0 failed, half answered in 2.10 ms, 99 % in 8.43 ms |
| processes | 1 |
| time | ready after 1.2 s, load after 1.3 s, judged from 21.8 s, verdict after 42.3 s |
| baseline | more by 2.90 KiB per request (2.88-2.94), level +29.0 %; earlier +100 B per request, floor 52.9 MiB |

"#
        );
        assert!(chart.starts_with("<summary>Memory over the run</summary>\n\n```text\n"), "{chart}");
        assert!(chart.ends_with("\n```\n\n</details>\n"), "{chart}");
    }

    #[test]
    fn no_name_breaks_a_table_or_becomes_markup() {
        let (hostile, harmless) = (render(&fixture::hostile()), render(&fixture::leak()));
        let shape = |page: &str| -> Vec<String> {
            let told = page.split("\n- ").next().unwrap_or_default();
            told.lines()
                .filter(|line| line.starts_with('|'))
                .map(|line| line.matches('|').count().to_string())
                .collect()
        };
        assert_eq!(shape(&hostile), shape(&harmless));
        assert!(
            !hostile.contains("<img") && !hostile.contains("@t") && !hostile.contains("](") && !hostile.contains("`a`")
        );
        assert_eq!(hostile.matches("```").count(), 2);
        assert_eq!(hostile.matches("</details>").count(), 1);
    }

    #[test]
    fn text_is_nothing_but_text() {
        let inert = |text: &str| Inert(text).to_string();
        assert_eq!(inert("3.1 KiB per request (2.8-3.4), 80 % of it"), "3.1 KiB per request (2.8-3.4), 80 % of it");
        assert_eq!(inert("a|b\n"), "a&#124;b\u{fffd}");
        assert_eq!(inert("@me #1 http://x www.x"), "&#64;\u{2060}me &#35;\u{2060}1 http:\u{2060}//x www&#46;x");
        assert_eq!(inert("\\_*[<"), "&#92;&#95;&#42;&#91;&#60;");
    }
}
