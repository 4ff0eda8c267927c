//! Untrusted text for a terminal.

use super::markup::is_harmless;

/// The text on one line, without what could move a terminal's cursor or turn the direction of writing: escaped as in Rust.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match is_harmless(character) {
            true => plain.push(character),
            false => plain.extend(character.escape_default()),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_cursor_is_escaped_and_letters_are_not() {
        assert_eq!(plain("a\u{1b}[2J\n\r\u{9b}\u{202e}é\\"), "a\\u{1b}[2J\\n\\r\\u{9b}\\u{202e}é\\");
    }
}
