//! Text that is fitted into a picture.

/// At most `most` characters, the last of them kept: they tell one file from another.
pub(in crate::output) fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count + 1 - most).collect();
    format!("…{end}")
}

/// Text in lines of about `width` characters, broken at spaces; at most `most` lines.
pub(in crate::output) fn lines(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    let mut words = text.split(' ');
    for word in words.by_ref() {
        let count = lines.len();
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.extend([" ", word]);
        } else if count < most {
            lines.push(word.to_owned());
        } else {
            line.push_str(" …");
            break;
        }
    }
    lines.iter().map(|line| line.chars().take(width + 2).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(shortened("abcdef", 4), "…def");
        assert_eq!(lines("one two three four five", 9, 2), ["one two", "three …"]);
        assert_eq!(lines("", 9, 2), [""]);
        assert_eq!(lines(&"x".repeat(1000), 9, 2).concat().len(), 11);
    }
}
