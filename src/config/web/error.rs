//! What can be wrong with a web config file, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;

use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem;

/// A key of the web config file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The web config file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// The column, counted from 1.
    pub column: u64,
    /// The key, with the keys it lies under: `tls_server_config.cert_file`.
    pub key: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}

/// Says why a web config file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebConfigError {
    /// The file itself cannot be read.
    #[error("{path}: cannot read the web config file: {source}; check --web.config.file and the file's permissions", path = path.display())]
    Read {
        /// The web config file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not YAML, or a value has the wrong type.
    #[error("{place}: {problem}")]
    Yaml {
        /// Where.
        place: Box<Place>,
        /// What the YAML reader says.
        problem: String,
    },
    /// A key which does not exist.
    #[error("{place}: unknown key; expected one of {known}")]
    UnknownKey {
        /// Where.
        place: Box<Place>,
        /// The keys allowed there.
        known: String,
    },
    /// A value which is none of the allowed names.
    #[error("{place}: unknown value {found:?}; write one of {known}")]
    UnknownValue {
        /// Where.
        place: Box<Place>,
        /// What stands there.
        found: String,
        /// The allowed names.
        known: String,
    },
    /// A name known to other exporters, which memtrend cannot honour.
    #[error("{place}: memtrend does not speak {found}; write one of {known}")]
    Unspoken {
        /// Where.
        place: Box<Place>,
        /// What stands there.
        found: String,
        /// The names memtrend can honour.
        known: String,
    },
    /// A TLS version older than 1.2.
    #[error("{place}: {found} is refused, memtrend speaks TLS 1.2 and newer; write TLS12 or TLS13")]
    OldTls {
        /// Where.
        place: Box<Place>,
        /// What stands there.
        found: String,
    },
    /// The lowest TLS version is above the highest.
    #[error("{place}: max_version is below min_version; write a max_version of TLS13")]
    VersionOrder {
        /// Where.
        place: Box<Place>,
    },
    /// Only TLS 1.2 is allowed, and no cipher suite of TLS 1.2 is.
    #[error("{place}: lists no TLS 1.2 suite but max_version is TLS12; add one of {known}")]
    NoSuite {
        /// Where.
        place: Box<Place>,
        /// The TLS 1.2 suites.
        known: String,
    },
    /// A key which means nothing without another one.
    #[error("{place}: needs {needs}, which is not set; set {needs} or remove this key")]
    Incomplete {
        /// Where.
        place: Box<Place>,
        /// The key which is not there.
        needs: &'static str,
    },
    /// A client CA which nothing would use.
    #[error(
        "{place}: client certificates are not asked for; set client_auth_type to RequireAndVerifyClientCert or remove this key"
    )]
    UnusedClientCa {
        /// Where.
        place: Box<Place>,
    },
    /// A header which may not be configured.
    #[error("{place}: this header cannot be configured; expected one of {known}")]
    HeaderName {
        /// Where.
        place: Box<Place>,
        /// The allowed headers.
        known: String,
    },
    /// A header value which is not allowed.
    #[error("{place}: bad value {found:?}; expected {expected}")]
    HeaderValue {
        /// Where.
        place: Box<Place>,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A password hash which cannot be used. The hash itself is not repeated.
    #[error("{place}: {problem}; expected a bcrypt hash of cost 4 to 18, as `htpasswd -nBC 10 USER` prints it")]
    Hash {
        /// Where.
        place: Box<Place>,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate, key or CA file which cannot be used.
    #[error("{place}: cannot use {file}: {source}; expected {expected}", file = file.display())]
    Pem {
        /// Where the file is named.
        place: Box<Place>,
        /// The file.
        file: PathBuf,
        /// What must be in it.
        expected: &'static str,
        /// What is wrong with it.
        source: PemProblem,
    },
    /// A certificate and a key which do not work together.
    #[error("{place}: {cert} and {key} cannot be used together: {source}; expected a certificate and its own private key (RSA of 2048 bits or more, P-256, P-384 or Ed25519)", cert = cert.display(), key = key.display())]
    Identity {
        /// Where the certificate is named.
        place: Box<Place>,
        /// The certificate file.
        cert: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What the TLS library says.
        source: rustls::Error,
    },
}

/// Says what is wrong with one PEM file.
#[derive(Debug, thiserror::Error)]
pub enum PemProblem {
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// The file is not PEM, or lacks what was looked for.
    #[error("{0}")]
    Pem(#[from] pem::Error),
    /// The file has no certificate.
    #[error("no certificate in it")]
    Empty,
    /// A certificate in it cannot be trusted as a CA.
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}
