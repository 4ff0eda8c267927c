//! The file: JSON, so that it can be read in an emergency.

use crate::analysis::engine::SavedKills;
use crate::analysis::oom::Figures;
use crate::analysis::sample::Identity;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Raised when a file of an earlier version can no longer be read.
const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Document {
    version: u32,
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
        Self { version: VERSION, boot: boot.to_owned(), node: saved.node, applications: applications.collect() }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // Numbers and strings only: there is nothing that JSON cannot hold.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads one; what is wrong with it in plain words.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("version {} of the format, expected {VERSION}", document.version));
        }
        Ok(document)
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
        let json = Document::new(saved.clone(), "boot").to_json();
        let read = Document::parse(&json).unwrap();
        assert!(read.is_of_boot("boot") && !read.is_of_boot("other"));
        assert_eq!(read.into_saved(), saved);
        for length in 0..json.len() {
            assert!(Document::parse(&json[..length]).is_err(), "cut after {length}");
        }
        assert!(
            Document::parse(br#"{"version":2,"boot":"","node":{},"applications":[]}"#)
                .unwrap_err()
                .contains("version 2")
        );
    }
}
