//! What a sidecar must tell of an application beside it that leaks at a known rate below a limit of its own, and is killed again and
//! again.

use super::page::Page;
use crate::kills::{SCOPES, restarts};
use memtrend::units::count_as_f64;

/// Bytes a second of the life in which slopes are looked at.
pub(crate) const RATE: u64 = 2 << 20;
/// Its limit, in bytes.
pub(crate) const LIMIT: u64 = 64 << 20;

/// The application, by the labels that it has.
pub(crate) struct Neighbour(pub(crate) &'static str);

impl Neighbour {
    fn series(&self, name: &str, more: &str) -> String {
        format!("memtrend_{name}{{{}{more}}}", self.0)
    }

    fn own_limit(&self, page: &Page) -> Option<f64> {
        page.value(&self.series("memory_limit_bytes", ",source=\"own\""))
    }

    /// Its heap, which is what others tell of its anonymous memory before and after, but for a second, since a page is of the
    /// last pass, and for what the kernel counts in batches.
    fn assert_heap(&self, page: &Page, [before, after]: [f64; 2]) -> f64 {
        let (heap, rate) = (page.must(&self.series("heap_bytes", "")), count_as_f64(RATE));
        assert!((before - rate..=after + rate / 4.0).contains(&heap), "{heap} is not between {before} and {after}");
        heap
    }

    /// While it leaks at [`RATE`], seen by who may look: memory, limit, growth, and when it ends.
    pub(crate) fn assert_seen(&self, page: &Page, anonymous: [f64; 2]) {
        let (heap, rate, limit) = (self.assert_heap(page, anonymous), count_as_f64(RATE), count_as_f64(LIMIT));
        assert_eq!(self.own_limit(page), Some(limit));
        let slope = page.must(&self.series("heap_growth_bytes_per_second", ",window=\"15s\""));
        assert!((slope / rate - 1.0).abs() < 0.05, "slope {slope}");
        let left = page.must(&self.series("time_to_limit_seconds", ",estimate=\"expected\""));
        let expected = (limit - heap) / rate;
        assert!((left - expected).abs() < 0.1 * expected + 1.0, "{left} of {expected}");
    }

    /// While it leaks, seen by who may not: its memory is known, its limit is not.
    pub(crate) fn assert_seen_from_afar(&self, page: &Page, anonymous: [f64; 2]) {
        self.assert_heap(page, anonymous);
        assert_eq!(self.own_limit(page), None);
    }

    fn kills(&self, page: &Page) -> [f64; 5] {
        SCOPES.map(|scope| page.must(&self.series("oom_kills_total", &format!(",scope=\"{scope}\""))))
    }

    /// After so many kills by its own limit, and a restart after each but the last.
    pub(crate) fn assert_counted(&self, page: &Page, count: u64, told: &str) {
        let count = count_as_f64(count);
        assert_eq!(self.kills(page), [count, 0.0, 0.0, 0.0, 0.0], "{told}");
        assert_eq!(restarts(page, self.0), [count - 1.0, 0.0, 0.0], "{told}");
    }

    /// How many of them are inferred by who may not look: never more than there were, and never as if it were proved.
    pub(crate) fn inferred(&self, page: &Page, count: u64, told: &str) -> f64 {
        let [proved @ .., unknown] = self.kills(page);
        assert_eq!(proved, [0.0; 4], "{told}");
        assert!((1.0..=count_as_f64(count)).contains(&unknown), "{unknown} of {count}: {told}");
        unknown
    }
}
