//! A body under a first line that says what it is, in which version, and its checksum: what was changed by no memtrend is found out.

use flate2::Crc;

/// What a first line begins with.
const MAGIC: &str = "memtrend-state";

/// A first line is no longer than this.
const LONGEST_LINE: usize = 100;

/// Why a file is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    /// It was not written by memtrend, or its first line was changed.
    #[error("it does not begin with `{MAGIC}` and what follows that")]
    NoHeader,
    /// By a later memtrend, or by an earlier one that is not understood any more.
    #[error("its format is {kind} {found}, this memtrend reads {kind} {expected}")]
    Version {
        /// What it holds.
        kind: &'static str,
        /// Its version, as it is told.
        found: String,
        /// The version that is read.
        expected: u32,
    },
    /// It is not what was written.
    #[error("its checksum is not that of what it holds: it was cut off or changed")]
    Checksum,
    /// The checksum is right, and yet it is not understood.
    #[error("{0}")]
    Body(String),
}

/// Seals what is of some kind and version.
pub(super) fn seal(kind: &str, version: u32, body: &[u8]) -> Vec<u8> {
    let mut sealed = format!("{MAGIC} {kind} {version} {:08x}\n", checksum(kind, version, body)).into_bytes();
    sealed.extend_from_slice(body);
    sealed
}

/// The body, when it is as it was sealed.
///
/// # Errors
/// What is wrong with it.
pub(super) fn unseal<'a>(kind: &'static str, version: u32, sealed: &'a [u8]) -> Result<&'a [u8], Damage> {
    let end = sealed.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n').ok_or(Damage::NoHeader)?;
    let (line, body) = sealed.split_at_checked(end).ok_or(Damage::NoHeader)?;
    let line = std::str::from_utf8(line).map_err(|_| Damage::NoHeader)?;
    let words: Vec<&str> = line.split(' ').collect();
    let [MAGIC, found_kind, found, sum] = words[..] else { return Err(Damage::NoHeader) };
    if found_kind != kind {
        return Err(Damage::NoHeader);
    }
    if found != version.to_string() {
        return Err(Damage::Version { kind, found: found.escape_default().to_string(), expected: version });
    }
    let body = body.get(1..).unwrap_or_default();
    // Spelt in one way only.
    if sum != format!("{:08x}", checksum(kind, version, body)) {
        return Err(Damage::Checksum);
    }
    Ok(body)
}

/// CRC-32 over all that matters: no change of a single byte goes unseen.
fn checksum(kind: &str, version: u32, body: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(kind.as_bytes());
    crc.update(&version.to_le_bytes());
    crc.update(body);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_there_again_and_no_byte_of_it_may_be_another() {
        let sealed = seal("kills", 3, b"body");
        assert_eq!(unseal("kills", 3, &sealed), Ok(b"body".as_slice()));
        for place in 0..sealed.len() {
            for change in 1..=u8::MAX {
                let mut other = sealed.clone();
                other[place] ^= change;
                assert!(unseal("kills", 3, &other).is_err(), "{place}: {change}");
            }
            assert!(unseal("kills", 3, &sealed[..place]).is_err(), "cut after {place}");
        }
        assert_eq!(unseal("trends", 3, &sealed), Err(Damage::NoHeader));
        let newer = unseal("kills", 2, &sealed).map_err(|damage| damage.to_string());
        assert_eq!(newer, Err("its format is kills 3, this memtrend reads kills 2".to_owned()));
    }
}
