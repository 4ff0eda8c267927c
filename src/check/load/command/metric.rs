//! A counter of the program: its name, the labels that its series must have, and where it is told.

use super::super::error::LoadError;
use super::super::target::Target;
use super::exposition::labels;
use crate::http::shown;
use std::fmt;
use std::str::FromStr;

/// All series of one name that have these labels, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) target: Target,
}

impl FromStr for Metric {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
        // Of what is wrong the name is shown alone: behind it there may be a password.
        let Some(end) = text.find(['{', '@']).filter(|end| *end > 0) else {
            return Err(LoadError::RequestsFrom(shown(text.split([':', '@']).next().unwrap_or_default())));
        };
        let (name, rest) = text.split_at(end);
        let wrong = || LoadError::Counter(shown(name));
        if !name.bytes().all(is_name) || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(wrong());
        }
        let (labels, after) = match rest.strip_prefix('{') {
            None => (Vec::new(), rest),
            Some(inner) => {
                let (labels, after) = labels(inner.as_bytes()).ok_or_else(wrong)?;
                (labels, inner.get(inner.len() - after.len()..).unwrap_or_default())
            }
        };
        let url = after.strip_prefix('@').ok_or_else(wrong)?;
        Ok(Self { name: name.to_owned(), labels, target: url.parse()? })
    }
}

impl Metric {
    /// Where it is asked for.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }
}

impl fmt::Display for Metric {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.labels.is_empty() {
            let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            write!(f, "{{{}}}", labels.join(","))?;
        }
        write!(f, "@{}", self.target)
    }
}
