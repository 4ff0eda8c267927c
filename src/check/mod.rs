//! The leak gate's shell: starts a program, drives load at it, watches its memory, and ends it; what was seen is judged by
//! [`crate::analysis::gate`].

mod event;
pub(crate) mod keeper;
mod listener;
pub mod load;
mod output;
mod probe;
mod ready;
mod recorder;
mod run;
mod settings;
mod watch;

pub(crate) use keeper::keep;
pub(crate) use ready::Ready;
pub(crate) use run::{Looked, Progress, run};
pub(crate) use settings::{Drive, Settings, Target};
