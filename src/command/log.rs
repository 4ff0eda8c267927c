//! Sets up the log, to standard error.

use crate::config::{LogFormat, LogLevel};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

/// Installs the log for the rest of the program; a second call changes nothing.
pub(super) fn install(level: LogLevel, format: LogFormat) {
    let filter = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    let registry = Registry::default();
    // An error means that a log is installed already.
    drop(match format {
        LogFormat::Logfmt => {
            let layer = tracing_logfmt::builder().with_target(false).layer().with_writer(std::io::stderr);
            tracing::subscriber::set_global_default(registry.with(layer.with_filter(filter)))
        }
        LogFormat::Json => {
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false);
            tracing::subscriber::set_global_default(
                registry.with(layer.with_writer(std::io::stderr).with_filter(filter)),
            )
        }
    });
}
