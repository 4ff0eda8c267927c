//! TLS, set up as the web config file says.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig, SupportedProtocolVersion};

use super::verifier::AnyCertificate;
use crate::config::web::names::TlsVersion;
use crate::config::web::protocol::Protocol;
use crate::config::web::tls::{ClientAuth, TlsSettings};

/// Says why TLS cannot be set up although its settings are well-formed.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The versions, cipher suites and curves do not go together.
    #[error("tls_server_config: {0}; leave out cipher_suites, curve_preferences, min_version and max_version")]
    Protocol(#[from] rustls::Error),
    /// The client CAs cannot be used.
    #[error("tls_server_config.client_ca_file: {0}; expected PEM certificates of one or more CAs")]
    ClientCa(#[from] VerifierBuilderError),
}

/// Builds what the TLS library needs to answer handshakes.
pub(super) fn server_config(settings: &TlsSettings) -> Result<ServerConfig, TlsError> {
    let protocol = &settings.protocol;
    let provider = Arc::new(CryptoProvider {
        cipher_suites: protocol.cipher_suites.clone(),
        kx_groups: protocol.curves.clone(),
        ..ring::default_provider()
    });
    let verifier = verifier(&settings.client_auth, &provider)?;
    let resolver = SingleCertAndKey::from(settings.identity.as_ref().clone());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(protocol))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(resolver));
    config.ignore_client_order = protocol.prefer_server_cipher_suites;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

static ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
static ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];
static BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

fn versions(protocol: &Protocol) -> &'static [&'static SupportedProtocolVersion] {
    match (protocol.min_version, protocol.max_version) {
        (TlsVersion::Tls13, _) => ONLY_13,
        (TlsVersion::Tls12, TlsVersion::Tls12) => ONLY_12,
        (TlsVersion::Tls12, TlsVersion::Tls13) => BOTH,
    }
}

fn verifier(
    auth: &ClientAuth,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    let algorithms = provider.signature_verification_algorithms;
    match auth {
        ClientAuth::None => Ok(Arc::new(NoClientAuth)),
        ClientAuth::Request(hints) => Ok(Arc::new(AnyCertificate::new(hints, false, algorithms))),
        ClientAuth::RequireAny(hints) => Ok(Arc::new(AnyCertificate::new(hints, true, algorithms))),
        ClientAuth::VerifyIfGiven(roots) => {
            WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).allow_unauthenticated().build()
        }
        ClientAuth::RequireAndVerify(roots) => {
            WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()
        }
    }
}
