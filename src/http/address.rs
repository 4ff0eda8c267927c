//! Where an HTTP server is, and with which credentials; those are never shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use std::fmt;

/// Scheme, host and port of a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether TLS is spoken.
    pub is_secure: bool,
    /// Name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Value of the `Authorization` header: `user:password@` of the address, as of RFC 7617.
    pub authorization: Option<String>,
}

/// What is wrong with an address. It never holds the text: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `http://HOST` or `https://HOST`.
    #[error("expected an address such as http://localhost:8080/path or https://user:password@host/path")]
    Form,
    /// RFC 7617 has no way to send such a name.
    #[error("a user's name in an address cannot hold a colon")]
    Colon,
}

impl Address {
    /// Takes an address apart: the server, and what follows it, which is empty or begins with `/`, `?` or `#`.
    ///
    /// # Errors
    /// When there is no `http://` or `https://`, or no good host and port after it.
    pub fn split(text: &str) -> Result<(Self, &str), AddressError> {
        let wrong = AddressError::Form;
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
        if host.is_empty() {
            return Err(wrong);
        }
        let authorization = user.map(basic).transpose()?;
        Ok((Self { is_secure, host: host.to_owned(), port, authorization }, path))
    }

    /// Host and port, both told: what is connected to.
    pub fn host_and_port(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Host and port as a request names them.
    pub fn authority(&self) -> String {
        let default = if self.is_secure { 443 } else { 80 };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }
}

/// RFC 7617, of `user:password` as they stand in an address.
fn basic(user: &str) -> Result<String, AddressError> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (user, password): (Vec<u8>, Vec<u8>) =
        (percent_decode_str(user).collect(), percent_decode_str(password).collect());
    if user.contains(&b':') {
        return Err(AddressError::Colon);
    }
    Ok(format!("Basic {}", STANDARD.encode([user.as_slice(), b":", &password].concat())))
}

impl fmt::Display for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
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
            ("HTTPS://Host/prom/", "Host", 443, "/prom/", "https://Host"),
            ("http://[::1]:9090?a=b", "::1", 9090, "?a=b", "http://[::1]:9090"),
            ("http://10.0.0.1#x", "10.0.0.1", 80, "#x", "http://10.0.0.1"),
        ];
        for (text, host, port, rest, shown) in cases {
            let (address, after) = Address::split(text).unwrap();
            assert_eq!((address.host.as_str(), address.port, after), (host, port, rest), "{text}");
            assert_eq!((address.to_string().as_str(), address.authorization), (shown, None));
        }
    }

    #[test]
    fn credentials_are_taken_out_and_never_shown() {
        let (address, _) = Address::split("https://me:p%40ss:w@host:1").unwrap();
        assert_eq!(address.authorization.as_deref(), Some("Basic bWU6cEBzczp3"));
        assert_eq!(format!("{address} {address:?}"), "https://host:1 Address(https://host:1)");
        assert_eq!(Address::split("http://a%3Ab:secret@host"), Err(AddressError::Colon));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "localhost:9090",
            "http://",
            "http://:80",
            "http://a:b:c@x:99999",
            "http://h o",
            "http://[::1",
            "http://[x]:1",
            "http://h:",
            "http://h:+1",
            "ftp://h",
        ] {
            assert_eq!(Address::split(text), Err(AddressError::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", rest in ".*") {
            let _ = Address::split(&text);
            let _ = Address::split(&format!("http://{rest}"));
        }
    }
}
