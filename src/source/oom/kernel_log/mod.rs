//! The kernel's log as a source of kills: the only one that names the victim, and whose limit called for it. Pure: bytes
//! of /dev/kmsg in, victims out; only `follow` reads the device.

mod follow;
mod line;
mod record;
mod wording;

pub(crate) use follow::{Heard, KernelLog};
pub use record::Record;
pub use wording::{Killed, Wording};

/// An unsigned decimal number that is all of `word`; `None` where it does not fit.
fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
