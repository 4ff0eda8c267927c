//! Quotes around the fields of a line, as spreadsheets and statistics programs write them.

use std::borrow::Cow;

/// The line with the quotes around its fields taken away; an error where a comma or another quote stands in quotes: split
/// at such a comma, all that follows would be taken for another column.
pub(super) fn without(line: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if memchr::memchr(b'"', line).is_none() {
        return Ok(Cow::Borrowed(line));
    }
    let fields = line.split(|byte| *byte == b',').map(|field| {
        let field = field.trim_ascii();
        let Some(rest) = field.strip_prefix(b"\"") else { return Ok(field) };
        let inner = rest.strip_suffix(b"\"").filter(|inner| !inner.contains(&b'"'));
        inner.ok_or_else(|| {
            let shown: String = String::from_utf8_lossy(field).chars().take(40).collect();
            format!("a field begins with {shown:?}: expected no comma and no quote within quotes")
        })
    });
    Ok(Cow::Owned(fields.collect::<Result<Vec<_>, String>>()?.join(&b',')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_a_field_are_taken_away_and_those_inside_stay() {
        let plain = without(b"\"1\", \"2\" ,,\"\",5\" disk");
        assert_eq!(plain.as_deref(), Ok(&b"1,2,,,5\" disk"[..]));
    }

    #[test]
    fn what_would_be_split_in_quotes_is_refused() {
        for line in [&b"1,\"a,5\",2"[..], b"\"", b"1,\"a\"\"b\"", b"\"a"] {
            let problem = without(line).map_err(|problem| problem.contains("within quotes"));
            assert_eq!(problem.map(|_| ()), Err(true), "{}", line.escape_ascii());
        }
    }
}
