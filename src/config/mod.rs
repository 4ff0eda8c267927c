//! What the user has set: file < environment < flags, checked and with its meaning.

mod error;
mod file;
mod gate;
mod instant;
mod label;
mod options;
mod settings;
mod values;
pub mod web;

pub use error::ConfigError;
pub use file::load;
pub use gate::{GrowthBound, Per, Share, Size};
pub use instant::{Instant, as_rfc3339};
pub use label::Label;
pub use options::{
    ApplicationOption, LogOptions, Options, PathOptions, SelectorOption, StateOptions, TrendOptions, WebOptions,
};
pub use settings::Settings;
pub use values::{
    ApplicationCount, CgroupPath, Duration, FilePath, ListenAddress, LogFormat, LogLevel, NamePattern, Named, Pattern,
    Pid, UnitName, Which,
};
