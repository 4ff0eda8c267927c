//! What a request says of itself: a header as it is written on a command line, and a method.

use super::error::LoadError;
use crate::http::shown;
use hyper::Method;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use std::str::FromStr;

/// One header of each request, written as `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl FromStr for Header {
    type Err = LoadError;

    /// The error holds the name at most: a value may be a secret.
    fn from_str(text: &str) -> Result<Self, LoadError> {
        let (given, value) = text.split_once(':').ok_or_else(|| LoadError::Header("…".to_owned()))?;
        let wrong = || LoadError::Header(shown(given));
        let name: HeaderName = given.trim().parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
        if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            return Err(LoadError::Framing(shown(given)));
        }
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// A method by its name, of capitals as all known ones are.
///
/// # Errors
/// When it is none, or one that makes a tunnel.
pub fn method(text: &str) -> Result<Method, LoadError> {
    let wrong = || LoadError::Method(shown(text));
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).map_err(|_| wrong())?;
    if method == Method::CONNECT { Err(wrong()) } else { Ok(method) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn headers_are_read_as_curl_takes_them() {
        let header: Header = "X-Key:  a: b ".parse().unwrap();
        assert_eq!((header.name.as_str(), header.value.as_bytes()), ("x-key", b"a: b".as_slice()));
        assert!(!format!("{header:?}").contains("a: b"));
    }

    #[test]
    fn what_is_no_header_is_told_without_its_value() {
        let cases = [
            ("s3cret", "header `…`: expected `Name: value`"),
            (": s3cret", "header ``"),
            ("X Y: s3cret", "header `X Y`"),
            ("X: s3cret\r\nY: z", "header `X`: expected `Name: value`"),
            ("Content-Length: 5", "header `Content-Length`: it is made from the body; leave it out"),
            ("transfer-encoding: chunked", "leave it out"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Header>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("s3cret"), "{text}: {error}");
        }
    }

    #[test]
    fn methods_are_capitals_and_none_makes_a_tunnel() {
        assert_eq!(method("post").unwrap(), Method::POST);
        assert_eq!(method("PURGE").unwrap().as_str(), "PURGE");
        for text in ["", "GET /", "connect", "G\u{e9}T"] {
            assert!(method(text).is_err(), "{text}");
        }
    }
}
