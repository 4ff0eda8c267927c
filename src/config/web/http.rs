//! The `http_server_config` and `basic_auth_users` blocks.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderName, HeaderValue};
use bcrypt::HashParts;
use serde_saphyr::Spanned;

use super::error::WebConfigError;
use super::file::Source;
use super::names;

/// A header to be set on every response.
pub type Header = (HeaderName, HeaderValue);

/// A user's password, as a bcrypt hash.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// The hash as it stands in the file.
    pub hash: String,
    /// The logarithm of the number of rounds.
    pub cost: u32,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Above this a check takes longer than any scrape may.
const MAX_COST: u32 = 18;

/// The headers which may be set, and their allowed values; none means any.
const HEADERS: &[(&str, &[&str])] = &[
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

/// Checks the headers; the case of their names counts, as in exporter-toolkit.
pub(super) fn headers(
    source: &Source<'_>,
    headers: &BTreeMap<String, Spanned<String>>,
) -> Result<Vec<Header>, WebConfigError> {
    headers.iter().map(|(name, value)| header(source, name, value)).collect()
}

/// Checks the password hashes.
pub(super) fn users(
    source: &Source<'_>,
    users: BTreeMap<String, Spanned<String>>,
) -> Result<BTreeMap<String, PasswordHash>, WebConfigError> {
    users
        .into_iter()
        .map(|(name, hash)| match password_hash(&hash.value) {
            Ok(checked) => Ok((name, checked)),
            Err(problem) => {
                Err(WebConfigError::Hash { place: source.place(&format!("basic_auth_users.{name}"), &hash), problem })
            }
        })
        .collect()
}

fn header(source: &Source<'_>, name: &str, value: &Spanned<String>) -> Result<Header, WebConfigError> {
    let place = || source.place(&format!("http_server_config.headers.{name}"), value);
    let unknown =
        || WebConfigError::HeaderName { place: place(), known: names::join(HEADERS.iter().map(|(known, _)| known)) };
    let bad = |expected: String| WebConfigError::HeaderValue { place: place(), found: value.value.clone(), expected };
    let (_, allowed) = HEADERS.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?;
    let name = HeaderName::from_str(name).map_err(|_| unknown())?;
    if !allowed.is_empty() && !allowed.contains(&value.value.as_str()) {
        return Err(bad(allowed.join(" or ")));
    }
    match HeaderValue::from_str(&value.value) {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(bad("one line of visible characters".to_owned())),
    }
}

fn password_hash(hash: &str) -> Result<PasswordHash, String> {
    let parts = HashParts::from_str(hash).map_err(|_| "not a bcrypt hash".to_owned())?;
    let cost = parts.get_cost();
    if (4..=MAX_COST).contains(&cost) {
        let hash = hash.to_owned();
        Ok(PasswordHash { hash, cost })
    } else {
        Err(format!("its cost is {cost}"))
    }
}
