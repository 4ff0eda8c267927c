//! Labels of a series, and its name as people write it in a query.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// The label that holds a metric's name.
const NAME: &str = "__name__";

/// A series' labels, without its metric's name, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(from = "BTreeMap<Box<str>, Box<str>>")]
pub struct Labels {
    name: Option<Box<str>>,
    others: BTreeMap<Box<str>, Box<str>>,
}

impl From<BTreeMap<Box<str>, Box<str>>> for Labels {
    fn from(mut others: BTreeMap<Box<str>, Box<str>>) -> Self {
        Self { name: others.remove(NAME), others }
    }
}

impl Labels {
    /// Whether each label of `self` stands with the same value in `other`; the metrics' names do not count.
    pub fn fit(&self, other: &Self) -> bool {
        self.others.iter().all(|(label, value)| other.others.get(label) == Some(value))
    }

    /// Number of labels beside the name.
    pub fn count(&self) -> usize {
        self.others.len()
    }
}

impl fmt::Display for Labels {
    /// As a query selects it: `name{label="value"}`. What could move a terminal's cursor is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.name.as_deref().filter(|name| is_plain(name, true));
        f.write_str(plain.unwrap_or_default())?;
        let quoted = self.name.as_deref().filter(|_| plain.is_none());
        if self.others.is_empty() && quoted.is_none() && plain.is_some() {
            return Ok(());
        }
        f.write_str("{")?;
        let mut separator = "";
        if let Some(name) = quoted {
            write!(f, "\"{}\"", Quoted(name))?;
            separator = ",";
        }
        for (label, value) in &self.others {
            f.write_str(separator)?;
            match is_plain(label, false) {
                true => f.write_str(label)?,
                false => write!(f, "\"{}\"", Quoted(label))?,
            }
            write!(f, "=\"{}\"", Quoted(value))?;
            separator = ",";
        }
        f.write_str("}")
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str, may_have_colons: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (may_have_colons && c == ':');
    name.starts_with(|c: char| fits(c) && !c.is_ascii_digit()) && name.chars().all(fits)
}

/// Text within double quotes, by the rules of PromQL (those of Go).
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                '\n' => f.write_str("\\n")?,
                // Marks that turn the direction of writing, and separators of lines, too.
                '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => write!(f, "\\u{:04x}", u32::from(character))?,
                _ if character.is_control() => write!(f, "\\u{:04x}", u32::from(character))?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(label, value)| ((*label).into(), (*value).into())).collect::<BTreeMap<_, _>>().into()
    }

    #[test]
    fn a_series_is_called_as_a_query_would_select_it() {
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[], "{}"),
            (&[("__name__", "up")], "up"),
            (&[("__name__", "job:up:sum"), ("job", "a\"b\\c\nd")], "job:up:sum{job=\"a\\\"b\\\\c\\nd\"}"),
            (&[("instance", "\u{1b}[2J\u{202e}\u{85}")], "{instance=\"\\u001b[2J\\u202e\\u0085\"}"),
            (&[("__name__", "my.metric"), ("a", "b")], "{\"my.metric\",a=\"b\"}"),
            (&[("__name__", "x"), ("my.label", "ü"), ("z", "")], "x{\"my.label\"=\"ü\",z=\"\"}"),
        ];
        for (pairs, expected) in cases {
            assert_eq!(labels(pairs).to_string(), expected);
        }
    }

    #[test]
    fn labels_fit_those_that_have_them_all() {
        let whole = labels(&[("__name__", "heap"), ("job", "a"), ("pod", "1")]);
        assert!(labels(&[("__name__", "limit"), ("job", "a")]).fit(&whole));
        assert!(labels(&[]).fit(&whole));
        assert!(!labels(&[("job", "b")]).fit(&whole));
        assert!(!labels(&[("node", "n")]).fit(&whole));
    }
}
