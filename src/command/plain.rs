//! Untrusted text for a terminal.

/// The text on one line, without what could move a terminal's cursor or turn the direction of writing: escaped as in Rust.
pub fn plain(text: &str) -> String {
    let turns = |character| matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() || turns(character) {
            true => plain.extend(character.escape_default()),
            false => plain.push(character),
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
