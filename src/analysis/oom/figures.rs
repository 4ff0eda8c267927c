//! Figures by name, so that what is counted can be kept over a restart of memtrend: one walk over them serves both ways.

use std::collections::BTreeMap;

/// Figures by name; one that is absent is not known.
pub type Figures = BTreeMap<Box<str>, u64>;

/// A walk over the figures of something: it takes them down, or puts them back.
#[derive(Debug)]
pub(crate) enum Walk<'a> {
    /// Takes them down.
    Save(&'a mut Figures),
    /// Puts them back; one that was not taken down stays as it is.
    Restore(&'a Figures),
    /// Sums them up in one number, which tells cheaply whether any has changed.
    Digest(&'a mut u64),
}

/// FNV-1a over whole figures: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn mix(digest: &mut u64, value: u64) {
    *digest = (*digest ^ value).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
}

impl Walk<'_> {
    /// One figure that may be unknown.
    pub(crate) fn optional(&mut self, name: &str, value: &mut Option<u64>) {
        match self {
            Self::Save(figures) => {
                if let Some(value) = *value {
                    figures.insert(name.into(), value);
                }
            }
            Self::Restore(figures) => *value = figures.get(name).copied().or(*value),
            Self::Digest(digest) => mix(digest, value.map_or(u64::MAX, |value| value.wrapping_add(1))),
        }
    }

    /// Whether figures that change all the time are to be left out.
    pub(crate) fn is_digest(&self) -> bool {
        matches!(self, Self::Digest(_))
    }

    /// One figure.
    pub(crate) fn count(&mut self, name: &str, value: &mut u64) {
        let mut optional = Some(*value);
        self.optional(name, &mut optional);
        *value = optional.unwrap_or(*value);
    }

    /// A yes or no.
    pub(crate) fn flag(&mut self, name: &str, value: &mut bool) {
        let mut count = u64::from(*value);
        self.count(name, &mut count);
        *value = count != 0;
    }

    /// Figures of one kind, each by its own name after a point.
    pub(crate) fn counts(&mut self, name: &str, parts: impl IntoIterator<Item = &'static str>, values: &mut [u64]) {
        for (part, value) in parts.into_iter().zip(values) {
            match self {
                Self::Digest(digest) => mix(digest, *value),
                _ => self.count(&format!("{name}.{part}"), value),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(walk: &mut Walk<'_>, figures: &mut (u64, Option<u64>, Option<u64>, bool, [u64; 2])) {
        walk.count("a", &mut figures.0);
        walk.optional("b", &mut figures.1);
        walk.optional("c", &mut figures.2);
        walk.flag("d", &mut figures.3);
        walk.counts("e", ["x", "y"], &mut figures.4);
    }

    #[test]
    fn what_is_taken_down_is_put_back() {
        let mut before = (7, Some(u64::MAX), None, true, [3, 4]);
        let mut figures = Figures::new();
        walk(&mut Walk::Save(&mut figures), &mut before);
        let mut after = (0, None, None, false, [0; 2]);
        walk(&mut Walk::Restore(&figures), &mut after);
        assert_eq!(after, before);
        assert_eq!(figures.get("e.y"), Some(&4));
    }

    #[test]
    fn the_digest_changes_with_any_of_them() {
        let digest = |mut figures| {
            let mut digest = 0;
            walk(&mut Walk::Digest(&mut digest), &mut figures);
            digest
        };
        let all = [
            (7, Some(0), None, true, [3, 4]),
            (8, Some(0), None, true, [3, 4]),
            (7, None, None, true, [3, 4]),
            (7, None, Some(0), true, [3, 4]),
            (7, Some(0), None, false, [3, 4]),
            (7, Some(0), None, true, [4, 3]),
        ];
        let digests: std::collections::BTreeSet<u64> = all.map(digest).into_iter().collect();
        assert_eq!(digests.len(), all.len());
    }
}
