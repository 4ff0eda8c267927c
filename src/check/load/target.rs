//! A URL that is loaded, in which `{n}` stands for the number of the request.

use super::error::LoadError;
use super::template::Template;
use crate::http::{Address, shown};
use bytes::Bytes;
use hyper::Uri;
use std::fmt;
use std::str::FromStr;

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) address: Address,
    /// Path and query.
    text: String,
    path: Template,
}

impl Target {
    /// The server.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Path and query of one request; `None` when they would be too long.
    pub(crate) fn path(&self, number: u64) -> Option<Uri> {
        Uri::from_maybe_shared(self.path.filled(number)).ok()
    }

    /// The whole URL of one request, without credentials.
    pub(super) fn shown(&self, number: u64) -> String {
        shown(&format!("{}{}", self.address, String::from_utf8_lossy(&self.path.filled(number))))
    }
}

impl FromStr for Target {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let (address, rest) = Address::split(text)?;
        // What follows `#` is for the reader of a page: no request says it.
        let rest = rest.split('#').next().unwrap_or_default();
        let text = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        let path = Template::new(&Bytes::from(text.clone()));
        let target = Self { address, text, path };
        let is_good = target.text.bytes().all(|byte| byte.is_ascii_graphic()) && target.path(u64::MAX).is_some();
        if is_good { Ok(target) } else { Err(LoadError::Path(shown(&target.to_string()))) }
    }
}

impl fmt::Display for Target {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.address, self.text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_are_taken_apart() {
        let cases = [
            ("http://h:8080", "/", "http://h:8080/"),
            ("http://h?a={n}", "/?a=17", "http://h/?a=17"),
            ("https://me:secret@h/item/{n}/x?y={n}#top", "/item/17/x?y=17", "https://h/item/17/x?y=17"),
            ("http://h/{\"a\":\"{n}\"}", "/{\"a\":\"17\"}", "http://h/{\"a\":\"17\"}"),
        ];
        for (text, path, shown) in cases {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.path(17).unwrap(), path, "{text}");
            assert_eq!(target.shown(17), shown);
        }
    }

    #[test]
    fn what_is_no_url_is_told_without_its_password() {
        let long = format!("http://h/{}", "x".repeat(70_000));
        let cases = [
            ("localhost:8080", "URL: expected an address such as http://localhost:8080/path"),
            ("ftp://me:secret@h/", "URL: expected an address"),
            ("http://{n}.h/", "URL: expected an address"),
            ("http://me:secret@h/a b", "URL http://h/a b: expected a path of printable ASCII"),
            ("http://h/\u{e9}", "write others as %20"),
            (&long, "expected a path"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret") && error.len() < 500, "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(rest in ".*", number in any::<u64>()) {
            if let Ok(target) = format!("http://h/{rest}").parse::<Target>() {
                prop_assert!(target.path(number).is_some());
            }
        }
    }
}
