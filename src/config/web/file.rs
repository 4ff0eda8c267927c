//! The web config file as it is written: keys, values and where they stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Error, Location, Spanned, UserMessageFormatter};

use super::error::{Place, WebConfigError};
use super::names;
use super::subset;

/// A value with the place it stands at.
pub(super) type At<T> = Option<Spanned<T>>;

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebFile {
    pub(super) tls_server_config: Option<TlsFile>,
    pub(super) http_server_config: Option<HttpFile>,
    pub(super) basic_auth_users: Option<BTreeMap<String, Spanned<String>>>,
}

/// The `tls_server_config` block.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsFile {
    pub(super) cert_file: At<String>,
    pub(super) key_file: At<String>,
    pub(super) client_auth_type: At<String>,
    pub(super) client_ca_file: At<String>,
    pub(super) cipher_suites: At<Vec<Spanned<String>>>,
    pub(super) curve_preferences: At<Vec<Spanned<String>>>,
    pub(super) min_version: At<String>,
    pub(super) max_version: At<String>,
    pub(super) prefer_server_cipher_suites: At<bool>,
}

/// The `http_server_config` block.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpFile {
    pub(super) http2: At<bool>,
    pub(super) headers: Option<BTreeMap<String, Spanned<String>>>,
}

/// The file's path, from which places and other files' paths are made.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
}

impl Source<'_> {
    /// Reads the YAML text.
    pub(super) fn parse(&self, text: &str) -> Result<WebFile, WebConfigError> {
        let options = serde_saphyr::options! {
            with_snippet: false,
            strict_booleans: true,
            merge_keys: MergeKeyPolicy::Error,
        };
        subset::check(self, text)?;
        let file = serde_saphyr::from_str_with_options::<Option<WebFile>>(text, options)
            .map_err(|e| self.yaml_error(text, &e))?
            .unwrap_or_default();
        let http2 = file.http_server_config.as_ref();
        let prefer = file.tls_server_config.as_ref();
        self.check_bool(text, "http_server_config.http2", http2.and_then(|http| http.http2.as_ref()))?;
        self.check_bool(
            text,
            "tls_server_config.prefer_server_cipher_suites",
            prefer.and_then(|tls| tls.prefer_server_cipher_suites.as_ref()),
        )?;
        Ok(file)
    }

    /// Says where a value stands.
    pub(super) fn place<T>(&self, key: &str, value: &Spanned<T>) -> Box<Place> {
        self.at(key, value.referenced)
    }

    /// Finds a file named in the config: relative paths start at the config's folder.
    pub(super) fn resolve(&self, file: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(file)
    }

    fn check_bool(&self, text: &str, key: &str, value: Option<&Spanned<bool>>) -> Result<(), WebConfigError> {
        match value.map(|value| self.place(key, value)) {
            Some(place) if !subset::is_bare_bool(text, &place) => Err(WebConfigError::Yaml {
                place,
                problem: "not a boolean; write true or false, without quotes".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn at(&self, key: &str, location: Location) -> Box<Place> {
        Box::new(Place {
            path: self.path.to_owned(),
            line: location.line(),
            column: location.column(),
            key: key.to_owned(),
        })
    }

    fn yaml_error(&self, text: &str, error: &Error) -> WebConfigError {
        let error = error.without_snippet();
        let location = error.location().unwrap_or(Location::UNKNOWN);
        if let Error::SerdeUnknownField { field, expected, .. } = error {
            return WebConfigError::UnknownKey { place: self.at(field, location), known: names::join(expected) };
        }
        let rendered = error.render_with_formatter(&UserMessageFormatter);
        let first = rendered.lines().next().unwrap_or_default();
        let problem = match first.rfind(" at line ") {
            Some(end) => first.get(..end).unwrap_or(first),
            None => first,
        };
        WebConfigError::Yaml {
            place: self.at(key_on_line(text, location.line()), location),
            problem: problem.to_owned(),
        }
    }
}

/// The key which the given line starts with, or nothing.
fn key_on_line(text: &str, line: u64) -> &str {
    let index = usize::try_from(line).unwrap_or(0).saturating_sub(1);
    text.lines()
        .nth(index)
        .and_then(|line| line.split_once(':'))
        .map(|(key, _)| key.trim())
        .filter(|key| key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)))
        .unwrap_or_default()
}
