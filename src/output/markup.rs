//! Untrusted text on a page or a picture.

use std::fmt::{self, Write};

/// Text as HTML and XML, within elements and quoted attributes: escaped, and what no XML may hold, moves lines or turns the
/// direction of writing is replaced by U+FFFD.
pub(super) struct Safe<'a>(pub(super) &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaping(f).write_str(self.0)
    }
}

/// The same of what is written by a value: names of versions come within sentences.
pub(super) struct SafeValue<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for SafeValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match character {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            _ if is_harmless(character) => self.0.write_char(character),
            _ => self.0.write_char('\u{fffd}'),
        })
    }
}

/// `Char` of XML 1.0, without what moves lines or turns the direction of writing (UAX #9).
pub(super) fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_the_page_or_the_picture() {
        assert_eq!(
            Safe("<a b=\"'&\u{0}\u{1b}\u{ffff}\n").to_string(),
            "&lt;a b=&quot;&#39;&amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(Safe("a\u{202e}b\u{200f}\u{2067}").to_string(), "a\u{fffd}b\u{fffd}\u{fffd}");
        assert_eq!(SafeValue(format_args!("version {}", "<2>")).to_string(), "version &lt;2&gt;");
    }
}
