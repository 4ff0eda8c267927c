//! The leak gate of `memtrend check`: growth of a program's memory for each request that it has answered, on a short clock.
//!
//! The detector of live series has hours and a day's rhythm to look at; the gate has a minute of constant load, but knows how much
//! work was done. So it judges slopes over work, in the later half of what was seen: a warm-up that is over in the first half is
//! not in it, one that is not slows down within it.
//!
//! Read in this order: [`series`] (what was seen), [`window`] (its floors), [`judge`] (the finding), [`doubt`] (why it cannot be
//! told yet), [`verdict`] (of several series together), [`compare`] (with an earlier run), [`trouble`] (what went wrong), [`facts`]
//! (all that was seen, and the report that it becomes), [`report`] (what outputs render).

pub mod amounts;
pub mod compare;
pub mod doubt;
pub mod facts;
pub mod judge;
pub mod report;
pub mod series;
pub mod trouble;
pub mod verdict;
pub mod window;
