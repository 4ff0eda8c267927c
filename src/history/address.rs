//! Where a Prometheus is, and with which credentials; those are never shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;

/// The address of a Prometheus.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether TLS is spoken.
    pub(super) is_secure: bool,
    /// Name or IP address, without brackets.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// What stands before `/api/`: empty, or with a leading slash.
    pub(super) prefix: String,
    /// Value of the `Authorization` header.
    pub(super) authorization: Option<String>,
}

impl Address {
    /// Sends a bearer token (RFC 6750) instead of what the address holds; an error says what is wrong with it.
    pub fn with_bearer_token(self, token: &str) -> Result<Self, String> {
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected one bearer token of printable ASCII characters".to_owned());
        }
        Ok(Self { authorization: Some(format!("Bearer {token}")), ..self })
    }

    /// Host and port as a request names them.
    pub(super) fn authority(&self) -> String {
        let default = if self.is_secure { 443 } else { 80 };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    /// The error never holds the text: there may be a password in it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected an address such as http://localhost:9090 or https://user:password@host/prefix";
        let (scheme, rest) = text.split_once("://").ok_or(wrong)?;
        let is_secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => false,
            _ if scheme.eq_ignore_ascii_case("https") => true,
            _ => return Err(wrong),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or(wrong)?;
                let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
                (host, is_address.then_some(port).ok_or(wrong)?)
            }
            None => {
                let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                (host, host.bytes().all(is_name).then_some(port).ok_or(wrong)?)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if !digits.starts_with('+') => digits.parse().map_err(|_| wrong)?,
            None if port.is_empty() && is_secure => 443,
            None if port.is_empty() => 80,
            _ => return Err(wrong),
        };
        let is_path = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\');
        if host.is_empty() || !path.bytes().all(is_path) {
            return Err(wrong);
        }
        let prefix = path.trim_end_matches('/').to_owned();
        let authorization = user.map(basic).transpose()?;
        Ok(Self { is_secure, host: host.to_owned(), port, prefix, authorization })
    }
}

/// RFC 7617, of `user:password` as they stand in an address.
fn basic(user: &str) -> Result<String, &'static str> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (user, password): (Vec<u8>, Vec<u8>) =
        (percent_decode_str(user).collect(), percent_decode_str(password).collect());
    if user.contains(&b':') {
        return Err("a user's name in an address cannot hold a colon");
    }
    Ok(format!("Basic {}", STANDARD.encode([user.as_slice(), b":", &password].concat())))
}

impl fmt::Display for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
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
    fn addresses_are_taken_apart() {
        let cases = [
            ("http://localhost:9090", "localhost", 9090, "", "http://localhost:9090"),
            ("HTTPS://Host/prom/", "Host", 443, "/prom", "https://Host/prom"),
            ("http://[::1]:9090/", "::1", 9090, "", "http://[::1]:9090"),
            ("http://10.0.0.1", "10.0.0.1", 80, "", "http://10.0.0.1"),
        ];
        for (text, host, port, prefix, shown) in cases {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.host.as_str(), address.port, address.prefix.as_str()), (host, port, prefix), "{text}");
            assert_eq!((address.to_string().as_str(), address.authorization), (shown, None));
        }
    }

    #[test]
    fn credentials_are_sent_and_never_shown() {
        let address: Address = "https://me:p%40ss:w@host:1".parse().unwrap();
        assert_eq!(address.authorization.as_deref(), Some("Basic bWU6cEBzczp3"));
        assert_eq!(format!("{address} {address:?}"), "https://host:1 Address(https://host:1)");
        let token = address.with_bearer_token("s3cret\n").unwrap();
        assert_eq!(token.authorization.as_deref(), Some("Bearer s3cret"));
        assert!(!format!("{token} {token:?}").contains("s3cret"));
        assert!(token.clone().with_bearer_token("").is_err() && token.with_bearer_token("a\nb").is_err());
        let wrong = "ftp://me:secret@host".parse::<Address>().unwrap_err();
        assert!(!wrong.contains("secret"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "localhost:9090",
            "http://",
            "http://:80",
            "http://a:b:c@x:99999",
            "http://h/?q",
            "http://h/#f",
            "http://h o",
            "http://[::1",
            "http://[x]:1",
            "http://h:",
            "http://h:+1",
            "http://h/a b",
            "http://h/\r\nX: y",
        ] {
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
