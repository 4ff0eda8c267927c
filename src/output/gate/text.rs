//! The report for people, at a terminal or in the log of a CI job: at most 40 lines, the verdict in the first.
//!
//! Names and sentences come through without control characters, and without what CI runners take for a command: GitHub's finds
//! `##[command]` anywhere in a line and `::command::` at its beginning (Runner.Common, ActionCommand.TryParse), Azure's `##vso[…]`.

use super::{sketch, told};
use crate::analysis::gate::report::{Conclusion, GateReport, Outcome};
use crate::output::chart::text::lines;
use crate::output::plain::plain;

/// The most lines.
const MOST_LINES: usize = 40;

/// Where lines are broken.
const WIDTH: usize = 100;

/// Room of the names at the left, and of those beside them.
const NAMES: usize = 10;
const INNER: usize = 17;

/// How it may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With the colours of a terminal.
    pub is_coloured: bool,
    /// Without characters beyond ASCII.
    pub is_ascii: bool,
}

/// The text; each line ends with a newline.
pub fn render(report: &GateReport, style: Style) -> String {
    let paint = |text: &str, colour: Colour| match style.is_coloured {
        true => format!("\u{1b}[{}m{text}\u{1b}[0m", colour.code()),
        false => text.to_owned(),
    };
    let verdict = paint(report.conclusion.name(), colour_of(report.conclusion));
    let mut page = vec![format!("{verdict}: {}", clean(&report.sentence, 4 * WIDTH))];
    hang(&mut page, &format!("{:<NAMES$}", "of"), NAMES, &clean(&report.subject, 2 * WIDTH));
    let chart = sketch::draw(report, style.is_ascii);
    if !chart.is_empty() {
        page.push(String::new());
        page.extend(chart);
    }
    page.push(String::new());
    for checked in &report.checks {
        let outcome = format!("{:<NAMES$}", checked.outcome.name());
        let outcome = colour_of_check(checked.outcome).map_or(outcome.clone(), |colour| paint(&outcome, colour));
        let head = format!("{outcome}{:<INNER$}", checked.check.name());
        hang(&mut page, &head, NAMES + INNER, &clean(&checked.sentence, 3 * WIDTH));
    }
    page.push(String::new());
    for (place, (name, text)) in told::parts(report).into_iter().chain(told::kinds(report)).enumerate() {
        let title = if place == 0 { "growth" } else { "" };
        hang(&mut page, &format!("{title:<NAMES$}{name:<INNER$}"), NAMES + INNER, &text);
    }
    for (name, text) in told::rest(report) {
        hang(&mut page, &format!("{name:<NAMES$}"), NAMES, &text);
    }
    for note in &report.notes {
        hang(&mut page, &format!("{:<NAMES$}", "note"), NAMES, &clean(note, 3 * WIDTH));
    }
    if page.len() > MOST_LINES {
        page.truncate(MOST_LINES - 1);
        page.push(format!("{:<NAMES$}there is more: see the other reports", ""));
    }
    let page = page.join("\n") + "\n";
    if style.is_ascii { in_ascii(&page) } else { page }
}

/// Text beside its head, in as many lines as it takes.
fn hang(page: &mut Vec<String>, head: &str, indent: usize, text: &str) {
    for (place, line) in lines(text, WIDTH - indent, 4).iter().enumerate() {
        page.push(if place == 0 { format!("{head}{line}") } else { format!("{:indent$}{line}", "") });
    }
}

/// Untrusted text on one line of about `most` characters at the most.
pub(super) fn clean(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push_str(" …");
    }
    uncommanded(&plain(&short))
}

/// Breaks up what CI runners take for the beginning of a command. A line may be broken before any word.
fn uncommanded(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let (mut before, mut is_in_word) = (' ', false);
    for character in text.chars() {
        match character {
            '#' if before == '#' => harmless.extend(character.escape_unicode()),
            // `std::fmt` may stay.
            ':' if before == ':' && !is_in_word => harmless.extend(character.escape_unicode()),
            _ => harmless.push(character),
        }
        is_in_word = if character == ':' { is_in_word } else { character.is_alphanumeric() };
        before = character;
    }
    harmless
}

fn in_ascii(page: &str) -> String {
    let mut ascii = String::with_capacity(page.len());
    for character in page.chars() {
        match character {
            '…' => ascii.push_str("..."),
            _ if character.is_ascii() => ascii.push(character),
            _ => ascii.extend(character.escape_unicode()),
        }
    }
    ascii
}

/// A colour of terminals.
#[derive(Clone, Copy)]
enum Colour {
    Red,
    Green,
    Yellow,
}

impl Colour {
    /// Its SGR parameters: bold, and the colour (ECMA-48, 8.3.117).
    fn code(self) -> &'static str {
        match self {
            Self::Red => "1;31",
            Self::Green => "1;32",
            Self::Yellow => "1;33",
        }
    }
}

fn colour_of(conclusion: Conclusion) -> Colour {
    match conclusion {
        Conclusion::NoLeak => Colour::Green,
        Conclusion::Leak | Conclusion::Failed => Colour::Red,
        Conclusion::Inconclusive => Colour::Yellow,
    }
}

fn colour_of_check(outcome: Outcome) -> Option<Colour> {
    match outcome {
        Outcome::Passed => Some(Colour::Green),
        Outcome::Failed => Some(Colour::Red),
        Outcome::Unknown => Some(Colour::Yellow),
        Outcome::Told => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    const PLAIN: Style = Style { is_coloured: false, is_ascii: false };

    #[test]
    fn the_verdict_is_first_and_everything_is_on_one_screen() {
        let mut long = fixture::with_baseline();
        long.notes = vec!["a note ".repeat(40); 9];
        for report in fixture::all().into_iter().chain([long]) {
            let text = render(&report, PLAIN);
            assert!(text.lines().count() <= MOST_LINES, "{text}");
            assert!(text.starts_with(&format!("{}: ", report.conclusion.name())), "{text}");
            assert!(text.lines().skip(1).all(|line| line.chars().count() <= WIDTH + 3), "{text}");
        }
    }

    #[test]
    fn what_is_known_is_told_in_lines_that_stand_below_each_other() {
        assert_eq!(
            format!("\n{}", render(&fixture::with_baseline(), PLAIN)),
            r#"
leak: leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request
of        node server.js --port 8080

  96 MiB ┤
         │                                              ▁▁▃▄▄▅▆▇
         │                                     ▂▂▄▄▅▆▇▇█████████
  64 MiB ┤                          ▁▁▂▃▄▄▆▆▇███████████████████
         │                 ▁▁▃▃▄▅▆▇▇████████████████████████████
         │        ▂▂▃▄▅▆▇▇██████████████████████████████████████
  32 MiB ┤▂▄▄▅▆▇████████████████████████████████████████████████
         │██████████████████████████████████████████████████████
         │██████████████████████████████████████████████████████
       0 └───────────────────────────━━━━━━━━━━━━━━━━━━━━━━━━━━━
          0 s          10 s         20 s         30 s       40 s
requests  0            5000         10000        15000     20000

failed    growth           leaks 3.00 KiB per request (3.00-3.03), limit 100 B per request
failed    baseline-growth  2.90 KiB per request (2.88-2.94) more than in the earlier run
failed    baseline-level   its level is +29 % against the earlier run's, limit +10 %
passed    program          it ran from beginning to end
passed    load             20500 requests, none failed
told      idle             1.8 MiB of 84.4 MiB came back when the load had stopped

growth    memory           3.00 KiB per request (3.00-3.03): leak; 12 floors over 21 s
          anon             +3 KiB per request, 72.5 MiB at the end
          file             +2 B per request, 12.3 MiB at the end
memory    ready 24.0 MiB, floor 68.3 MiB, peak 85.8 MiB, end 84.4 MiB, after idle 82.6 MiB
work      20500 requests at 500 a second, 0 failed, half answered in 2.10 ms, 99 % in 8.43 ms
processes 1
time      ready after 1.2 s, load after 1.3 s, judged from 21.8 s, verdict after 42.3 s
baseline  more by 2.90 KiB per request (2.88-2.94), level +29.0 %; earlier +100 B per request, floor
          52.9 MiB
"#
        );
    }

    #[test]
    fn nothing_moves_the_cursor_or_commands_a_runner() {
        let text = render(&fixture::hostile(), PLAIN);
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
        assert!(
            !text.contains(['\u{202e}', '\u{ffff}'])
                && !text.contains("##[")
                && text.contains("\\u{1b}[2J\\r\\n::error")
        );
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")));
        assert_eq!(uncommanded("::a std::fmt #1 ###[ (::"), ":\\u{3a}a std::fmt #1 #\\u{23}\\u{23}[ (:\\u{3a}");
    }

    #[test]
    fn colours_and_other_characters_come_only_where_they_are_asked_for() {
        let coloured = render(&fixture::leak(), Style { is_coloured: true, is_ascii: true });
        assert!(coloured.starts_with("\u{1b}[1;31mleak\u{1b}[0m: ") && coloured.is_ascii(), "{coloured}");
        assert_eq!(coloured.matches('\u{1b}').count() % 2, 0);
        assert!(render(&fixture::hostile(), Style { is_ascii: true, ..PLAIN }).contains("\\u{e9}"));
    }
}
