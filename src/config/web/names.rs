//! The names Go gives to TLS versions, cipher suites and curves, and what they are in rustls.

use std::fmt;

use tokio_rustls::rustls::SupportedCipherSuite;
use tokio_rustls::rustls::crypto::SupportedKxGroup;
use tokio_rustls::rustls::crypto::ring::{cipher_suite, kx_group};

/// A TLS version which memtrend speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What to ask of a client's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuthType {
    None,
    Request,
    RequireAny,
    VerifyIfGiven,
    RequireAndVerify,
}

/// One of the names a key may have, and what it stands for.
pub(super) type Named<T> = (&'static str, T);

pub(super) const TLS_VERSIONS: &[Named<TlsVersion>] = &[("TLS12", TlsVersion::Tls12), ("TLS13", TlsVersion::Tls13)];

pub(super) const OLD_TLS_VERSIONS: &[&str] = &["TLS10", "TLS11"];

pub(super) const CLIENT_AUTH_TYPES: &[Named<ClientAuthType>] = &[
    ("NoClientCert", ClientAuthType::None),
    ("RequestClientCert", ClientAuthType::Request),
    ("RequireAnyClientCert", ClientAuthType::RequireAny),
    // The name exporter-toolkit used first, and still takes.
    ("RequireClientCert", ClientAuthType::RequireAny),
    ("VerifyClientCertIfGiven", ClientAuthType::VerifyIfGiven),
    ("RequireAndVerifyClientCert", ClientAuthType::RequireAndVerify),
];

pub(super) static CIPHER_SUITES: &[Named<SupportedCipherSuite>] = &[
    ("TLS_AES_128_GCM_SHA256", cipher_suite::TLS13_AES_128_GCM_SHA256),
    ("TLS_AES_256_GCM_SHA384", cipher_suite::TLS13_AES_256_GCM_SHA384),
    ("TLS_CHACHA20_POLY1305_SHA256", cipher_suite::TLS13_CHACHA20_POLY1305_SHA256),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

/// The suites which Go has and memtrend does not: CBC or without forward secrecy.
pub(super) const UNSPOKEN_CIPHER_SUITES: &[&str] = &[
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
];

pub(super) static CURVES: &[Named<&'static dyn SupportedKxGroup>] =
    &[("CurveP256", kx_group::SECP256R1), ("CurveP384", kx_group::SECP384R1), ("X25519", kx_group::X25519)];

pub(super) const UNSPOKEN_CURVES: &[&str] = &["CurveP521"];

/// Looks a name up; the case counts, as it does in Go.
pub(super) fn find<T: Copy>(table: &[Named<T>], name: &str) -> Option<T> {
    table.iter().find(|(n, _)| *n == name).map(|(_, t)| *t)
}

/// Lists the names of a table, for an error.
pub(super) fn list<T>(table: &[Named<T>]) -> String {
    join(table.iter().map(|(name, _)| name))
}

/// Joins names with commas, for an error.
pub(super) fn join<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.join(", ")
}
