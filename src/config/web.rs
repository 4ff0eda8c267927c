//! The web config file of Prometheus exporters (`--web.config.file`).
//!
//! The format is exporter-toolkit's. What memtrend accepts, `promtool check
//! web-config` accepts too.

pub mod error;
mod file;
pub mod http;
pub mod names;
mod pem;
pub mod protocol;
mod subset;
#[cfg(test)]
mod table;
pub mod tls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use error::WebConfigError;

use file::Source;
use http::{Header, PasswordHash};
use tls::TlsSettings;

/// How to serve HTTP.
#[derive(Debug, Default)]
pub struct WebConfig {
    /// How to speak TLS, or none for plain HTTP.
    pub tls: Option<TlsSettings>,
    /// The headers to set on every response.
    pub headers: Vec<Header>,
    /// The users and their passwords; when empty, everybody may ask.
    pub users: BTreeMap<String, PasswordHash>,
    /// Whether the file asks for HTTP/2, which memtrend does not speak.
    pub asks_for_http2: bool,
}

impl WebConfig {
    /// Reads the file, and the certificates and keys which it names.
    pub fn load(path: &Path) -> Result<Self, WebConfigError> {
        Self::load_listing(path, &mut Vec::new())
    }

    /// Does what [`Self::load`] does, and adds to `files` the path of every
    /// file on which the outcome depends, also when it is an error.
    pub fn load_listing(path: &Path, files: &mut Vec<PathBuf>) -> Result<Self, WebConfigError> {
        files.push(path.to_owned());
        let text =
            std::fs::read_to_string(path).map_err(|source| WebConfigError::Read { path: path.to_owned(), source })?;
        let source = Source { path };
        let file = source.parse(text.trim_start_matches('\u{feff}'))?;
        let http = file.http_server_config.unwrap_or_default();
        let users = file.basic_auth_users.unwrap_or_default();
        let tls = file.tls_server_config.unwrap_or_default();
        Ok(Self {
            headers: http::headers(&source, &http.headers.unwrap_or_default())?,
            users: http::users(&source, users)?,
            asks_for_http2: http.http2.is_some_and(|http2| http2.value),
            tls: tls::settings(&source, &tls, files)?,
        })
    }
}
