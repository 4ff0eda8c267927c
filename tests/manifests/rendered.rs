//! Every kustomization and the chart with every file of values, rendered once for all tests.

use super::tools;
use crate::support::project;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(super) const CHART: &str = "deploy/helm/memtrend";

/// The files of values in `ci/`.
pub(super) const VALUES: &[&str] = &["default", "full", "minimal"];

/// Objects that go to a cluster together.
pub(crate) struct Rendered {
    /// Where they come from.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) documents: Vec<Value>,
}

static ALL: LazyLock<Vec<Rendered>> = LazyLock::new(|| {
    let folders = files_named(&project().join("deploy"), "kustomization.yaml");
    let kustomizations = folders.iter().filter(|path| kind(path) == "Kustomization").map(|path| {
        let folder = path.parent().unwrap();
        let name = folder.strip_prefix(project()).unwrap().display().to_string();
        let text = tools::kustomize(folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        Rendered::new(name, text)
    });
    let charts = VALUES.iter().map(|values| {
        let file = format!("{CHART}/ci/{values}-values.yaml");
        let text = template(&["-f", &file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        Rendered::new(file, text)
    });
    kustomizations.chain(charts).collect()
});

pub(super) fn all() -> &'static [Rendered] {
    assert!(ALL.len() > 6, "kustomizations and values were found");
    &ALL
}

/// The one of a kustomization's folder or a file of values.
pub(crate) fn of(name: &str) -> &'static Rendered {
    all().iter().find(|rendered| rendered.name == name).unwrap_or_else(|| panic!("{name} is not rendered"))
}

/// `helm template` of the chart.
pub(super) fn template(arguments: &[&str]) -> Result<String, String> {
    tools::helm(&[&["template", "memtrend", CHART, "--namespace", "memtrend"], arguments].concat())
}

impl Rendered {
    pub(super) fn new(name: String, text: String) -> Self {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let documents = documents.into_iter().filter(|document| !document.is_null()).collect();
        Self { name, text, documents }
    }

    /// The only object of a kind.
    pub(crate) fn only(&self, kind: &str) -> &Value {
        let found: Vec<&Value> = self.documents.iter().filter(|document| document["kind"] == kind).collect();
        assert_eq!(found.len(), 1, "{}: objects of kind {kind}", self.name);
        found[0]
    }
}

fn kind(path: &Path) -> String {
    let parsed: Value = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    parsed["kind"].as_str().unwrap_or_default().to_owned()
}

/// A folder with `deploy/kubernetes` in it, for kustomizations of a user's own beside it.
pub(super) fn copy_of_deploy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in files(&project().join("deploy/kubernetes")) {
        let copy = folder.path().join(path.strip_prefix(project()).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(path, copy).unwrap();
    }
    folder
}

/// Files of a name below a folder, sorted.
pub(super) fn files_named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| path.file_name().is_some_and(|file| file == name));
    found
}

/// All files below a folder, sorted.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
