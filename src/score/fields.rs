//! CSV as of RFC 4180: fields may be quoted, and then hold commas, line breaks and doubled quotes.

/// One record, with the line on which it begins, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: usize,
    pub(super) fields: Vec<String>,
}

/// Splits a text into records; empty lines are passed over. An error is the line and what is wrong on it.
pub(super) fn records(text: &str) -> Result<Vec<Record>, (usize, &'static str)> {
    let mut all = Vec::new();
    let mut line = 1;
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    while rest.peek().is_some() {
        let begun = line;
        let mut fields = Vec::new();
        loop {
            let mut field = String::new();
            let is_quoted = rest.next_if_eq(&'"').is_some();
            if is_quoted {
                loop {
                    match rest.next() {
                        None => return Err((begun, "a quote is opened and never closed")),
                        Some('"') if rest.next_if_eq(&'"').is_none() => break,
                        Some(other) => {
                            line += usize::from(other == '\n');
                            field.push(other);
                        }
                    }
                }
            }
            while let Some(other) = rest.next_if(|next| !matches!(next, ',' | '\n')) {
                match other {
                    '\r' if rest.peek().is_none_or(|next| *next == '\n') => {}
                    '"' => return Err((line, "a quote inside a field: quote the whole field, and double the quote")),
                    _ if is_quoted => return Err((line, "text after a closing quote: expected a comma")),
                    _ => field.push(other),
                }
            }
            fields.push(field);
            if rest.next() != Some(',') {
                break;
            }
        }
        line += 1;
        if fields.iter().any(|field| !field.is_empty()) || fields.len() > 1 {
            all.push(Record { line: begun, fields });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(line: usize, fields: &[&str]) -> Record {
        Record { line, fields: fields.iter().map(|field| (*field).to_owned()).collect() }
    }

    #[test]
    fn fields_are_split_at_commas_that_are_not_quoted() {
        let text = "\u{feff}a,\"b, c\",\r\n\n\"two\nlines \"\"quoted\"\"\",x\nlast,\"\"";
        let expected =
            vec![record(1, &["a", "b, c", ""]), record(3, &["two\nlines \"quoted\"", "x"]), record(5, &["last", ""])];
        assert_eq!(records(text), Ok(expected));
        assert_eq!(records(""), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(records("a\n\"b\nc").map_err(|(line, _)| line), Err(2));
        assert_eq!(records("a\n\"b\"c,d"), Err((2, "text after a closing quote: expected a comma")));
        assert_eq!(records("a\nb\"c\"").map_err(|(line, _)| line), Err(2));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in prop::collection::vec("[a-z,\"\n ]{1,8}", 1..5)) {
            let quoted: Vec<_> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            prop_assert_eq!(records(&quoted.join(",")), Ok(vec![Record { line: 1, fields }]));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\x00-\\x7f]{0,60}") {
            let _ = records(&text);
        }
    }
}
