//! The `tls_server_config` block: how TLS is to be spoken.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::error::{Place, WebConfigError};
use super::file::{At, Source, TlsFile};
use super::names::{self, ClientAuthType};
use super::pem::{self, PemFile};
use super::protocol::{self, Protocol};

/// How TLS is to be spoken.
pub struct TlsSettings {
    /// The certificate chain and its private key.
    pub identity: Arc<CertifiedKey>,
    /// What is asked of a client's certificate.
    pub client_auth: ClientAuth,
    /// The versions, cipher suites and curves allowed.
    pub protocol: Protocol,
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("client_auth", &self.client_auth)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// What is asked of a client's certificate. The CAs of the two kinds which do
/// not verify only tell the client which certificates are welcome.
#[derive(Debug, Clone)]
pub enum ClientAuth {
    /// Nothing.
    None,
    /// A certificate is asked for, and any or none will do.
    Request(Arc<RootCertStore>),
    /// A certificate is required, and any will do.
    RequireAny(Arc<RootCertStore>),
    /// A certificate must come from one of the CAs, but need not be sent.
    VerifyIfGiven(Arc<RootCertStore>),
    /// A certificate from one of the CAs is required.
    RequireAndVerify(Arc<RootCertStore>),
}

/// Checks the block and reads its files; `files` gets the path of each.
/// A block without any key means no TLS.
pub(super) fn settings(
    source: &Source<'_>,
    tls: &TlsFile,
    files: &mut Vec<PathBuf>,
) -> Result<Option<TlsSettings>, WebConfigError> {
    let protocol = protocol::protocol(source, tls)?;
    let auth = auth_type(source, &tls.client_auth_type)?;
    let mut named = |key: &str, value: &At<String>| {
        let file = pem_file(source, key, value)?;
        files.push(file.path.clone());
        Some(file)
    };
    let cert = named("tls_server_config.cert_file", &tls.cert_file);
    let key = named("tls_server_config.key_file", &tls.key_file);
    let ca = named("tls_server_config.client_ca_file", &tls.client_ca_file);
    let (cert, key) = match (cert, key) {
        (Some(cert), Some(key)) => (cert, key),
        (Some(cert), None) => return Err(needs(cert.place, "key_file")),
        (None, Some(key)) => return Err(needs(key.place, "cert_file")),
        (None, None) => {
            let other = auth.map(|(place, _)| place).or(ca.map(|ca| ca.place));
            return match other.or_else(|| protocol::first_key(source, tls)) {
                Some(place) => Err(needs(place, "cert_file")),
                None => Ok(None),
            };
        }
    };
    Ok(Some(TlsSettings { identity: pem::identity(&cert, &key)?, client_auth: client_auth(auth, ca)?, protocol }))
}

fn pem_file(source: &Source<'_>, key: &str, value: &At<String>) -> Option<PemFile> {
    let value = value.as_ref().filter(|value| !value.value.is_empty())?;
    Some(PemFile { path: source.resolve(&value.value), place: source.place(key, value) })
}

fn auth_type(source: &Source<'_>, value: &At<String>) -> Result<Option<(Box<Place>, ClientAuthType)>, WebConfigError> {
    let Some(value) = value.as_ref().filter(|value| !value.value.is_empty()) else {
        return Ok(None);
    };
    let place = source.place("tls_server_config.client_auth_type", value);
    match names::find(names::CLIENT_AUTH_TYPES, &value.value) {
        Some(auth) => Ok(Some((place, auth))),
        None => Err(WebConfigError::UnknownValue {
            place,
            found: value.value.clone(),
            known: names::list(names::CLIENT_AUTH_TYPES),
        }),
    }
}

fn client_auth(auth: Option<(Box<Place>, ClientAuthType)>, ca: Option<PemFile>) -> Result<ClientAuth, WebConfigError> {
    let roots = ca.as_ref().map(pem::roots).transpose()?;
    let Some((place, auth)) = auth else {
        return no_client_auth(ca);
    };
    let hints = roots.clone().unwrap_or(Arc::new(RootCertStore::empty()));
    let cas = roots.ok_or_else(|| needs(place, "client_ca_file"));
    match auth {
        ClientAuthType::None => no_client_auth(ca),
        ClientAuthType::Request => Ok(ClientAuth::Request(hints)),
        ClientAuthType::RequireAny => Ok(ClientAuth::RequireAny(hints)),
        ClientAuthType::VerifyIfGiven => Ok(ClientAuth::VerifyIfGiven(cas?)),
        ClientAuthType::RequireAndVerify => Ok(ClientAuth::RequireAndVerify(cas?)),
    }
}

fn no_client_auth(ca: Option<PemFile>) -> Result<ClientAuth, WebConfigError> {
    match ca {
        Some(PemFile { place, .. }) => Err(WebConfigError::UnusedClientCa { place }),
        None => Ok(ClientAuth::None),
    }
}

fn needs(place: Box<Place>, needs: &'static str) -> WebConfigError {
    WebConfigError::Incomplete { place, needs }
}
