//! Holds the house in order: arrows, file lengths, generated docs, names of metrics.

use crate::support::project;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file, tests included.
const MOST_LINES: usize = 500;

/// Which folders a folder of `src` may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("source", &["source", "analysis", "units"]),
    ("http", &["http"]),
    ("history", &["history", "http", "trace", "analysis", "units"]),
    ("check", &["check", "http", "source", "analysis", "units"]),
    ("score", &["score", "trace", "analysis", "units"]),
    ("output", &["output", "analysis", "units"]),
    ("state", &["state", "analysis", "units"]),
    ("config", &["config", "units"]),
    ("cli", &["config", "output"]),
    ("serve", &["serve", "http", "source", "state", "output", "analysis", "config", "units"]),
    (
        "command",
        &[
            "command", "check", "http", "cli", "score", "trace", "history", "serve", "source", "state", "output",
            "config", "analysis", "units",
        ],
    ),
];

/// Folders that are crates of their own: what they may use is what their `Cargo.toml` depends on.
const CRATES: &[(&str, &[&str])] =
    &[("analysis", &["serde"]), ("pidfd", &["rustix"]), ("trace", &["memchr", "memtrend-analysis", "thiserror"])];

/// What analysis must not know: it is pure.
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::time", "std::io", "std::env", "std::process", "tokio", "tracing"];

/// Third-party crates that only one file may name.
const CONFINED: &[(&str, &str)] = &[
    ("postcard::", "src/state/trends.rs"),
    ("prometheus::", "src/output/instruments.rs"),
    ("memtrend_pidfd::", "src/source/oom/exits.rs"),
    ("itoa::", "src/output/encoder.rs src/source/roots.rs"),
    ("memchr::", "src/trace/csv.rs src/trace/quotes.rs"),
    ("humantime::", "src/config/values.rs src/config/settings.rs src/config/instant.rs"),
    ("wildmatch::", "src/source/applications/filter.rs"),
    ("listenfd::", "src/command/serve.rs"),
    ("flate2::", "src/serve/body.rs src/command/analyze/mod.rs src/state/sealed.rs"),
    ("rustls_native_certs::", "src/http/trust.rs"),
    ("http_body_util::", "src/http/body.rs"),
    ("percent_encoding::", "src/history/client.rs src/http/address.rs src/output/html/address.rs"),
    ("tempfile::", "src/command/files.rs src/config/web/table.rs src/source/runtime/node.rs src/state/folder.rs"),
    ("toml::", "src/config/file.rs"),
    ("bcrypt::", "src/serve/auth.rs src/config/web/http.rs src/serve/verified.rs"),
];

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&project().join(folder), ending, &mut found);
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(project()).unwrap().to_string_lossy().into_owned()
}

/// A file without its tests: they may use more.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let name = relative(&path);
        let inner = name.strip_prefix("src/").unwrap();
        let room = inner.split('/').next().unwrap().trim_end_matches(".rs");
        let text = fs::read_to_string(&path).unwrap();
        if !matches!(room, "main" | "lib") && !CRATES.iter().any(|(krate, _)| *krate == room) {
            let (_, allowed) = ARROWS
                .iter()
                .find(|(known, _)| *known == room)
                .unwrap_or_else(|| panic!("{name}: which arrows has {room}?"));
            for used in shipped(&text).split("crate::").skip(1) {
                let target: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !target.is_empty() && !allowed.contains(&target.as_str()) {
                    wrong.push(format!("{name} uses crate::{target}; it may use {allowed:?}"));
                }
            }
        }
        if room == "analysis" {
            for impure in IMPURE.iter().filter(|impure| shipped(&text).contains(**impure)) {
                wrong.push(format!("{name} uses {impure}; analysis is pure"));
            }
        }
        for (krate, homes) in CONFINED {
            let names_it =
                shipped(&text).lines().any(|line| !line.trim_start().starts_with("//") && has_word(line, krate));
            if names_it && !homes.split(' ').any(|home| home == name) {
                wrong.push(format!("{name} names {krate}, whose home is {homes}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_folder_that_is_a_crate_depends_on_what_it_may() {
    for (krate, allowed) in CRATES {
        let text = fs::read_to_string(project().join("src").join(krate).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let depends =
            |section: &str| manifest.get(section).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let used: Vec<String> = depends("dependencies").keys().cloned().collect();
        assert_eq!(used, *allowed, "dependencies of src/{krate}");
        assert!(depends("build-dependencies").is_empty());
    }
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn every_file_can_be_read_in_one_sitting_and_says_what_it_is() {
    let mut wrong = Vec::new();
    for path in ["src", "tests", "benches"].iter().flat_map(|folder| files(folder, ".rs")) {
        let text = fs::read_to_string(&path).unwrap();
        if text.lines().count() > MOST_LINES {
            wrong.push(format!("{} has {} lines", relative(&path), text.lines().count()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not begin by saying what it is", relative(&path)));
        }
        if text.contains(&format!("#[{}(", "allow")) || text.contains(&format!("#[{}]", "ignore")) {
            wrong.push(format!("{} allows or ignores: expect with a reason instead", relative(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn generated_docs_are_the_committed_ones() {
    let generated = [
        ("docs/metrics.md", memtrend::output::reference::metrics()),
        ("docs/configuration.md", memtrend::cli::reference::flags()),
    ];
    for (path, text) in generated {
        let path = project().join(path);
        if std::env::var_os("MEMTREND_ACCEPT").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap_or_default() == text, "{} is stale: run `make docs`", relative(&path));
    }
}

#[test]
fn every_metric_named_anywhere_is_in_the_catalogue() {
    let known: BTreeSet<&str> = memtrend::output::catalogue::families().map(|family| family.name).collect();
    let mut unknown = Vec::new();
    let places = [("dashboards", ".json"), ("alerts", ".yaml"), ("docs", ".md"), (".", "README.md")];
    for path in places
        .iter()
        .flat_map(|(folder, ending)| if *folder == "." { vec![project().join(ending)] } else { files(folder, ending) })
    {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for word in
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("memtrend_"))
        {
            let stem =
                ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
            if !known.contains(word) && !known.contains(stem) {
                unknown.push(format!("{}: {word}", relative(&path)));
            }
        }
    }
    assert!(unknown.is_empty(), "not in the catalogue:\n{}", unknown.join("\n"));
}
