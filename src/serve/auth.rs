//! Basic authentication with bcrypt hashes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::verified::{DigestKey, Verified};
use crate::config::web::http::PasswordHash;

/// The salt and hash which unknown users' passwords are held against.
const NOBODY: &str = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// Checks users and passwords.
pub struct Auth {
    users: BTreeMap<String, PasswordHash>,
    key: DigestKey,
    verified: Mutex<Verified>,
    /// Lets one bcrypt run at a time, so that guessing takes one core at most.
    one: Arc<Semaphore>,
}

impl Auth {
    /// Makes a checker for these users, without memory of earlier checks.
    pub fn new(users: BTreeMap<String, PasswordHash>) -> Self {
        Self { users, key: DigestKey::default(), verified: Mutex::default(), one: Arc::new(Semaphore::new(1)) }
    }

    /// Whether a request with these headers may be answered.
    pub async fn allows(&self, headers: &HeaderMap) -> bool {
        if self.users.is_empty() {
            return true;
        }
        match credentials(headers) {
            Some((user, password)) => self.check(&user, password).await,
            None => false,
        }
    }

    async fn check(&self, user: &str, password: String) -> bool {
        let (known, hash) = self.hash_of(user);
        let digest = self.key.digest(user, &password, &hash);
        if let Some(right) = self.remembered(|verified| verified.get(digest)) {
            return right;
        }
        let Ok(turn) = self.one.clone().acquire_owned().await else {
            return false;
        };
        // The same password may have been checked while this one waited.
        if let Some(right) = self.remembered(|verified| verified.get(digest)) {
            return right;
        }
        let checked = tokio::task::spawn_blocking(move || {
            // Held here, so that a client which hangs up does not let the next one in early.
            let _turn = turn;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        let Ok(matches) = checked.await else {
            return false;
        };
        let right = known && matches;
        self.remembered(|verified| verified.set(digest, right));
        right
    }

    /// The user's hash. An unknown user gets one which costs as much as some
    /// user's, so that the time taken does not tell who exists.
    fn hash_of(&self, user: &str) -> (bool, String) {
        let mut found = None;
        for (name, password) in &self.users {
            if bool::from(name.as_bytes().ct_eq(user.as_bytes())) {
                found = Some(password.hash.clone());
            }
        }
        let index = self.key.pick(user, self.users.len());
        let cost = self.users.values().nth(index).map_or(10, |p| p.cost);
        let nobody = format!("$2y${cost:02}${NOBODY}");
        (found.is_some(), found.unwrap_or(nobody))
    }

    fn remembered<T>(&self, ask: impl FnOnce(&mut Verified) -> T) -> T {
        ask(&mut self.verified.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads `Authorization: Basic …`.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn auth(users: &[(&str, &str)]) -> Auth {
        let hashed = |(name, password): &(&str, &str)| {
            let hash = bcrypt::hash(password, 4).unwrap();
            ((*name).to_owned(), PasswordHash { hash, cost: 4 })
        };
        Auth::new(users.iter().map(hashed).collect())
    }

    fn asks(auth: &Auth, value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().unwrap();
        runtime.block_on(auth.allows(&headers))
    }

    #[test]
    fn only_the_right_password_of_a_known_user_gets_in() {
        let auth = auth(&[("alice", "a:b"), ("bob", "c")]);
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        // Twice: the second answer comes from memory.
        for _ in 0..2 {
            assert!(asks(&auth, &basic("alice:a:b")));
            assert!(asks(&auth, &basic("bob:c").replace("Basic", "bAsIc")));
            assert!(!asks(&auth, &basic("alice:c")));
            assert!(!asks(&auth, &basic("carol:c")));
            assert!(!asks(&auth, &basic("alice")));
            assert!(!asks(&auth, "Basic %"));
            assert!(!asks(&auth, "Bearer x"));
        }
    }

    #[test]
    fn not_even_a_password_which_fits_lets_an_unknown_user_in() {
        let hash = bcrypt::hash("secret", 10).unwrap();
        let user = ("alice".to_owned(), PasswordHash { hash, cost: 10 });
        let auth = Auth::new([user].into());
        let (_, nobody) = auth.hash_of("carol");
        assert!(bcrypt::verify("fakepassword", &nobody).unwrap());
        let value = format!("Basic {}", STANDARD.encode("carol:fakepassword"));
        assert!(!asks(&auth, &value));
    }

    #[test]
    fn an_unknown_user_costs_as_much_as_a_known_one() {
        let auth = auth(&[("alice", "x")]);
        let (known, hash) = auth.hash_of("carol");
        assert!(!known);
        let parts: bcrypt::HashParts = hash.parse().unwrap();
        assert_eq!(parts.get_cost(), 4);
    }
}
