//! Certificates and keys, read from the files which the web config names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::error::{PemProblem, Place, WebConfigError};

/// A file which the web config names, and where it does.
pub(super) struct PemFile {
    pub(super) path: PathBuf,
    pub(super) place: Box<Place>,
}

impl PemFile {
    fn error(&self, expected: &'static str, source: PemProblem) -> WebConfigError {
        WebConfigError::Pem { place: self.place.clone(), file: self.path.clone(), expected, source }
    }
}

/// Reads a certificate chain and its private key, and checks that they belong together.
pub(super) fn identity(cert: &PemFile, key: &PemFile) -> Result<Arc<CertifiedKey>, WebConfigError> {
    let chain = certificates(&cert.path).map_err(|e| cert.error("a PEM certificate", e))?;
    let private = private_key(&key.path).map_err(|e| key.error("a PEM private key", e))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).map(Arc::new).map_err(|source| {
        WebConfigError::Identity { place: cert.place.clone(), cert: cert.path.clone(), key: key.path.clone(), source }
    })
}

/// Reads the CA certificates which clients' certificates are checked against.
pub(super) fn roots(file: &PemFile) -> Result<Arc<RootCertStore>, WebConfigError> {
    root_store(&file.path).map(Arc::new).map_err(|e| file.error("PEM certificates of one or more CAs", e))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemProblem> {
    let pem = std::fs::read(path)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err(PemProblem::Empty);
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemProblem> {
    let pem = std::fs::read(path)?;
    Ok(PrivateKeyDer::from_pem_slice(&pem)?)
}

fn root_store(path: &Path) -> Result<RootCertStore, PemProblem> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate)?;
    }
    Ok(store)
}
