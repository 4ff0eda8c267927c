//! What outlives memtrend: the counters of kills, and the trends; small files that are replaced at one stroke.

mod folder;
mod kills;
mod sealed;
mod show;
mod store;
mod trends;

pub use folder::StoreError;
pub use show::{ShowError, shown};
pub use store::{DEFAULT_FOLDER, Kept, Store, file_in};
pub use trends::Trends;
