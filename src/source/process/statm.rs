//! `statm`: the cheapest figures of a process (about a microsecond through a kept descriptor).

use crate::source::keyed::numbers;
use crate::units::Bytes;

/// More pages than any machine addresses: 2^57 bytes in the smallest pages.
const MOST_PAGES: u64 = 1 << 45;

/// Seven numbers in pages; those of use here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statm {
    pub(crate) size: u64,
    pub(crate) resident: u64,
    /// File and shared-memory pages.
    pub(crate) shared: u64,
    /// Data and stack, as RLIMIT_DATA counts it.
    pub(crate) data: u64,
}

impl Statm {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = numbers(text);
        let (size, resident, shared) = (fields.next()?, fields.next()?, fields.next()?);
        let data = fields.nth(2).unwrap_or(0);
        if [size, resident, shared, data].iter().any(|pages| *pages > MOST_PAGES) {
            return None;
        }
        Some(Self { size, resident, shared, data })
    }

    pub(crate) fn anonymous(&self, page_size: u64) -> Bytes {
        Bytes::from_pages(self.resident.saturating_sub(self.shared), page_size)
    }

    pub(crate) fn file_and_shmem(&self, page_size: u64) -> Bytes {
        Bytes::from_pages(self.shared, page_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_proc_5() {
        let statm = Statm::parse(b"765 438 410 5 0 123 0\n");
        assert_eq!(statm, Some(Statm { size: 765, resident: 438, shared: 410, data: 123 }));
        assert_eq!(statm.map(|statm| statm.anonymous(4096)), Some(Bytes(28 * 4096)));
    }

    #[test]
    fn empty_truncated_and_garbage_files_are_none() {
        for text in [&b""[..], b"765", b"765 438", b"x y z", b"\0\0\0", b"-1 2 3", b"18446744073709551615 1 1 1 0 1 0"]
        {
            assert_eq!(Statm::parse(text), None, "{text:?}");
        }
    }
}
