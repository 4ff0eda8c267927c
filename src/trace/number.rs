//! Reads the numbers of a line: most are written in plain digits, and many are those of the line above.

use memtrend_analysis::units::count_as_f64;

/// The most characters of a number with a point that [`plain`] reads: 15 digits.
const LONGEST_FRACTION: usize = 16;

const POWERS_OF_TEN: [f64; LONGEST_FRACTION] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// A number as it was last read: a limit stands still for long, and so does the start of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// The bytes of the field and of what ends it.
    text: u128,
    mask: u128,
    value: f64,
    length: usize,
}

impl Number {
    /// Nothing was read as yet: no text has a bit outside its mask.
    pub(super) const NONE: Self = Self { text: 1, mask: 0, value: 0.0, length: 0 };

    /// Reads the number at the beginning of a line's rest, up to a comma or the end, and tells how long it is; `None` where
    /// it is not written in plain digits.
    pub(super) fn at(&mut self, rest: &[u8]) -> Option<usize> {
        let head = Head::of(rest);
        let text = u128::from_le_bytes(head.0);
        if text & self.mask == self.text {
            return Some(self.length);
        }
        // Most are as long as in the line above: so the processor need not wait for the end of one to begin with the next.
        let alike = rest.get(self.length).filter(|byte| **byte == b',').and_then(|_| head.whole(self.length));
        let (value, length) = match alike {
            Some(whole) => (count_as_f64(whole), self.length),
            None => plain(head, rest)?,
        };
        *self = match 15_usize.checked_sub(length).map(|behind| u128::MAX >> (8 * behind)) {
            Some(mask) => Self { text: text & mask, mask, value, length },
            None => Self { value, length, ..Self::NONE },
        };
        Some(length)
    }

    /// What was read last.
    pub(super) fn value(&self) -> f64 {
        self.value
    }
}

/// A finite number of at least 0 in any spelling, or nothing; an error says what is there and what was expected.
pub(super) fn general(field: &[u8]) -> Result<Option<f64>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    let value = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
    value.filter(|value| value.is_finite() && *value >= 0.0).map(Some).ok_or_else(|| {
        let shown: String = String::from_utf8_lossy(field).chars().take(40).collect();
        format!("{shown:?}: expected a finite number of at least 0, or nothing")
    })
}

/// The number at the beginning of a line's rest, with its length, where it is written in plain digits up to a comma or the
/// end, as nearly all are: the general parser takes three times as long. Exact: 15 digits are below 2^53 and the powers of
/// ten are floats themselves, so that one division rounds once.
fn plain(head: Head, rest: &[u8]) -> Option<(f64, usize)> {
    let mut length = digits(rest);
    let whole = head.whole(length)?;
    let mut value = count_as_f64(whole);
    if rest.get(length) == Some(&b'.') {
        let behind = rest.get(length + 1..)?;
        let decimals = digits(behind);
        length += 1 + decimals;
        if length > LONGEST_FRACTION {
            return None;
        }
        let power = POWERS_OF_TEN.get(decimals)?;
        value = (value * power + count_as_f64(Head::of(behind).whole(decimals)?)) / power;
    }
    matches!(rest.get(length), None | Some(b',')).then_some((value, length))
}

/// How many digits a text begins with; 17 stand for more.
fn digits(text: &[u8]) -> usize {
    text.iter().take(17).take_while(|byte| byte.is_ascii_digit()).count()
}

/// The first bytes of a text; where it is shorter, what no line holds stands behind it.
#[derive(Clone, Copy)]
struct Head([u8; 16]);

impl Head {
    fn of(text: &[u8]) -> Self {
        match text.first_chunk() {
            Some(bytes) => Self(*bytes),
            None => {
                let mut bytes = [b'\n'; 16];
                bytes.iter_mut().zip(text).for_each(|(slot, byte)| *slot = *byte);
                Self(bytes)
            }
        }
    }

    /// The number that the first `length` bytes make, 1 to 16; `None` when not all of them are digits.
    fn whole(self, length: usize) -> Option<u64> {
        let [first, second] = [self.0.first_chunk()?, self.0.last_chunk()?].map(|half| u64::from_le_bytes(*half));
        match length {
            1..=8 => number(first, length),
            9..=16 => {
                Some(number(first, 8)?.wrapping_mul(*TENS.get(length - 8)?).wrapping_add(number(second, length - 8)?))
            }
            _ => None,
        }
    }
}

/// The number that the first `count` of eight bytes make, 1 to 8; `None` when not all of them are digits. All eight at once:
/// what stands behind is shifted out, then neighbours are joined to pairs, to fours, to the whole (D. Lemire, "Number parsing
/// at a gigabyte per second", Software: Practice and Experience 51 (2021) 1700-1727).
fn number(bytes: u64, count: usize) -> Option<u64> {
    let kept = (bytes ^ u64::from_le_bytes([b'0'; 8])) << (64 - 8 * count);
    // A digit is now 0 to 9: adding 0x76 sets the top bit of all others below 0x80.
    let others = (kept & u64::from_le_bytes([0x7f; 8])).wrapping_add(u64::from_le_bytes([0x76; 8])) | kept;
    let pairs = (kept.wrapping_mul(10).wrapping_add(kept >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let whole = (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xffff_ffff;
    (others & u64::from_le_bytes([0x80; 8]) == 0).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(rest: &str) -> Option<(f64, usize)> {
        plain(Head::of(rest.as_bytes()), rest.as_bytes())
    }

    proptest! {
        #[test]
        fn plain_digits_are_read_as_the_general_parser_reads_them(
            text in "[0-9]{0,17}(\\.[0-9]{0,16})?", tail in "(,[0-9.]*)?"
        ) {
            if let Some((value, length)) = read(&format!("{text}{tail}")) {
                prop_assert_eq!(length, text.len());
                prop_assert_eq!(Ok(value.to_bits()), text.parse().map(f64::to_bits));
            } else {
                let is_odd = text.starts_with('.') || text.ends_with('.') || text.is_empty();
                prop_assert!(text.len() > LONGEST_FRACTION || is_odd, "{}", text);
            }
        }

        #[test]
        fn what_is_no_number_is_left_to_the_general_parser(field in "[0-9]{0,9}[ -+:-~\u{80}-\u{ff}-][0-9]{0,9}") {
            prop_assert_eq!(read(&field), None);
        }

        #[test]
        fn what_was_read_before_does_not_change_what_is_read(
            fields in prop::collection::vec("(1|12|1234567|12345678|123456789012345|1234567890123456|0\\.5|1\\.25|)(,[0-9,]{0,20})?", 1..6)
        ) {
            let mut number = Number::NONE;
            for field in fields {
                let (read, expected) = (number.at(field.as_bytes()), read(&field));
                prop_assert_eq!(read.map(|length| (number.value(), length)), expected, "{}", field);
            }
        }
    }
}
