//! The machine's clocks and fixed sizes.

use crate::units::{Clock, Moment, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Both clocks now.
pub fn now() -> Clock {
    Clock { moment: Moment(seconds(ClockId::Boottime)), wall: Timestamp(seconds(ClockId::Realtime)) }
}

#[expect(clippy::as_conversions, reason = "seconds since boot or epoch are far below 2^53, nanoseconds below 10^9")]
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes in a page.
pub(super) fn page_size() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

/// Clock ticks in a second, the unit of start times in `stat`.
pub(super) fn ticks_per_second() -> f64 {
    crate::units::count_as_f64(rustix::param::clock_ticks_per_second())
}
