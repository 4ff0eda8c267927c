//! YAML which other exporters' reader refuses: it knows YAML 1.1 only.
//!
//! A file which memtrend takes must work with every other exporter, so what
//! only YAML 1.2 allows is refused here.

use super::error::{Place, WebConfigError};
use super::file::Source;

/// Refuses text which only a YAML 1.2 reader understands.
pub(super) fn check(source: &Source<'_>, text: &str) -> Result<(), WebConfigError> {
    let mut scanner = Scanner::default();
    let mut lines = text.split('\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let next = lines.peek().map_or("", |(_, next)| next);
        if let Err((column, advice)) = scanner.line(line, next) {
            return Err(refusal(source, index, column, advice));
        }
    }
    Ok(())
}

/// Whether the value at a place is a bare `true` or `false`.
pub(super) fn is_bare_bool(text: &str, place: &Place) -> bool {
    let position = |n: u64| usize::try_from(n).unwrap_or(0).saturating_sub(1);
    let line = text.split('\n').nth(position(place.line)).unwrap_or("");
    let word: String = line.chars().skip(position(place.column)).take_while(|c| !" ,}#\r".contains(*c)).collect();
    ["true", "True", "TRUE", "false", "False", "FALSE"].contains(&word.as_str())
}

/// Follows quotes and brackets, as far as is needed to tell values from marks.
#[derive(Default)]
struct Scanner {
    depth: u32,
    quote: Option<char>,
}

impl Scanner {
    /// Looks at one line; an error has the column and what to do.
    fn line(&mut self, line: &str, next: &str) -> Result<(), (usize, &'static str)> {
        let dots = line.contains("...") && (self.depth > 0 || line.contains('{'));
        if line.starts_with('%') || line.starts_with("...") || dots {
            return Err((0, "remove this line"));
        }
        let empty_block = next.trim().is_empty() || indent(next) <= indent(line);
        let mut comment = false;
        // The character before, and the last one which was not a space.
        let (mut before, mut last) = (' ', ':');
        for (column, c) in line.chars().enumerate() {
            let bare = self.quote.is_none() && !comment;
            let marks = if self.depth > 0 { ":-?[{," } else { ":-?[{" };
            let starts = bare && (before == ' ' || "[{,".contains(before)) && marks.contains(last);
            let advice = match c {
                '\u{85}' | '\u{2028}' | '\u{2029}' => "replace this line separator by a newline",
                '\t' => "write spaces, not tabs",
                '/' if before == '\\' => "write / without the backslash",
                ':' if starts => "write a key before this colon",
                ',' | '}' | ']' if bare && before == ':' => "write a value after the colon",
                '|' | '>' if starts && empty_block => "write a text below this line",
                '!' if starts || (bare && before == ':') => "remove this tag",
                '&' | '*' if starts => "write the value itself, in quotes",
                '?' if bare && self.depth > 0 => "write a value with ? in quotes",
                _ => "",
            };
            if !advice.is_empty() {
                return Err((column, advice));
            }
            match c {
                '"' | '\'' if starts => self.quote = Some(c),
                _ if self.quote == Some(c) && (c == '\'' || before != '\\') => self.quote = None,
                '#' if bare && before == ' ' => comment = true,
                '{' | '[' if bare => self.depth = self.depth.saturating_add(1),
                '}' | ']' if bare => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            // A backslash which is itself escaped escapes nothing.
            before = if before == '\\' && c == '\\' { ' ' } else { c };
            last = if c == ' ' { last } else { c };
        }
        Ok(())
    }
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

fn refusal(source: &Source<'_>, index: usize, column: usize, advice: &str) -> WebConfigError {
    let count = |n: usize| u64::try_from(n).unwrap_or(0).saturating_add(1);
    WebConfigError::Yaml {
        place: Box::new(Place {
            path: source.path.to_owned(),
            line: count(index),
            column: count(column),
            key: String::new(),
        }),
        problem: format!("not all exporters understand this YAML; {advice}"),
    }
}
