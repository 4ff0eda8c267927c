//! A label that all series of a page are given.

use std::str::FromStr;

/// A label's name and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As Prometheus allows it.
    pub name: String,
    /// Any text.
    pub value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no =: expected NAME=VALUE"))?;
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let is_name = name.bytes().next().is_some_and(is_letter)
            && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
            && !name.starts_with("__");
        if !is_name {
            return Err(format!(
                "`{name}` is no label name: expected letters, digits and _, not beginning with a digit or __"
            ));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_prometheus_takes() {
        let label = |text: &str| text.parse::<Label>().map(|label| (label.name, label.value));
        assert_eq!(label("job=a=b"), Ok(("job".to_owned(), "a=b".to_owned())));
        assert_eq!(label("_x1="), Ok(("_x1".to_owned(), String::new())));
        for wrong in ["job", "=a", "1a=b", "__name__=a", "a-b=c", "ä=c"] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
    }
}
