//! Where a Prometheus is, and with which credentials; those are never shown.

use crate::http::{self, AddressError};
use std::fmt;
use std::str::FromStr;

/// The address of a Prometheus.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The server.
    pub(super) server: http::Address,
    /// What stands before `/api/`: empty, or with a leading slash.
    pub(super) prefix: String,
}

impl Address {
    /// Sends a bearer token (RFC 6750) instead of what the address holds; an error says what is wrong with it.
    pub fn with_bearer_token(mut self, token: &str) -> Result<Self, String> {
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected one bearer token of printable ASCII characters".to_owned());
        }
        self.server.authorization = Some(format!("Bearer {token}"));
        Ok(self)
    }
}

impl FromStr for Address {
    type Err = String;

    /// The error never holds the text: there may be a password in it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "expected an address such as http://localhost:9090 or https://user:password@host/prefix";
        let (server, path) = http::Address::split(text).map_err(|error| match error {
            AddressError::Form => wrong.to_owned(),
            AddressError::Colon => error.to_string(),
        })?;
        let is_path = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\');
        if !path.bytes().all(is_path) {
            return Err(wrong.to_owned());
        }
        Ok(Self { server, prefix: path.trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.server, self.prefix)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_is_what_stands_before_the_api() {
        let cases = [
            ("http://localhost:9090", "", "http://localhost:9090"),
            ("HTTPS://Host/prom/", "/prom", "https://Host/prom"),
            ("http://[::1]:9090/", "", "http://[::1]:9090"),
        ];
        for (text, prefix, shown) in cases {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.prefix.as_str(), address.to_string().as_str()), (prefix, shown), "{text}");
        }
    }

    #[test]
    fn credentials_are_sent_and_never_shown() {
        let address: Address = "https://me:p%40ss:w@host:1".parse().unwrap();
        assert_eq!(address.server.authorization.as_deref(), Some("Basic bWU6cEBzczp3"));
        assert_eq!(format!("{address} {address:?}"), "https://host:1 Address(https://host:1)");
        let token = address.with_bearer_token("s3cret\n").unwrap();
        assert_eq!(token.server.authorization.as_deref(), Some("Bearer s3cret"));
        assert!(!format!("{token} {token:?}").contains("s3cret"));
        assert!(token.clone().with_bearer_token("").is_err() && token.with_bearer_token("a\nb").is_err());
        let wrong = "ftp://me:secret@host".parse::<Address>().unwrap_err();
        assert!(!wrong.contains("secret"));
    }

    #[test]
    fn what_is_no_address_of_a_prometheus_is_refused() {
        for text in ["", "http://:80", "http://h/?q", "http://h/#f", "http://h/a b", "http://h/\r\nX: y"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", rest in ".*") {
            let _ = text.parse::<Address>();
            let _ = format!("http://{rest}").parse::<Address>();
        }
    }
}
