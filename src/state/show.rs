//! What is kept, as JSON for people and tools.

use super::folder::content;
use super::kills::Document;
use super::store::{KILLS, TRENDS};
use super::{sealed::Damage, trends};
use crate::analysis::engine::{Engine, Settings};
use serde_json::{Map, Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// There are no files of state.
    #[error("state.dir: nothing is kept in {0}: name the folder of the memtrend that serves")]
    Nothing(PathBuf),
    /// One cannot be read.
    #[error("state.dir: cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    /// One is not what was written.
    #[error("state.dir: {0}: {1}")]
    Damaged(PathBuf, String),
}

/// All that is kept in a folder.
///
/// # Errors
/// When there is nothing, or one of the files cannot be read or is damaged.
pub fn shown(folder: &Path) -> Result<Value, ShowError> {
    let mut all = Map::new();
    if let Some(document) = read(folder, KILLS, Document::decode)? {
        all.insert(KILLS.to_owned(), serde_json::to_value(&document).unwrap_or_default());
    }
    if let Some(trends) = read(folder, TRENDS, trends::decode)? {
        all.insert(TRENDS.to_owned(), of_trends(trends));
    }
    if all.is_empty() { Err(ShowError::Nothing(folder.to_owned())) } else { Ok(Value::Object(all)) }
}

fn read<T>(folder: &Path, name: &str, decode: impl FnOnce(&[u8]) -> Result<T, Damage>) -> Result<Option<T>, ShowError> {
    let file = folder.join(name);
    let Some(content) = content(&file).map_err(|error| ShowError::Read(file.clone(), error))? else { return Ok(None) };
    decode(&content).map(Some).map_err(|damage| ShowError::Damaged(file, damage.to_string()))
}

/// The verdicts, as an engine that goes on with them would tell them.
fn of_trends(trends: trends::Trends) -> Value {
    let (clock, block_seconds) = (trends.clock(), trends.block_seconds());
    let boot = trends.boot().to_owned();
    let mut engine = Engine::new(Settings { block_seconds, ..Settings::default() });
    engine.resume(trends.into_lives(&boot, clock), clock.moment);
    let applications: Vec<Value> = engine
        .report_at(clock)
        .applications
        .iter()
        .map(|one| {
            json!({
                "application": one.identity.application, "namespace": one.identity.namespace,
                "pod": one.identity.pod, "container": one.identity.container,
                "verdict": one.verdict.name(), "evidence": one.evidence.to_string(),
                "leak_lifetimes": one.leak_lifetimes, "onset_seconds": one.onset.map(|onset| onset.0),
            })
        })
        .collect();
    json!({ "kept_at_seconds": clock.wall.0, "boot": boot, "block_seconds": block_seconds, "applications": applications })
}
