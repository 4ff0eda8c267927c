//! One record of /dev/kmsg, as the kernel's `Documentation/ABI/testing/dev-kmsg` has it:
//! `priority,sequence,microseconds,flags[,more];text`, and below it lines ` KEY=value`, which say nothing here.

use super::number;
use std::borrow::Cow;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Who wrote it, as syslog numbers them: 0 is the kernel, and nobody else can write as 0.
    pub facility: u64,
    /// Its number: one more than that of the record before it, where none is lost.
    pub sequence: u64,
    /// Microseconds since boot, without suspension.
    pub micros: u64,
    /// Whether it is a later part of a line that the kernel could not keep in one record, because another processor wrote
    /// in between or the line was too long. Such a part may begin with any bytes, a cgroup's name among them.
    pub is_fragment: bool,
    /// What it says, in the bytes that were written.
    pub text: Cow<'a, [u8]>,
}

impl<'a> Record<'a> {
    /// Of what one read of the device gives; `None` where that is not a record.
    pub fn parse(record: &'a [u8]) -> Option<Self> {
        let end = record.iter().position(|byte| *byte == b';')?;
        let (head, text) = record.split_at_checked(end)?;
        let text = text.get(1..)?.split(|byte| *byte == b'\n').next()?;
        let mut fields = head.split(|byte| *byte == b',');
        Some(Self {
            facility: number(fields.next()?)? >> 3,
            sequence: number(fields.next()?)?,
            micros: number(fields.next()?)?,
            // "c", and "+" before 4.10.
            is_fragment: fields.next()? != b"-",
            text: unescape(text)?,
        })
    }
}

/// Undoes `\xNN`, which the kernel writes for a backslash and for all that is not printable ASCII.
fn unescape(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.contains(&b'\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split(|byte| *byte == b'\\');
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend_from_slice(parts.next()?);
    for part in parts {
        let [b'x', high, low, rest @ ..] = part else { return None };
        bytes.push(hexadecimal(*high)? << 4 | hexadecimal(*low)?);
        bytes.extend_from_slice(rest);
    }
    Some(Cow::Owned(bytes))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record as the kernel writes it (`info_print_ext_header`, `msg_add_ext_text`).
    fn written(priority: u8, sequence: u64, micros: u64, text: &[u8]) -> Vec<u8> {
        let mut record = format!("{priority},{sequence},{micros},-;").into_bytes();
        for byte in text {
            match byte {
                b' '..=b'~' if *byte != b'\\' => record.push(*byte),
                _ => record.extend(format!("\\x{byte:02x}").bytes()),
            }
        }
        record.push(b'\n');
        record
    }

    #[test]
    fn records_of_several_kernels_are_read() {
        let record = Record::parse(b"6,339,5140900,-;NET: Registered protocol family 10\n").unwrap();
        assert!(matches!(record.text, Cow::Borrowed(b"NET: Registered protocol family 10")));
        assert_eq!((record.facility, record.sequence, record.micros, record.is_fragment), (0, 339, 5_140_900, false));
        let with_dictionary = b"30,340,5690716,-;udevd[80]: starting\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n";
        let record = Record::parse(with_dictionary).unwrap();
        assert_eq!((record.facility, &*record.text), (3, &b"udevd[80]: starting"[..]));
        let record = Record::parse(b"4,1,2,c,caller=T7,more;,mems_allowed=0").unwrap();
        assert_eq!((record.is_fragment, &*record.text), (true, &b",mems_allowed=0"[..]));
        assert_eq!(&*Record::parse(b"4,1,2,-;a;b\\x0a\\x5c\\xff,\n").unwrap().text, b"a;b\n\\\xff,");
        assert_eq!(&*Record::parse(b"4,1,2,-;\n").unwrap().text, b"");
    }

    #[test]
    fn what_is_no_record_is_none() {
        for wrong in [
            "",
            "\n",
            ";",
            "6;x",
            "6,1;x",
            "6,1,2;x",
            "6,1,2,-",
            "x,1,2,-;y",
            "-6,1,2,-;y",
            "+6,1,2,-;y",
            "6,,2,-;y",
            "6, 1,2,-;y",
            "6,1,99999999999999999999,-;y",
            " SUBSYSTEM=acpi",
            "6,1,2,-;\\",
            "6,1,2,-;\\x",
            "6,1,2,-;\\x4",
            "6,1,2,-;\\xg0",
            "6,1,2,-;\\n",
        ] {
            assert_eq!(Record::parse(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), tail in "[-0-9,;x\\\\a-f\n ]{0,80}") {
            let _ = Record::parse(&bytes);
            let _ = Record::parse(tail.as_bytes());
        }

        #[test]
        fn what_is_written_is_read_back(
            priority in any::<u8>(), sequence in any::<u64>(), micros in any::<u64>(), text in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let record = written(priority, sequence, micros, &text);
            let read = Record::parse(&record).unwrap();
            prop_assert_eq!((read.facility, read.sequence, read.micros), (u64::from(priority >> 3), sequence, micros));
            prop_assert_eq!(&*read.text, &*text);
        }
    }
}
