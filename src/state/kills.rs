//! The counters of kills: kept at once. JSON with names, so that a later memtrend understands it, and people do in an emergency.

use super::sealed::{Damage, seal, unseal};
use crate::analysis::engine::SavedKills;
use crate::analysis::oom::Figures;
use crate::analysis::sample::Identity;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const KIND: &str = "kills";

/// Raised when a file of an earlier version can no longer be read.
const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Document {
    /// Of which boot of the kernel the counters are.
    boot: String,
    node: Figures,
    applications: Vec<Application>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Application {
    application: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Box<str>>,
    figures: Figures,
}

impl Document {
    pub(super) fn new(saved: SavedKills, boot: &str) -> Self {
        let applications = saved.applications.into_iter().map(|(identity, figures)| {
            let Identity { application, namespace, pod, container } = (*identity).clone();
            Application { application, namespace, pod, container, figures }
        });
        Self { boot: boot.to_owned(), node: saved.node, applications: applications.collect() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Numbers and strings only: there is nothing that JSON cannot hold.
        seal(KIND, VERSION, &serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(sealed: &[u8]) -> Result<Self, Damage> {
        let json = unseal(KIND, VERSION, sealed)?;
        serde_json::from_slice(json).map_err(|error| Damage::Body(error.to_string()))
    }

    pub(super) fn is_of_boot(&self, boot: &str) -> bool {
        !boot.is_empty() && self.boot == boot
    }

    pub(super) fn into_saved(self) -> SavedKills {
        let applications = self.applications.into_iter().map(|saved| {
            let Application { application, namespace, pod, container, figures } = saved;
            (Arc::new(Identity { application, namespace, pod, container }), figures)
        });
        SavedKills { node: self.node, applications: applications.collect() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_only_then() {
        let identity =
            Identity { application: "a\"\u{7}".into(), namespace: None, pod: Some("p".into()), container: None };
        let figures = Figures::from([("kills.own".into(), u64::MAX)]);
        let saved = SavedKills { node: figures.clone(), applications: vec![(Arc::new(identity), figures)] };
        let kept = Document::new(saved.clone(), "boot").encode();
        let read = Document::decode(&kept).unwrap();
        assert!(read.is_of_boot("boot") && !read.is_of_boot("other"));
        assert_eq!(read.into_saved(), saved);
        for length in 0..kept.len() {
            assert!(Document::decode(&kept[..length]).is_err(), "cut after {length}");
        }
    }
}
