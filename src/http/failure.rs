//! Why there is no answer; and text from elsewhere, made fit for one line.

use std::error::Error;
use std::io;

/// Longest text from elsewhere that is shown, in characters.
const LONGEST_SHOWN: usize = 300;

/// What stands between a request and its answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The TLS of both sides does not fit, or the certificate is not trusted.
    #[error("TLS: {0}: expected a certificate that this machine trusts; SSL_CERT_FILE names other CAs")]
    Tls(io::Error),
    /// The machine's CAs cannot be read.
    #[error(
        "no CA certificates on this machine ({0}): install ca-certificates, or name a file of them by SSL_CERT_FILE"
    )]
    NoRoots(String),
    /// The connection broke, or what came is no HTTP.
    #[error("{}", with_causes(.0))]
    Http(hyper::Error),
}

/// What an error says, and each of its causes.
fn with_causes(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    shown(&text)
}

/// Text from elsewhere on one line of a terminal, of bounded length.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(LONGEST_SHOWN).collect();
    short.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
