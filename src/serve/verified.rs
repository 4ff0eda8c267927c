//! What is remembered of checked passwords, so that bcrypt need not run on every scrape.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use subtle::{Choice, ConstantTimeEq};

/// How many answers of each kind are kept.
const KEPT: usize = 128;

/// A keyed digest of a user, the password given and the hash it was held against.
#[derive(Clone, Copy)]
pub(super) struct Digest([u8; 16]);

/// The latest answers. Only digests are kept, under a key of this process, and
/// wrong passwords never push out right ones.
#[derive(Default)]
pub(super) struct Verified {
    right: VecDeque<Digest>,
    wrong: VecDeque<Digest>,
}

/// The random key of the digests.
#[derive(Default)]
pub(super) struct DigestKey {
    low: RandomState,
    high: RandomState,
}

impl DigestKey {
    /// Digests one attempt to log in.
    pub(super) fn digest(&self, user: &str, password: &str, hash: &str) -> Digest {
        // Strings are hashed with their ends marked: ("a", "bc") is not ("ab", "c").
        let half = |key: &RandomState| key.hash_one((user, password, hash));
        let whole = (u128::from(half(&self.high)) << 64) | u128::from(half(&self.low));
        Digest(whole.to_ne_bytes())
    }

    /// Picks one of `n` things, always the same one for a name.
    pub(super) fn pick(&self, name: &str, n: usize) -> usize {
        let hash = usize::try_from(self.low.hash_one(name)).unwrap_or(0);
        hash.checked_rem(n).unwrap_or(0)
    }
}

impl Verified {
    /// What the password turned out to be, if it was checked before.
    pub(super) fn get(&self, digest: Digest) -> Option<bool> {
        let right = contains(&self.right, digest);
        let wrong = contains(&self.wrong, digest);
        match (right, wrong) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    /// Keeps what a password turned out to be, in place of the oldest of its kind.
    pub(super) fn set(&mut self, digest: Digest, right: bool) {
        let kept = if right { &mut self.right } else { &mut self.wrong };
        while kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(digest);
    }
}

fn contains(kept: &VecDeque<Digest>, digest: Digest) -> bool {
    let mut found = Choice::from(0);
    for other in kept {
        found |= other.0.ct_eq(&digest.0);
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passwords_do_not_push_out_right_ones_and_stay_few() {
        let (key, mut verified) = (DigestKey::default(), Verified::default());
        let good = key.digest("alice", "secret", "hash");
        assert_eq!(verified.get(good), None);
        verified.set(good, true);
        for n in 0..1000 {
            verified.set(key.digest("alice", &n.to_string(), "hash"), false);
        }
        assert_eq!(verified.get(good), Some(true));
        assert_eq!(verified.wrong.len(), KEPT);
        assert_eq!(verified.get(key.digest("alice", "999", "hash")), Some(false));
        assert_eq!(verified.get(key.digest("alice", "0", "hash")), None);
    }

    #[test]
    fn a_digest_depends_on_every_part_and_on_the_key() {
        let key = DigestKey::default();
        let base = key.digest("ab", "c", "h").0;
        assert_eq!(base, key.digest("ab", "c", "h").0);
        assert_ne!(base, key.digest("a", "bc", "h").0);
        assert_ne!(base, key.digest("ab", "c", "i").0);
        assert_ne!(base, DigestKey::default().digest("ab", "c", "h").0);
    }
}
