//! The web config in use, which follows the file without a restart.
//!
//! A version which cannot be used, or which protects less, leaves the one
//! before it in use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio_rustls::TlsAcceptor;

use super::auth::Auth;
use super::fingerprint::Fingerprint;
use super::tls::{self, TlsError};
use crate::config::web::http::Header;
use crate::config::web::tls::ClientAuth;
use crate::config::web::{WebConfig, WebConfigError};

/// How often the files are looked at, at most.
const PERIOD: Duration = Duration::from_secs(1);

/// The web config in use, and the means to notice a new one.
pub struct Web {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

/// A web config made ready to serve with.
pub struct Active {
    /// Answers TLS handshakes, or none for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// Checks users and passwords.
    pub auth: Auth,
    /// The headers to set on every response.
    pub headers: Vec<Header>,
    /// Whether the file asks for HTTP/2, which memtrend does not speak.
    pub asks_for_http2: bool,
    strength: Strength,
}

/// Says why a web config cannot be served with.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The file or one it names is wrong.
    #[error(transparent)]
    Config(#[from] WebConfigError),
    /// TLS cannot be set up.
    #[error("{path}: {source}", path = path.display())]
    Tls {
        /// The web config file.
        path: PathBuf,
        /// What is wrong.
        source: TlsError,
    },
    /// The new version takes away a protection.
    #[error("{path}: {what} is gone from the running configuration; restart memtrend to serve without it", path = path.display())]
    Weaker {
        /// The web config file.
        path: PathBuf,
        /// What was taken away.
        what: &'static str,
    },
}

struct State {
    active: Arc<Active>,
    looked: Instant,
    seen: Fingerprint,
    settled: bool,
    last_error: Option<String>,
}

/// What a config protects with.
#[derive(Clone, Copy)]
struct Strength {
    tls: bool,
    client_certificates: bool,
    users: bool,
}

impl Web {
    /// Serves plain HTTP to everybody.
    pub fn plain() -> Self {
        let (looked, seen) = (Instant::now(), Fingerprint::of(&[]));
        Self {
            path: None,
            state: Mutex::new(State {
                active: Arc::new(Active::plain()),
                looked,
                seen,
                settled: true,
                last_error: None,
            }),
        }
    }

    /// Reads the web config file, to be followed from now on.
    pub fn open(path: &Path) -> Result<Self, WebError> {
        let attempt = Attempt::make(path);
        Ok(Self {
            path: Some(path.to_owned()),
            state: Mutex::new(State {
                active: Arc::new(attempt.outcome?),
                looked: Instant::now(),
                seen: attempt.seen,
                settled: attempt.settled,
                last_error: None,
            }),
        })
    }

    /// Gives the config to use now. Looks at the files once a second at most.
    pub fn current(&self) -> Arc<Active> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.path
            && state.looked.elapsed() >= PERIOD
        {
            state.looked = Instant::now();
            state.look(path);
        }
        state.active.clone()
    }
}

impl State {
    fn look(&mut self, path: &Path) {
        let now = Fingerprint::of(&self.seen.files());
        let same = now == self.seen;
        if (same && self.settled) || !now.settled_at(SystemTime::now()) {
            return;
        }
        let attempt = Attempt::make(path);
        let same = same && attempt.seen == self.seen;
        self.seen = attempt.seen;
        self.settled = attempt.settled;
        let checked = attempt.outcome.and_then(|new| match self.active.strength.lost_by(new.strength) {
            Some(what) => Err(WebError::Weaker { path: path.to_owned(), what }),
            None => Ok(new),
        });
        match checked {
            Ok(new) => {
                self.active = Arc::new(new);
                let failed_before = self.last_error.take().is_some();
                if !same || failed_before {
                    tracing::info!(file = %path.display(), "web config reloaded");
                }
            }
            Err(error) => {
                let line = error.to_string();
                if !same || self.last_error.as_ref() != Some(&line) {
                    tracing::error!("web config not reloaded, the one before stays in use: {line}");
                }
                self.last_error = Some(line);
            }
        }
    }
}

/// One reading of the files.
struct Attempt {
    outcome: Result<Active, WebError>,
    seen: Fingerprint,
    settled: bool,
}

impl Attempt {
    fn make(path: &Path) -> Self {
        let start = SystemTime::now();
        let mut files = Vec::new();
        let config = WebConfig::load_listing(path, &mut files);
        // Taken after reading: a file which changed meanwhile is not settled, and is read again.
        let seen = Fingerprint::of(&files);
        Self {
            outcome: config.map_err(WebError::from).and_then(|config| Active::new(path, config)),
            settled: seen.settled_at(start),
            seen,
        }
    }
}

impl Active {
    fn plain() -> Self {
        Self {
            tls: None,
            auth: Auth::new(Default::default()),
            headers: Vec::new(),
            asks_for_http2: false,
            strength: Strength { tls: false, client_certificates: false, users: false },
        }
    }

    fn new(path: &Path, config: WebConfig) -> Result<Self, WebError> {
        let strength = Strength::of(&config);
        let server = config.tls.as_ref().map(tls::server_config).transpose();
        let server = server.map_err(|source| WebError::Tls { path: path.to_owned(), source })?;
        Ok(Self {
            tls: server.map(|server| TlsAcceptor::from(Arc::new(server))),
            auth: Auth::new(config.users),
            headers: config.headers,
            asks_for_http2: config.asks_for_http2,
            strength,
        })
    }
}

impl Strength {
    fn of(config: &WebConfig) -> Self {
        let auth = config.tls.as_ref().map(|tls| &tls.client_auth);
        Self {
            tls: auth.is_some(),
            client_certificates: matches!(auth, Some(ClientAuth::RequireAndVerify(_) | ClientAuth::RequireAny(_))),
            users: !config.users.is_empty(),
        }
    }

    fn lost_by(self, new: Self) -> Option<&'static str> {
        match (self, new) {
            (Self { tls: true, .. }, Self { tls: false, .. }) => Some("TLS"),
            (Self { client_certificates: true, .. }, Self { client_certificates: false, .. }) => {
                Some("the client certificate requirement")
            }
            (Self { users: true, .. }, Self { users: false, .. }) => Some("basic_auth_users"),
            _ => None,
        }
    }
}
