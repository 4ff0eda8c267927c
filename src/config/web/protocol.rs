//! Versions, cipher suites and curves of the `tls_server_config` block.

use serde_saphyr::Spanned;
use tokio_rustls::rustls::SupportedCipherSuite;
use tokio_rustls::rustls::crypto::{SupportedKxGroup, ring};

use super::error::{Place, WebConfigError};
use super::file::{At, Source, TlsFile};
use super::names::{self, Named, TlsVersion};

/// The versions, cipher suites and curves allowed.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// The lowest version allowed.
    pub min_version: TlsVersion,
    /// The highest version allowed.
    pub max_version: TlsVersion,
    /// The suites allowed, best first. As in Go, those of TLS 1.3 always are.
    pub cipher_suites: Vec<SupportedCipherSuite>,
    /// The key exchange groups allowed, best first.
    pub curves: Vec<&'static dyn SupportedKxGroup>,
    /// Whether the server's order of cipher suites counts, not the client's.
    pub prefer_server_cipher_suites: bool,
}

/// Checks the protocol keys of the block.
pub(super) fn protocol(source: &Source<'_>, tls: &TlsFile) -> Result<Protocol, WebConfigError> {
    let min_version = version(source, "min_version", &tls.min_version)?.unwrap_or(TlsVersion::Tls12);
    let max_version = version(source, "max_version", &tls.max_version)?.unwrap_or(TlsVersion::Tls13);
    if let Some(max) = &tls.max_version
        && max_version < min_version
    {
        let place = source.place("tls_server_config.max_version", max);
        return Err(WebConfigError::VersionOrder { place });
    }
    let curves = curves(source, &tls.curve_preferences)?;
    Ok(Protocol {
        min_version,
        max_version,
        cipher_suites: cipher_suites(source, &tls.cipher_suites, max_version)?,
        curves,
        prefer_server_cipher_suites: tls.prefer_server_cipher_suites.as_ref().is_none_or(|prefer| prefer.value),
    })
}

/// Says where the first protocol key stands, if there is one.
pub(super) fn first_key(source: &Source<'_>, tls: &TlsFile) -> Option<Box<Place>> {
    fn at<T>(source: &Source<'_>, key: &str, value: &At<T>) -> Option<Box<Place>> {
        let key = format!("tls_server_config.{key}");
        value.as_ref().map(|value| source.place(&key, value))
    }
    let prefer = &tls.prefer_server_cipher_suites;
    at(source, "min_version", &tls.min_version)
        .or_else(|| at(source, "max_version", &tls.max_version))
        .or_else(|| at(source, "cipher_suites", &tls.cipher_suites))
        .or_else(|| at(source, "curve_preferences", &tls.curve_preferences))
        .or_else(|| at(source, "prefer_server_cipher_suites", prefer))
}

fn version(source: &Source<'_>, key: &str, value: &At<String>) -> Result<Option<TlsVersion>, WebConfigError> {
    let Some(value) = value else { return Ok(None) };
    let place = source.place(&format!("tls_server_config.{key}"), value);
    let found = value.value.clone();
    match names::find(names::TLS_VERSIONS, &found) {
        Some(version) => Ok(Some(version)),
        None if names::OLD_TLS_VERSIONS.contains(&found.as_str()) => Err(WebConfigError::OldTls { place, found }),
        None => Err(WebConfigError::UnknownValue { place, found, known: names::list(names::TLS_VERSIONS) }),
    }
}

fn cipher_suites(
    source: &Source<'_>,
    listed: &At<Vec<Spanned<String>>>,
    max_version: TlsVersion,
) -> Result<Vec<SupportedCipherSuite>, WebConfigError> {
    let key = "tls_server_config.cipher_suites";
    let (table, unspoken) = (names::CIPHER_SUITES, names::UNSPOKEN_CIPHER_SUITES);
    let all = ring::ALL_CIPHER_SUITES.iter().copied();
    let Some(listed) = listed.as_ref().filter(|list| !list.value.is_empty()) else {
        return Ok(all.collect());
    };
    let mut suites: Vec<_> = all.filter(|suite| !is_tls12(suite)).collect();
    let before = suites.len();
    for name in &listed.value {
        suites.extend(Some(named(source, key, name, table, unspoken)?).filter(is_tls12));
    }
    if suites.len() == before && max_version == TlsVersion::Tls12 {
        let known = table.iter().filter(|(_, suite)| is_tls12(suite));
        return Err(WebConfigError::NoSuite {
            place: source.place(key, listed),
            known: names::join(known.map(|(name, _)| name)),
        });
    }
    Ok(suites)
}

fn is_tls12(suite: &SupportedCipherSuite) -> bool {
    matches!(suite, SupportedCipherSuite::Tls12(_))
}

fn curves(
    source: &Source<'_>,
    listed: &At<Vec<Spanned<String>>>,
) -> Result<Vec<&'static dyn SupportedKxGroup>, WebConfigError> {
    let key = "tls_server_config.curve_preferences";
    match listed.as_ref().filter(|list| !list.value.is_empty()) {
        None => Ok(ring::ALL_KX_GROUPS.to_vec()),
        Some(list) => {
            list.value.iter().map(|name| named(source, key, name, names::CURVES, names::UNSPOKEN_CURVES)).collect()
        }
    }
}

fn named<T: Copy>(
    source: &Source<'_>,
    key: &str,
    name: &Spanned<String>,
    table: &[Named<T>],
    unspoken: &[&str],
) -> Result<T, WebConfigError> {
    let place = || source.place(key, name);
    let found = name.value.clone();
    match names::find(table, &found) {
        Some(value) => Ok(value),
        None if unspoken.contains(&found.as_str()) => {
            Err(WebConfigError::Unspoken { place: place(), found, known: names::list(table) })
        }
        None => Err(WebConfigError::UnknownValue { place: place(), found, known: names::list(table) }),
    }
}
